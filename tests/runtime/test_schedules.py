"""How many epochs are planned, and curves as text."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

from hplint.runtime.schedules.drawing import drawn
from hplint.runtime.schedules.loops import EpochLoop, epoch_loop


def planned(code: str, tmp_path: Path, **names: Any) -> EpochLoop | None:
    """The loop around the first iteration over ``data``."""
    found: list[EpochLoop | None] = []

    class Data:
        def __iter__(self) -> Any:
            frames: list[FrameType] = []
            frame: FrameType | None = sys._getframe(1)
            while frame is not None:
                if frame.f_code.co_filename == path.as_posix():
                    frames.append(frame)
                frame = frame.f_back
            found.append(epoch_loop(frames))
            return iter(())

    path = tmp_path / "loops.py"
    path.write_text(code, "utf-8")
    linecache.checkcache(path.as_posix())
    exec(compile(code, path.as_posix(), "exec"), {"data": Data(), "tqdm": lambda each, **_: each, **names})
    return found[0]


@pytest.mark.parametrize(
    ("code", "epochs", "certain"),
    [
        ("for epoch in range(7):\n    for x in data:\n        pass", 7, True),
        ("for epoch in range(2, 7):\n    print()\n    for x in enumerate(data):\n        pass", 5, True),
        ("n = 3\nfor epoch in tqdm(range(n * 2), desc='a'):\n    for x in data: pass\n", 6, True),
        ("for epoch in range(args.epochs + 1):\n    with open('/dev/null'):\n        for x in data: pass", 10, True),
        ("import sys\nfor epoch in range(int(words[-1])):\n    for x in data: pass", 12, True),
        ("for epoch in range(config['epochs']):\n    for x in data:\n        pass", 4, True),
        ("epochs = range(5)\nfor epoch in epochs:\n    for x in data:\n        pass", 5, True),
        ("for epoch in range(7):\n    for x in data:\n        if x:\n            break", 7, False),
        ("for epoch in range(7):\n    for x in data:\n        pass\n    if epoch:\n        break", 7, False),
        (
            "def train(d):\n    for x in d:\n        pass\n    return 1\n\n"
            "def main(n):\n    for fold in range(3):\n        for epoch in range(n):\n            train(data)\n"
            "main(4)",
            4,
            True,
        ),
        (
            "class T:\n    epochs = 8\n    def fit(self):\n        for e in range(self.epochs):\n"
            "            self.one()\n    def one(self):\n        try:\n            for x in data: pass\n"
            "        finally: pass\nT().fit()",
            8,
            True,
        ),
    ],
)
def test_the_loop_over_epochs(code: str, epochs: int, certain: bool, tmp_path: Path) -> None:
    loop = planned(code, tmp_path, args=SimpleNamespace(epochs=9), config={"epochs": 4}, words=["a", "12"])
    assert loop is not None
    assert (loop.epochs, loop.certain) == (epochs, certain)


@pytest.mark.parametrize(
    "code",
    [
        "for x in data: pass",
        "while True:\n    for x in data: pass\n    break",
        "for part in [1, 2]:\n    for x in data: pass",
        "for step in range(100):\n    x = next(iter(data), None)",
        "for epoch in range(later()):\n    for x in data: pass",
        "for epoch in range(3):\n    [x for x in data]",
    ],
)
def test_what_is_no_loop_over_epochs(code: str, tmp_path: Path) -> None:
    assert planned(code, tmp_path, later=lambda: 5) is None


def test_curves() -> None:
    assert drawn([]) == ""
    assert drawn([0.0, 0.0]) == "▁▁"
    assert drawn([1.0, 1.0, 1.0]) == "▅▅▅"
    assert drawn([0.0, 0.5, 1.0, 0.5, 0.0]) == "▁▅█▅▁"
    assert drawn([float(number) for number in range(80)], width=8) == "▁▂▃▄▅▆▇█"
    assert drawn([1.0, 0.9], blocks="_.-=+*%#") == "#%"
