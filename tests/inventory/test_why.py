"""`hplint inventory --why`: how one value is known, or why it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import hplint

SCRIPT = """import argparse
import torch
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.SGD(
    model.parameters(),
    lr=args.lr,
    momentum=choose(),
)
print("done")
"""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


def test_a_value_that_is_known(train: Path) -> None:
    result = hplint("inventory", "--why", "train.py:8")
    assert result.exit_code == 0
    assert "train.py:8: learning-rate SGD.lr = 0.1 (open: command line --lr)\n  train.py:4:49  0.1  " in result.stdout


def test_a_line_tells_what_it_decides_on(train: Path) -> None:
    assert "train.py:8: learning-rate SGD.lr = 0.1" in hplint("inventory", "--why", "train.py:4").stdout


def test_a_value_that_is_not_known(train: Path) -> None:
    shown = hplint("inventory", "--why", "train.py:9").stdout
    assert "train.py:9: momentum SGD.momentum = choose() (unknown" in shown
    assert "  train.py:9:14  choose()  " in shown


def test_a_default(train: Path) -> None:
    shown = hplint("inventory", "--why", "train.py:6").stdout
    assert "torch.optim.SGD is not given `dampening`: its default applies" in shown


def test_a_value_in_place(train: Path) -> None:
    (train / "train.py").write_text("import torch\ntorch.optim.Adam(p, betas=(0.5, 0.9))\n")
    assert "  train.py:2:28  0.5, 0.9  it is written here" in hplint("inventory", "--why", "train.py:2").stdout


def test_a_line_without_hyperparameters(train: Path) -> None:
    result = hplint("inventory", "--why", "train.py:11")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "train.py:11: no hyperparameter is set on this line\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--why", "train.py"], "takes a file and a line"),
        (["--why", "train.py:x"], "takes a file and a line"),
        (["--why", "train.py:0"], "takes a file and a line"),
        (["--why", "train.py:99"], "train.py: has no line 99"),
        (["--why", "gone.py:1"], "gone.py: cannot be read"),
        (["--why", "broken.py:1"], "broken.py:1"),
        (["--why", "train.py:8", "--diff"], "stands alone"),
        (["--why", "train.py:8", "train.py"], "stands alone"),
        (["--why", "train.py:8", "--format", "json"], "stands alone"),
    ],
)
def test_wrong_usage(train: Path, args: list[str], message: str) -> None:
    (train / "broken.py").write_text("lr = (\n")
    result = hplint("inventory", *args)
    assert result.exit_code == 2
    assert message in result.stderr
