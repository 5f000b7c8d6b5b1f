"""Training steps and evaluations that are split over modules of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.engine import lint_file
from hplint.settings import everything

UTILS = """\
import torch


def train_step(model, opt, x, y):
    torch.nn.functional.mse_loss(model(x), y).backward()
    opt.step()


def reset_grad(net):
    for p in net.parameters():
        p.grad = None


def train(model, loader, opt):
    model.train()
    for x, y in loader:
        opt.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        opt.step()


@torch.no_grad()
def evaluate(model, loader):
    return total(model, loader)


@torch.no_grad()
def test(model, loader):
    for x, y in loader:
        print(model(x).argmax(1) == y)


@torch.no_grad()
def validate(model, loader):
    model.eval()
    for x, y in loader:
        print(model(x).argmax(1) == y)


def fit(model, loader, opt):
    for epoch in range(3):
        train(model, loader, opt)
        validate(model, loader)


class Agent:
    def __init__(self, net):
        self.net = net
        self.optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

    def update(self, x, y):
        torch.nn.functional.mse_loss(self.net(x), y).backward()
        self.optimizer.step()

    def reset(self):
        self.optimizer.zero_grad()
"""
START = """\
import torch
import utils
from utils import Agent, fit, reset_grad, test, train, train_step, validate

model = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.Dropout(0.1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
agent = Agent(model)
"""


def found(tmp_path: Path, code: str) -> list[str]:
    (tmp_path / ".git").mkdir()
    (tmp_path / "utils.py").write_text(UTILS, "utf-8")
    main = tmp_path / "main.py"
    main.write_text(START + code, "utf-8")
    findings = lint_file(str(main), everything()).findings
    return [finding.code for finding in findings if finding.code in ("HP119", "HP152", "HP153", "HP154")]


@pytest.mark.parametrize(
    "body",
    [
        "train_step(model, optimizer, x, y)",
        "utils.train_step(model, opt=optimizer, x=x, y=y)",
        "agent.update(x, y)",
    ],
)
def test_a_step_in_another_module_is_seen_from_the_loop(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, f"for x, y in loader:\n    {body}\n") == ["HP152"]


@pytest.mark.parametrize(
    "body",
    [
        "reset_grad(model)\n    train_step(model, optimizer, x, y)",
        "train_step(model, optimizer, x, y)\n    optimizer.zero_grad()",
        "agent.reset()\n    agent.update(x, y)",
        "utils.reset_grad(model)\n    model(x).sum().backward()\n    optimizer.step()",
    ],
)
def test_what_another_module_clears_is_cleared(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, f"for x, y in loader:\n    {body}\n") == []


def test_a_helper_that_clears_too_late(tmp_path: Path) -> None:
    body = "model(x).sum().backward()\n    reset_grad(model)\n    optimizer.step()"
    assert found(tmp_path, f"for x, y in loader:\n    {body}\n") == ["HP119"]


def test_training_that_is_whole_in_another_module_is_told_there(tmp_path: Path) -> None:
    assert found(tmp_path, "for epoch in range(3):\n    train(model, loader, optimizer)\n") == []


def test_an_evaluation_in_another_module_is_told_at_its_call(tmp_path: Path) -> None:
    assert found(tmp_path, "train(model, loader, optimizer)\ntest(model, loader)\n") == ["HP153"]


@pytest.mark.parametrize(
    "code",
    [
        "train(model, loader, optimizer)\nvalidate(model, loader)\n",
        "fit(model, loader, optimizer)\nvalidate(model, loader)\n",
        "train(model, loader, optimizer)\nvalidate(model, loader)\ntest(model, loader)\n",
        "train(model, loader, optimizer)\nmodel.eval()\ntest(model, loader)\n",
    ],
)
def test_evaluation_mode_is_seen_in_another_module(tmp_path: Path, code: str) -> None:
    assert found(tmp_path, code) == []


@pytest.mark.parametrize(("layer", "expected"), [("Dropout(0.1)", ["HP153"]), ("Linear(4, 4)", [])])
def test_the_layers_of_an_imported_model_are_known(tmp_path: Path, layer: str, expected: list[str]) -> None:
    net = f"        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.{layer})\n"
    module = "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    (tmp_path / "net.py").write_text(module + net, "utf-8")
    code = "from net import Net\n\nnet = Net()\nwith torch.no_grad():\n    for x, y in test_loader:\n        net(x)\n"
    assert found(tmp_path, code) == expected


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    text = "import torch\nfrom {other} import step as theirs\n\n\n"
    text += "def step(model, optim, x):\n    theirs(model, optim, x)\n"
    text += "    model(x).sum().backward()\n    optim.step()\n\n\nfor x in loader:\n    step(model, optim, x)\n"
    (tmp_path / "a.py").write_text(text.format(other="b"), "utf-8")
    (tmp_path / "b.py").write_text(text.format(other="a"), "utf-8")
    assert {finding.code for finding in lint_file(str(tmp_path / "a.py"), everything()).findings} <= {"HP152"}
