"""A curve in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

from hplint.runtime.schedules.sketch import Curve

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*%#"
WIDTH = 40


def drawn(values: Sequence[float], width: int = WIDTH, blocks: str = BLOCKS) -> str:
    """A column for each of ``width`` stretches, as high as the mean of its values, from 0 up."""
    if not values:
        return ""
    columns = [_mean(values, number, min(width, len(values))) for number in range(min(width, len(values)))]
    low, high = min(columns), max(columns)
    if high == low:
        return blocks[0 if high == 0 else len(blocks) // 2] * len(columns)
    # Heights are measured from 0 where nothing is below, so that a small decay looks small.
    low = min(low, 0.0)
    top = len(blocks) - 1
    return "".join(blocks[round((value - low) / (high - low) * top)] for value in columns)


def _mean(values: Sequence[float], number: int, columns: int) -> float:
    first = number * len(values) // columns
    stretch = values[first : max((number + 1) * len(values) // columns, first + 1)]
    return sum(stretch) / len(stretch)


def evenly(curve: Curve, end: int, points: int = 10 * WIDTH) -> list[float]:
    """The highest rates of a curve at steps that are equally far apart."""
    found: list[float] = []
    at = 0
    for number in range(min(points, end)):
        step = number * end // min(points, end)
        while at + 1 < len(curve.steps) and curve.steps[at + 1] <= step:
            at += 1
        if curve.steps and step <= curve.steps[-1]:
            found.append(curve.highest[at])
    return found
