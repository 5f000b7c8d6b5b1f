"""What watching costs: a step of a small network under watch, and the start of ``hplint run``.

    python benchmarks/runtime.py              # both
    python benchmarks/runtime.py --rounds 15  # more turns

CPU time of fresh processes that take turns, and medians of them, because other programs may share the machine. A step
is that of a network of three small layers, which does as little besides torch's own work as a training can: the ratio
of any larger model is nearer to 1.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.processes import cpu

WINDOW = 20
"""Steps of a dry run."""
STEP_BOUND = 1.6
START_BOUND = 0.1
"""Seconds."""

STEPS = """
import sys, time
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
{before}
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(64 * 400, 64), torch.randint(0, 10, (64 * 400,))), batch_size=64
)
model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=400)
batches = list(loader)
def train(first, last):
    for x, y in batches[first:last]:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
def timed(first, last):
    start = time.process_time()
    train(first, last)
    return (time.process_time() - start) / (last - first)
train(0, {warm})
print(timed({warm}, {warm} + {window}))
{after}
train(200, 220)
print(timed(220, 400))
"""
WATCHED = """
from hplint.runtime.checks import all_checks
from hplint.runtime.session import Session
session = Session(all_checks())
session.install()
"""
ENDED = """
session.finish(complete=False)
session.undo()
"""
START = """
import time
import torch

print(time.process_time())
"""


def steps(warm: int, rounds: int) -> tuple[float, float]:
    """The ratios of a watched step to a plain one: in the window after ``warm`` steps, and when watching has ended."""
    plain = STEPS.format(before="", after="", warm=warm, window=WINDOW)
    watched = STEPS.format(before=WATCHED, after=ENDED, warm=warm, window=WINDOW)
    times: dict[str, list[list[float]]] = {plain: [], watched: []}
    for _ in range(rounds):
        for program, found in times.items():
            found.append([float(line) for line in cpu([sys.executable, "-c", program])[1].splitlines()])
    ours, theirs = (
        [statistics.median(each) for each in zip(*times[program], strict=True)] for program in (watched, plain)
    )
    return ours[0] / theirs[0], ours[1] / theirs[1]


def start(rounds: int) -> tuple[float, float]:
    """Seconds that ``hplint run`` adds to a script: until it has imported torch, and with the report at its end."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "start.py")
        script.write_text(START)
        plain: list[tuple[float, float]] = []
        ours: list[tuple[float, float]] = []
        watched = ["-m", "hplint", "run", "--isolated"]
        for _ in range(rounds):
            for options, found in (([], plain), (watched, ours)):
                whole, printed = cpu([sys.executable, *options, str(script)])
                found.append((float(printed.split()[0]), whole))
    begun, ended = (
        statistics.median(mine) - statistics.median(theirs)
        for mine, theirs in zip(zip(*ours, strict=True), zip(*plain, strict=True), strict=True)
    )
    return begun, ended


def main() -> None:
    """Print a line for each promise."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9, help="turns of each pair of programs (default: 9)")
    rounds = parser.parse_args().rounds
    inside, after = steps(0, rounds)
    print(f"a step, the first {WINDOW} and what they prepare included: {inside:.2f} times the plain one", flush=True)
    inside, after = steps(WINDOW, rounds)
    print(f"a step under watch: {inside:.2f} times the plain one (bound: {STEP_BOUND})", flush=True)
    print(f"a step after the watch: {after:.2f} times the plain one", flush=True)
    begun, ended = start(rounds)
    print(f"hplint run: {1000 * begun:.0f} ms more than torch's own start (bound: {1000 * START_BOUND:.0f} ms)")
    print(f"hplint run: {1000 * ended:.0f} ms more with the report at the end")


if __name__ == "__main__":
    main()
