"""What reaches what: models, layers and losses, followed through the code of a file and the modules that it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.engine import lint_text
from hplint.facts.chains import outcomes
from hplint.facts.file import File
from hplint.facts.flow import Step
from hplint.facts.following import flows_of
from hplint.facts.walk import read_code

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


def last_operations(code: str) -> list[list[str]]:
    """For each call of a loss, what may have made its input."""
    text = IMPORTS + code
    flows = flows_of(File("train.py", text, read_code(text)))
    return [[step.kind for step in outcomes(use.input)] for use in flows.losses]


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("nn.Linear(4, 3)(x)", ["Linear"]),
        ("nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))(x)", ["Softmax"]),
        ("torch.softmax(x, 1).view(-1, 3)[mask]", ["Softmax"]),
        ("x.sigmoid().squeeze(-1).float()", ["Sigmoid"]),
        ("F.relu(x) if flag else x.tanh()", ["ReLU", "Tanh"]),
        ("torch.softmax(x, 1) * 2", ["*"]),
        ("F.log_softmax(x, 1)", ["LogSoftmax"]),
        ("F.relu(x) if flag else x", []),
        ("unknown(torch.softmax(x, 1))", []),
        ("(lambda a: a.softmax(1))(x)", ["Softmax"]),
        ("[torch.softmax(x, 1), x][0]", ["Softmax"]),
        ("dict(a=torch.softmax(x, 1))['a']", ["Softmax"]),
        ("nn.Sequential(*[nn.Linear(4, 4) for _ in range(n)])(x)", []),
    ],
)
def test_what_an_expression_is_made_by(expression: str, kinds: list[str]) -> None:
    assert last_operations(f"w = nn.Linear(1, 1), nn.Linear(1, 1)\nF.cross_entropy({expression}, y)\n") == [kinds]


def test_both_ways_of_a_condition_are_kept() -> None:
    code = """
nn.Linear(1, 1), nn.Linear(1, 1)
if a:
    out = torch.softmax(x, 1)
elif b:
    out = torch.sigmoid(x)
else:
    raise ValueError
F.cross_entropy(out, y)
"""
    assert last_operations(code) == [["Softmax", "Sigmoid"]]


def test_a_loop_leaves_open_what_it_changes() -> None:
    code = """
nn.Linear(1, 1), nn.Linear(1, 1)
out = torch.softmax(x, 1)
for _ in range(n):
    F.cross_entropy(out, y)
    out = torch.softmax(out, 1)
F.cross_entropy(out, y)
"""
    assert last_operations(code) == [[], ["Softmax", "Softmax"]]


def test_a_known_list_of_layers_is_gone_through() -> None:
    code = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])
        self.layers.append(nn.Softmax(dim=1))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


F.cross_entropy(Net()(x), y)
"""
    assert last_operations(code) == [["Softmax"]]


def test_every_operation_of_a_chain_is_linked() -> None:
    text = f"{IMPORTS}net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))\n"
    flows = flows_of(File("net.py", text, read_code(text)))
    kinds = []
    flow: object = flows.steps[-1]
    while isinstance(flow, Step):
        kinds.append(flow.kind)
        flow = flow.inputs[0] if flow.inputs else None
    assert kinds == ["Linear", "ReLU", "Linear", "input"]


MODEL = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(4, classes)

    def forward(self, x):
        return torch.softmax(self.fc(x), dim=1)


def build(classes):
    return Net(classes)
"""
TRAINING = """def train(model, criterion, loader):
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
"""


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("from models import Net\nimport torch.nn.functional as F\nF.cross_entropy(Net(3)(x), y)\n", 3),
        ("import models\nimport torch.nn.functional as F\nF.cross_entropy(models.build(3)(x), y)\n", 3),
        ("from models import *\nimport torch.nn.functional as F\nF.cross_entropy(Net(3)(x), y)\n", 3),
        ("from models import Net\nfrom engine import train\nfrom torch import nn\n"
         "train(Net(3), nn.CrossEntropyLoss(), loader)\n", 4),
        ("from models import Other\nimport torch.nn.functional as F\nF.cross_entropy(Other(3)(x), y)\n", None),
    ],
)  # fmt: skip
def test_models_of_other_modules_are_followed_to_the_loss(tmp_path: Path, script: str, line: int | None) -> None:
    (tmp_path / "models.py").write_text(MODEL)
    (tmp_path / "engine.py").write_text(TRAINING)
    path = tmp_path / "train.py"
    found = [finding for finding in lint_text(script, str(path)) if finding.code == "HP147"]
    assert [finding.span and finding.span.start.line for finding in found] == ([] if line is None else [line])
    if found:
        assert any(related.path.endswith("models.py") for related in found[0].related)


HOSTILE = {
    "branches": "class N(nn.Module):\n    def __init__(self):\n        self.a = nn.Linear(4, 5)\n"
    "        self.b = nn.Linear(6, 5)\n    def forward(self, x):\n        x = self.a(x)\n"
    + "".join(f"        x = F.relu(x) if self.c{n} else F.tanh(x)\n" for n in range(60))
    + "        return torch.softmax(self.b(x), 1)\nF.cross_entropy(N()(x), y)\n",
    "calls": "".join(f"def f{n}(x):\n    return f{n + 1}(x) + f{n + 1}(x)\n" for n in range(30))
    + "F.cross_entropy(f0(x), y)\n",
    "loops": "L = [F.relu] * 12\n"
    + "".join(f"{'    ' * n}for a{n} in L:\n" for n in range(15))
    + f"{'    ' * 15}x = F.softmax(x)\nF.cross_entropy(x, y)\n",
    "itself": "class A(B, nn.Module): pass\nclass B(A): pass\nclass C(nn.Module):\n    def __init__(self):\n"
    "        self.c = C()\n    def forward(self, x):\n        return self.forward(self.c(self(x)))\n"
    "s = nn.Sequential(C())\ns.append(s)\nl = [s]\nl.append(l)\nF.cross_entropy(s(A()(B()(x))), y)\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_left_in_time(name: str) -> None:
    code = f"{IMPORTS}nn.Linear(3, 4), nn.Linear(3, 4)\n{HOSTILE[name]}"
    assert "HP000" not in {finding.code for finding in lint_text(code, "train.py")}
