"""Small training programs under watch: what is wrong is found at its line, what is right is left alone."""

from __future__ import annotations

import linecache
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from hplint.model import Engine, Finding, Level
from hplint.registry import registry
from hplint.runtime import watch
from tests.examples import Example, examples, places

PROGRAMS = Path(__file__).parent / "programs"


def cases(name: str) -> list[Example]:
    files = sorted(PROGRAMS.glob(f"{name}*.md"))
    return [example for path in files for example in examples(path.read_text("utf-8"), path.stem)]


def net(dropout: float = 0.1) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 3))


def names() -> dict[str, Any]:
    """What the programs can use."""
    torch.manual_seed(0)
    batches = [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(4)]

    def loader(shuffle: bool = True) -> DataLoader[Any]:
        data = TensorDataset(torch.randn(12, 4), torch.randint(0, 3, (12,)))
        return DataLoader(data, batch_size=4, shuffle=shuffle)

    return {
        "__name__": "__main__",
        "torch": torch,
        "nn": nn,
        "F": functional,
        "batches": batches,
        "loader": loader,
        "net": net,
    }


def watched(code: str, path: Path) -> list[Finding]:
    path.write_text(code, "utf-8")
    linecache.checkcache(str(path))
    with watch() as session:
        exec(compile(code, str(path), "exec", dont_inherit=True), names())
    return session.findings()


def said(found: list[Finding]) -> str:
    return "\n".join(f"{finding.span}: {finding.code} {finding.level.value} {finding.message}" for finding in found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", cases("wrong"), ids=lambda example: example.label)
def test_a_mistake_is_found_at_its_line(program: Example, tmp_path: Path) -> None:
    assert program.marks, "nothing is marked"
    path = tmp_path / "train.py"
    found = [finding for finding in watched(program.code, path) if finding.level is not Level.ADVICE]
    assert places(found) == program.marks, said(found)
    for finding in found:
        rule = registry().by_name[finding.code]
        assert (finding.name, finding.engine, finding.path) == (rule.name, Engine.RUNTIME, path.as_posix())
        assert finding.level.weight <= rule.level.weight
        assert all(related.path == path.as_posix() for related in finding.related)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", cases("right"), ids=lambda example: example.label)
def test_nothing_above_advice_is_said_of_what_is_right(program: Example, tmp_path: Path) -> None:
    found = watched(program.code, tmp_path / "train.py")
    above = [finding for finding in found if finding.level.weight > Level.ADVICE.weight]
    assert places(above) == Counter(), said(above)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", cases("advice"), ids=lambda example: example.label)
def test_advice_is_given_at_its_line_and_nothing_else(program: Example, tmp_path: Path) -> None:
    found = watched(program.code, tmp_path / "train.py")
    assert places(found) == program.marks, said(found)
    assert {finding.level for finding in found} <= {Level.ADVICE}
