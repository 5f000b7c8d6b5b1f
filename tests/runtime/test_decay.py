"""Weight decay on norms, embeddings and biases: a pedantic rule, counted by the run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from hplint.runtime import watch
from hplint.runtime.checking import Problem

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SCRIPT = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return x + self.fc(self.norm(x)).relu()


model = Block()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)
for _ in range(3):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(torch.randn(4, 8)), torch.randn(4, 8)).backward()
    optimizer.step()
"""


def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 8), nn.RMSNorm(8))


def decayed(build: Callable[[nn.Module], torch.optim.Optimizer], net: nn.Module | None = None) -> list[Problem]:
    with watch() as session:
        net = net or model()
        optimizer = build(net)
        net(torch.randn(2, 4)).sum().backward()
        optimizer.step()
    return [problem for problem in session.problems() if problem.rule == "decay-on-norm-and-bias"]


def test_one_finding_counts_norms_and_biases() -> None:
    [problem] = decayed(lambda net: torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1))
    assert "decays 3 norms and 2 biases as it does 2 matrices" in problem.message
    assert "p.ndim < 2" in problem.message


def test_each_group_is_counted_in_the_one_finding() -> None:
    def build(net: nn.Module) -> torch.optim.Optimizer:
        first, *rest = net.children()
        others = [p for part in rest for p in part.parameters()]
        groups: list[dict[str, Any]] = [
            {"params": first.parameters()},
            {"params": others[:4], "weight_decay": 0.2},
            {"params": others[4:]},
        ]
        return torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.1)

    [problem] = decayed(build)
    assert "`weight_decay` 0.2 of parameter group 1 decays 2 norms and 1 bias as it does 1 matrix" in problem.message
    assert "group 0" not in problem.message


@pytest.mark.parametrize("decay", [0.0, 1e-4])
def test_a_small_decay_is_let_pass(decay: float) -> None:
    assert not decayed(lambda net: torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=decay))


def test_a_group_of_their_own_is_right() -> None:
    def build(net: nn.Module) -> torch.optim.Optimizer:
        parts = [[p for p in net.parameters() if (p.ndim < 2) is spared] for spared in (False, True)]
        groups: list[dict[str, Any]] = [{"params": parts[0]}, {"params": parts[1], "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, weight_decay=0.1)

    assert not decayed(build)


def test_batch_norms_frozen_norms_and_other_optimizers_are_let_pass() -> None:
    batch = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))
    assert not decayed(lambda net: torch.optim.AdamW(net.parameters(), weight_decay=0.1), batch)
    frozen = model()
    frozen[1].requires_grad_(False)
    frozen[4].requires_grad_(False)
    assert not decayed(lambda net: torch.optim.AdamW(net.parameters(), weight_decay=0.1), frozen)
    assert not decayed(lambda net: torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=0.01))


def test_it_is_off_unless_asked_for_and_one_with_what_the_text_says(run_hplint: Run, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT, "utf-8")
    done = run_hplint("run", "--output-format", "concise", "train.py", cwd=tmp_path)
    assert "HP217" not in done.stdout
    done = run_hplint("run", "--select", "HP217", "--output-format", "concise", "train.py", cwd=tmp_path)
    [line] = [line for line in done.stdout.splitlines() if "HP217" in line]
    assert line.startswith("train.py:16:"), line
    assert "decays 2 norms and 1 bias" in line
