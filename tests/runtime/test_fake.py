"""Runs without weights: models that fit on no machine, and what a program may ask of tensors without numbers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from hplint.runtime import check
from hplint.runtime.fake.values import UnknownFloat, UnknownInt

Run = Callable[..., "subprocess.CompletedProcess[str]"]
LLAMA = Path(__file__).parent / "programs" / "llama.py"

TRAINING = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

data, rest = random_split(TensorDataset(torch.randn(64, 16), torch.randint(0, 10, (64,))), [48, 16])
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
for epoch in range(9):
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""


@pytest.fixture
def fake(run_hplint: Run, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(text, "utf-8")
        return run_hplint("run", "--fake", *options, "train.py", cwd=tmp_path)

    return run


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the memory of a child is told by wait4")
def test_a_model_of_70_billion_parameters_in_a_minute_and_a_gibibyte(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_bytes(LLAMA.read_bytes())
    with open(tmp_path / "printed", "w+", encoding="utf-8") as printed:
        command = [sys.executable, "-m", "hplint", "run", "--fake", "--steps", "1", "train.py"]
        child = subprocess.Popen(command, cwd=tmp_path, stdout=printed, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        shown = printed.read()
    assert child.returncode == 0, shown
    unit = 1 if sys.platform == "darwin" else 1024
    assert usage.ru_maxrss * unit < 2**30
    assert usage.ru_utime + usage.ru_stime < 60
    assert "68,976,648,192 trained" in shown
    assert (
        "parameters 128.5 GiB bfloat16, gradients 128.5 GiB bfloat16, optimizer state 257.0 GiB bfloat16: "
        "513.9 GiB in all"
    ) in shown
    assert "that forward keeps for backward of a batch" in shown
    assert shown.startswith("loss ?\n")
    assert "All clear: 1 step of train.py." in shown


def test_what_is_right_is_left_alone(fake: Any) -> None:
    done = fake(TRAINING)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All clear: 3 steps of train.py."), done.stderr
    assert "without weights" in done.stderr
    assert "step       AdamW                   4 samples a step, 12 steps an epoch" in done.stdout


def test_mistakes_that_shapes_and_the_graph_tell(fake: Any) -> None:
    text = TRAINING.replace("nn.Linear(32, 10))", "nn.Linear(32, 2), nn.Softmax(-1))").replace("lr=3e-4", "lr=3.0")
    text = text.replace("for epoch", "model[0] = nn.Linear(16, 32)\nfor epoch", 1)
    text += "        nn.functional.mse_loss(model(x)[:, :1], y.float())\n"
    done = fake(text, "--output-format", "concise")
    assert done.returncode == 1, done.stdout + done.stderr
    found = {line.split()[1] for line in done.stdout.splitlines() if " HP" in line}
    assert found == {"HP109", "HP145", "HP147", "HP220", "HP310"}, done.stdout


def _with(old: str, new: str) -> str:
    assert old in TRAINING
    return TRAINING.replace(old, new)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_with("        optimizer.zero_grad()\n", ""), "train.py:12: HP152"),
        (
            _with(
                "        loss.backward()\n        optimizer.step()\n",
                "        loss.backward()\n        optimizer.zero_grad()\n        optimizer.step()\n",
            ),
            "train.py:14: HP119",
        ),
        (
            _with(
                "        loss.backward()\n",
                "        loss.backward()\n        optimizer.zero_grad(set_to_none=False)\n",
            ),
            "train.py:14: HP119",
        ),
    ],
)
def test_gradients_that_are_never_cleared_or_too_early(fake: Any, text: str, code: str) -> None:
    done = fake(text, "--output-format", "concise")
    found = [line for line in done.stdout.splitlines() if " HP" in line]
    assert [re.sub(r":(\d+):\d+:", r":\1:", line)[: len(code)] for line in found] == [code], done.stdout + done.stderr


@pytest.mark.parametrize(
    "clear",
    [
        "optimizer.zero_grad(set_to_none=False)",
        "model.zero_grad()",
        "[p.grad.data.zero_() for p in model.parameters() if p.grad is not None]",
        "[p.grad.fill_(0) for p in model.parameters() if p.grad is not None]",
        "[setattr(p, 'grad', None) for p in model.parameters()]",
        "torch._foreach_zero_([p.grad for p in model.parameters() if p.grad is not None] or [torch.ones(1)])",
    ],
)
def test_gradients_may_be_cleared_by_any_means(fake: Any, clear: str) -> None:
    done = fake(_with("optimizer.zero_grad()", clear), "--output-format", "concise")
    assert not [line for line in done.stdout.splitlines() if " HP" in line], done.stdout + done.stderr


def test_accumulated_and_clipped_gradients_are_right(fake: Any) -> None:
    step = "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n        optimizer.step()\n"
    text = _with("        optimizer.step()\n", step + "        optimizer.zero_grad()\n")
    text = text.replace(
        "        loss.backward()\n", "        (loss / 2).backward()\n        (model(x).mean() / 2).backward()\n"
    )
    text = text.replace("        optimizer.zero_grad()\n        (loss", "        (loss")
    done = fake(text, "--output-format", "concise")
    assert not [line for line in done.stdout.splitlines() if " HP" in line], done.stdout + done.stderr


def test_numbers_show_as_unknown_and_guards_against_nan_pass(fake: Any) -> None:
    text = TRAINING.replace(
        "        optimizer.zero_grad()\n",
        "        if torch.isnan(loss).any():\n            raise SystemExit(3)\n"
        "        assert torch.isfinite(loss)\n"
        "        print(f'{loss:.3f} {loss.item():8.2f} {2 * loss.item() / 3:g}', (y == y).sum().item())\n"
        "        optimizer.zero_grad()\n",
    )
    done = fake(text)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "? ? ? 4"
    assert "Warning" not in done.stderr.replace("UserWarning: Failed to initialize NumPy", "")


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("if loss < 1: pass", "a yes or no"),
        ("model(x)[model(x) > 0]", "`aten.nonzero.default`"),
        ("model(x).detach().numpy()", "an array"),
        ("while loss.item() > 0: pass", "a number, again and again,"),
    ],
)
def test_where_it_cannot_go_on_it_says_so_and_keeps_what_was_found(fake: Any, line: str, asks: str) -> None:
    text = TRAINING.replace("lr=3e-4", "lr=3.0") + f"        {line}\n"
    done = fake(text)
    assert done.returncode == 1, done.stderr
    assert f"hplint run: train.py:15 asks for {asks} of tensors that have no numbers here" in done.stderr
    assert "stopped after 1 optimizer step" in done.stderr
    assert "Traceback" not in done.stderr
    assert "HP109" in done.stdout


def test_weights_are_not_read_and_keys_still_count(fake: Any, tmp_path: Path) -> None:
    torch.save(nn.Linear(16, 32).state_dict(), tmp_path / "first.pt")
    load = "model[0].load_state_dict(torch.load('first.pt'))\n"
    own = "    torch.save(model.state_dict(), 'last.pt')\n    model.load_state_dict(torch.load('last.pt'))\n"
    url = "model.load_state_dict(torch.hub.load_state_dict_from_url('https://nowhere.invalid/w.pt')['model'])\n"
    done = fake(TRAINING.replace("for epoch", f"{load}{url}for epoch", 1) + own, "--steps", "6")
    assert done.returncode == 0, done.stderr
    assert "torch.load was called once: no weights were read" in done.stderr
    assert "load_state_dict_from_url was called once" in done.stderr
    assert not (tmp_path / "last.pt").exists()
    done = fake(TRAINING.replace("for epoch", f"{load.replace('[0]', '[2]')}for epoch", 1))
    assert done.returncode == 1
    assert "size mismatch for weight" in done.stderr


def test_a_scaler_steps_and_moved_models_keep_their_parameters(fake: Any) -> None:
    text = TRAINING.replace("for epoch", "scaler = torch.amp.GradScaler('cpu')\nmodel.double().float()\nfor epoch", 1)
    text = text.replace("loss.backward()", "scaler.scale(loss).backward()")
    text = text.replace("optimizer.step()", "scaler.step(optimizer)\n        scaler.update()")
    done = fake(text)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All clear: 3 steps of train.py."), done.stderr


def test_a_copy_and_parameters_of_the_users_own(fake: Any) -> None:
    text = TRAINING.replace(
        "model = nn.Sequential(",
        "class Scale(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.rates = [each.item() for each in torch.linspace(0, 1, 3)]\n"
        "        print(self.rates)\n"
        "        self.scale = nn.Parameter(torch.ones(16))\n"
        "    def forward(self, x):\n"
        "        return x * self.scale\n"
        "model = nn.Sequential(Scale(), ",
    ).replace("for epoch", "import copy\nother = copy.deepcopy(model)\nassert type(other) is type(model)\nfor epoch", 1)
    done = fake(text)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All clear: 3 steps of train.py."), done.stderr
    assert done.stdout.splitlines()[0] == "[0.0, 0.5, 1.0]"


def test_it_is_no_full_run(fake: Any) -> None:
    assert fake(TRAINING, "--full").returncode == 2


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_objects_are_looked_at_without_numbers(device: str) -> None:
    with torch.device(device):
        model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 3), nn.Softmax(-1))
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)
    objects = {name: id(each) for name, each in (*model.named_parameters(), *model.named_buffers())}
    values = [each.clone() for each in model.state_dict().values()]
    batch = (torch.randn(5, 6), torch.tensor([0, 1, 2, 3, 0]))
    found = check(model=model, optimizer=optimizer, batch=batch, loss=nn.functional.cross_entropy, fake=True)
    assert sorted(finding.code for finding in found) == ["HP145", "HP147", "HP310"]
    assert objects == {name: id(each) for name, each in (*model.named_parameters(), *model.named_buffers())}
    if device == "cpu":
        assert all(torch.equal(now, then) for now, then in zip(model.state_dict().values(), values, strict=True))


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_check_tells_what_a_step_needs(device: str) -> None:
    with torch.device(device):
        model = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    batch = (torch.randn(32, 64), torch.randint(0, 10, (32,)))
    options = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    memory = check(model=model, optimizer=optimizer, batch=batch, loss=nn.functional.cross_entropy, fake=True).memory
    assert memory is not None
    size = 4 * sum(each.numel() for each in model.parameters())
    assert memory.parameters == memory.gradients == {"float32": size}
    assert memory.state == {"float32": 2 * size}
    assert memory.kept >= 4 * 32 * (64 + 128 + 128)
    assert memory.buffers["float32"] == 4 * 2 * 128
    assert len(list(memory.lines())) == 2
    assert not optimizer.state
    assert {key: value for key, value in optimizer.param_groups[0].items() if key != "params"} == options
    assert all(each.grad is None and each.device.type == device for each in model.parameters())


def test_frozen_parts_and_momentum_are_counted_as_they_are() -> None:
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10)).to(torch.bfloat16)
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.1, momentum=0.9)
    batch = (torch.randn(4, 64, dtype=torch.bfloat16), torch.randint(0, 10, (4,)))
    memory = check(model=model, optimizer=optimizer, batch=batch, loss=nn.functional.cross_entropy, fake=True).memory
    assert memory is not None
    trained = 2 * (128 * 10 + 10)
    assert memory.parameters == {"bfloat16": trained + 2 * (64 * 128 + 128)}
    assert memory.gradients == memory.state == {"bfloat16": trained}


def test_without_a_loss_or_numbers_there_are_no_figures() -> None:
    model = nn.Linear(4, 3)
    assert check(model=model, batch=torch.ones(2, 4), fake=True).memory is None
    batch = (torch.ones(2, 4), torch.tensor([0, 1]))
    assert check(model=model, batch=batch, loss=nn.functional.cross_entropy).memory is None


def test_a_model_that_needs_numbers_is_left_with_a_warning() -> None:
    class Choosy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.layer(x)
            return y if y.sum() > 0 else -y

    model = Choosy()
    with pytest.warns(UserWarning, match=r"test_fake.py:\d+ asks for a yes or no") as told:
        found = check(
            model=model, optimizer=torch.optim.SGD(model.parameters(), lr=1e8), batch=torch.ones(1, 2), fake=True
        )
    assert [finding.code for finding in found] == ["HP109"]
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(model=model, batch=torch.ones(1, 2)) == []


def test_unknown_numbers_stay_unknown() -> None:
    number, whole = UnknownFloat(1.0), UnknownInt(1)
    assert f"{number:.3f} {number + 1} {2 * number:e} {whole / 3} {7 - whole:5d}" == "? ? ? ? ?"
    assert list(range(whole)) == [0]
    assert number < 2
