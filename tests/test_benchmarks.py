"""The benchmarks measure what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import cold, resolution
from benchmarks.resolution import State
from hplint.engine import lint_file

SCRIPT = """\
import argparse
import torch
from tqdm import tqdm, trange

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.01)
args = parser.parse_args()
EPOCHS = 5


def train(model, data, rate, settings):
    loader = torch.utils.data.DataLoader(data, batch_size=32)
    torch.utils.data.DataLoader(data)
    torch.utils.data.DataLoader(data, **settings)
    torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    torch.optim.Adam(model.parameters(), lr=rate)
    torch.optim.AdamW(model.parameters())
    torch.nn.functional.dropout(data, 0.3)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
"""


def sites(tmp_path: Path, text: str) -> list[resolution.Site]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(text, "utf-8")
    return resolution.all_sites([folder], jobs=1)


def test_each_state_is_counted(tmp_path: Path) -> None:
    found = [(site.name, site.state, site.origin) for site in sites(tmp_path, SCRIPT)]
    assert [each for each in found if each[0] != "weight_decay"] == [
        ("batch_size", State.FOUND, "literal"),
        ("batch_size", State.ABSENT, ""),
        ("batch_size", State.UNKNOWN, ""),
        ("dropout p", State.FOUND, "literal"),
        ("lr", State.FOUND, "argparse default"),
        ("lr", State.UNKNOWN, ""),
        ("lr", State.ABSENT, ""),
        ("max_norm", State.FOUND, "literal"),
        ("momentum", State.FOUND, "literal"),
    ]


@pytest.mark.parametrize(
    ("loop", "shown"),
    [
        ("for epoch in range(EPOCHS):", "5 (constant EPOCHS)"),
        ("for epoch in range(1, EPOCHS + 1):", "6 (computed)"),
        ("for n_epoch in trange(7, desc='epochs'):", "7 (literal)"),
        ("for epoch in tqdm(range(0, 8, 2)):", "8 (literal)"),
        ("for i, epoch in enumerate(range(9)):", "9 (literal)"),
        ("for epoch in range(unheard_of):", ""),
    ],
)
def test_epochs_are_counted_where_a_loop_over_them_ends(tmp_path: Path, loop: str, shown: str) -> None:
    [site] = sites(tmp_path, f"import torch\n\nEPOCHS = 5\n{loop}\n    pass\n")
    assert (site.name, site.shown if site.state is State.FOUND else "") == ("epochs", shown)


@pytest.mark.parametrize("loop", ["for i in range(5):", "for epoch in epochs:", "for epoch in range():"])
def test_other_loops_are_not(tmp_path: Path, loop: str) -> None:
    assert sites(tmp_path, f"import torch\n\n{loop}\n    pass\n") == []


@pytest.mark.parametrize(
    ("imported", "count"),
    [("import torchvision.datasets", 1), ("from torch import nn", 1), ("import mxnet as mx", 0)],
)
def test_loops_of_files_for_other_libraries_are_not(tmp_path: Path, imported: str, count: int) -> None:
    assert len(sites(tmp_path, f"{imported}\n\nlr = 1\nfor epoch in range(5):\n    pass\n")) == count


def test_a_wrapper_that_is_given_something_unknown_says_what(tmp_path: Path) -> None:
    script = """\
import torch


def loader(data, batch_size, **kwargs):
    return torch.utils.data.DataLoader(data, batch_size, **kwargs)


def main(size):
    loader([], batch_size=size, shuffle=True)
"""
    *_, site = (each for each in sites(tmp_path, script) if each.name == "batch_size")
    assert site.state is State.UNKNOWN
    assert site.shown.startswith("`size` has no default")


def test_tests_are_left_out(tmp_path: Path) -> None:
    for name in ("tests/helper.py", "test_one.py", "one_test.py"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import torch\n")
    assert list(resolution.files_below(tmp_path / "project")) == []


def test_the_table_and_the_lists(tmp_path: Path) -> None:
    found = sites(tmp_path, SCRIPT)
    row = next(line for line in resolution.table(found).splitlines() if line.startswith("lr "))
    assert row.split() == ["lr", "1", "0", "1", "1", "50.0%", "88%"]
    assert "lr: project/train.py:16: rate: " in resolution.listing(found, State.UNKNOWN, 5)
    assert "args.lr = 0.01 (argparse default --lr), or another" in resolution.listing(found, State.FOUND, 5)


def test_a_mistake_is_planted_in_every_file_that_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "inner" / "train.py").write_text("import torch", "utf-8")
    (tmp_path / "code" / "other.py").write_text("print('hello')\n", "utf-8")
    with cold.planted(tmp_path / "code") as copy:
        assert [finding.code for finding in lint_file(str(copy / "inner" / "train.py")).findings] == ["HP138"]
        assert (copy / "other.py").read_text("utf-8") == "print('hello')\n"
    assert (tmp_path / "code" / "inner" / "train.py").read_text("utf-8") == "import torch"
