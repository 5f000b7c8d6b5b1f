"""The formats of `hplint inventory`, and what it does with wrong usage and unreadable files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commands import hplint
from tests.conftest import RunHplint

SCRIPT = """import argparse
import torch
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9 if fast else 0.8)
drop = torch.nn.Dropout(0.1)
other = torch.nn.Dropout(0.1)
"""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


@pytest.fixture(scope="session")
def schema(root: Path) -> Any:
    """The contract."""
    return json.loads((root / "hplint" / "inventory" / "schema.json").read_text("utf-8"))


def test_text(train: Path) -> None:
    assert (
        hplint("inventory").stdout
        == """\
train.py

  Optimization
    learning-rate  0.1 (open: command line --lr)  SGD.lr            train.py:6 ← args.lr ← --lr :4
    momentum       0.9 or 0.8                     SGD.momentum      train.py:6 ← 0.9 if fast else 0.8
    optimizer      SGD                            SGD               train.py:6
    nesterov       False (default of SGD)         SGD.nesterov      train.py:6
    dampening      0 (default of SGD)             SGD.dampening     train.py:6

  Regularization
    dropout        0.1                            Dropout.p         train.py:7, :8
    weight-decay   0 (default of SGD)             SGD.weight_decay  train.py:6
"""
    )


def test_colours_only_on_demand(train: Path) -> None:
    assert "\x1b[" not in hplint("inventory").stdout
    assert "\x1b[" in hplint("inventory", "--color", "always").stdout
    assert "\x1b[" not in hplint("inventory", "--color", "always", "--format", "csv").stdout


def test_markdown(train: Path) -> None:
    lines = hplint("inventory", "--format", "markdown").stdout.splitlines()
    assert lines[:6] == [
        "## train.py",
        "",
        "### Optimization",
        "",
        "| Hyperparameter | Value | Given to | Where |",
        "|---|---|---|---|",
    ]
    assert "| Momentum | `0.9` or `0.8` | `SGD.momentum` | train.py:6 ← 0.9 if fast else 0.8 |" in lines
    assert lines[-1].startswith("Defaults of PyTorch are those of version 2.")
    assert "| Dampening | `0` (default of `torch.optim.SGD`) | `SGD.dampening` | train.py:6 |" in lines


def test_markdown_cells_hold_what_ends_cells(train: Path) -> None:
    (train / "train.py").write_text("import torch\ntorch.optim.SGD(p, lr=f('|`*') or a[0] | b)\n")
    row = next(line for line in hplint("inventory", "--format", "markdown").stdout.splitlines() if "Learning" in line)
    assert row.replace(r"\|", "").count("|") == 5


def test_csv_has_a_row_a_value(train: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(hplint("inventory", "--format", "csv").stdout)))
    assert [(row["value"], row["line"]) for row in rows if row["hyperparameter"] == "momentum"] == [
        ("0.9", "6"),
        ("0.8", "6"),
    ]
    assert [row["line"] for row in rows if row["hyperparameter"] == "dropout"] == ["7", "8"]
    (rate,) = (row for row in rows if row["hyperparameter"] == "learning-rate")
    assert (rate["set_path"], rate["set_line"], rate["chain"]) == ("train.py", "4", "args.lr ← --lr :4")
    assert (rate["callee"], rate["target"], rate["state"]) == ("torch.optim.SGD", "optimizer", "open")


def test_json_keeps_its_contract(train: Path, schema: Any) -> None:
    (train / "broken.py").write_text("import torch\nlr = (\n")
    (train / "odd.py").write_text(
        "import torch\ntorch.optim.SGD(p, lr=float('inf'), momentum=1e400, weight_decay=2j)\n"
    )
    document = json.loads(hplint("inventory", "--format", "json").stdout)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert [script["path"] for script in document["scripts"]] == ["odd.py", "train.py"]
    assert document["unread"][0]["path"] == "broken.py"


def test_json_of_a_difference_keeps_its_contract(train: Path, schema: Any) -> None:
    (train / "new.py").write_text(SCRIPT.replace("0.1", "0.3").replace("SGD", "Adam"))
    document = json.loads(hplint("inventory", "--diff", "train.py", "new.py", "--format", "json").stdout)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert document["summary"]["changed"] >= 2
    assert (document["old"], document["new"]) == ("train.py", "new.py")


@pytest.mark.parametrize("form", ["text", "markdown", "csv", "json"])
def test_nothing_differs_from_run_to_run(train: Path, run_hplint: RunHplint, form: str) -> None:
    for number in range(12):
        (train / f"other{number}.py").write_text(SCRIPT.replace("0.1", f"0.{number + 1}"))
    outputs = {
        run_hplint("inventory", "--format", form, "--jobs", jobs, cwd=train, env={"PYTHONHASHSEED": seed}).stdout
        for jobs, seed in (("1", "0"), ("2", "1"))
    }
    assert len(outputs) == 1


def test_files_without_hyperparameters_are_left_out(train: Path) -> None:
    (train / "other.py").write_text("print('hello')\n")
    (train / "torch_user.py").write_text("import torch\nprint(torch.__version__)\n")
    result = hplint("inventory")
    assert [line for line in result.stdout.splitlines() if line.endswith(".py")] == ["train.py"]
    nothing = hplint("inventory", "other.py")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "No hyperparameters in 1 file.\n")


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(train: Path) -> None:
    (train / "broken.py").write_text("import torch\nlr = (\n")
    (train / "latin.py").write_bytes(b"# torch\nname = '\xe9'\n")
    (train / "deep.py").write_text(f"import torch\nlr = {'(' * 5000}1{')' * 5000}\n")
    result = hplint("inventory")
    assert result.exit_code == 0
    assert "train.py" in result.stdout
    said = result.stderr.splitlines()
    assert [line.split(":")[0] for line in said] == ["broken.py", "deep.py", "latin.py"]
    assert said[0].startswith("broken.py:2:")


def test_wrong_usage(train: Path) -> None:
    result = hplint("inventory", "gone.py", "train.py")
    assert (result.exit_code, "train.py" in result.stdout) == (2, True)
    assert "gone.py: no such file or folder" in result.stderr
    assert hplint("inventory", "--format", "xml").exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "lr = lr\nlr += 1\nimport torch\ntorch.optim.SGD(p, lr=lr)\n",
        "import torch\na = b\nb = a\ntorch.optim.SGD(p, lr=a)\n",
        "import torch\nclass A(A): lr = A.lr\n",
        "import torch\ntorch.optim.SGD(*a, **b, **c)\ntorch.optim.SGD()\n",
        "import torch\nfor epoch in range(*n): pass\nfor epoch in range(): pass\n",
        "import torch\n" + "lr = 1\n" * 3000 + "torch.optim.SGD(p, lr=lr)\n",
        "import torch\ntorch.nn.Sequential(" + "torch.nn.Linear(1, 2), " * 1000 + ")\n",
        "import torch\nparser.add_argument()\nparser.add_argument('--lr', default=x)\n",
        "import torch\nmilestones = [" + "1, " * 10000 + "]\ntorch.optim.lr_scheduler.MultiStepLR(o, milestones)\n",
    ],
)
def test_odd_code_does_no_harm(train: Path, text: str) -> None:
    (train / "train.py").write_text(text)
    result = hplint("inventory")
    assert (result.exit_code, "failed" in result.stderr) == (0, False)
