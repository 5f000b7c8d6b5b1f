"""How far long work has come, on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

import click

Item = TypeVar("Item")

_SHORT = 1.0
"""Seconds that need no explanation."""


def shown(results: Iterable[Item], total: int) -> Iterable[Item]:
    """The same results, with a bar on standard error once they take longer than a moment and somebody watches."""
    return _with_bar(results, total) if sys.stderr.isatty() else results


def _with_bar(results: Iterable[Item], total: int) -> Iterator[Item]:
    begun = monotonic()
    done = 0
    left = iter(results)
    for result in left:
        done += 1
        yield result
        if monotonic() - begun > _SHORT:
            break
    if done < total:
        with click.progressbar(length=total, label="Checking", show_pos=True, file=sys.stderr) as bar:
            bar.update(done)
            for result in left:
                yield result
                bar.update(1)
