"""Averages of weights that a whole program keeps and never uses."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SCRIPT = """\
import copy, torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
average.module.requires_grad_(False)
for _ in range(6):
    x, y = torch.randn(4, 4), torch.randint(0, 3, (4,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
    average.update_parameters(model)
model.eval()
average.eval()
model(x)
torch.save(model.state_dict(), "last.pt")
"""


@pytest.fixture
def full(run_hplint: Run, tmp_path: Path) -> Callable[..., list[str]]:
    def run(text: str, *options: str) -> list[str]:
        (tmp_path / "train.py").write_text(text, "utf-8")
        done = run_hplint("run", *options, "--output-format", "concise", "train.py", cwd=tmp_path)
        return [line for line in done.stdout.splitlines() if " HP" in line]

    return run


def test_an_average_that_nobody_uses_is_found_where_it_is_built(full: Callable[..., list[str]]) -> None:
    [line] = full(SCRIPT, "--full", "--steps", "100")
    assert line.startswith("train.py:7:11: HP313 warning"), line
    assert "6 times" in line


@pytest.mark.parametrize("options", [(), ("--full", "--steps", "4")])
def test_it_is_said_of_a_whole_run_only(full: Callable[..., list[str]], options: tuple[str, ...]) -> None:
    assert not full(SCRIPT, *options)


@pytest.mark.parametrize(
    "use",
    [
        "average(x)",
        "average.module(x)",
        "torch.save(average.state_dict(), 'average.pt')",
        "torch.save(average.module.state_dict(), 'average.pt')",
        "torch.save(average, 'average.pt')",
        "best = copy.deepcopy(average)",
        "nn.Sequential(average)(x)",
        "[p.data.copy_(a) for p, a in zip(model.parameters(), average.parameters())]",
    ],
)
def test_an_average_that_is_used_is_left_alone(full: Callable[..., list[str]], use: str) -> None:
    assert not full(SCRIPT + use + "\n", "--full", "--steps", "100")
