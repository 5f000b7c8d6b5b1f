"""Runs a function over many items in several processes, and survives an item that ends its process."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Item], Result]

MAX_WORKERS = 61
"""More than that, Windows refuses."""
_MAX_CHUNK = 32


def spread(
    work: Work[Item, Result], items: Sequence[Item], workers: int, on_death: Callable[[Item], Result]
) -> Iterator[Result]:
    """The results of ``work``, in any order; that of ``on_death`` for an item that ends the process it is in.

    ``work`` must be a function of a module, or a ``partial`` of one.
    """
    size = max(1, min(_MAX_CHUNK, len(items) // (workers * 4)))
    chunks = [items[start : start + size] for start in range(0, len(items), size)]
    left: list[Item] = []
    with _pool(min(workers, MAX_WORKERS)) as pool:
        running = [(chunk, _submit(pool, work, chunk)) for chunk in chunks]
        try:
            for chunk, future in running:
                try:
                    yield from _results(future)
                except BrokenProcessPool:
                    left.extend(chunk)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    yield from _one_by_one(work, left, on_death)


def _one_by_one(
    work: Work[Item, Result], items: Sequence[Item], on_death: Callable[[Item], Result]
) -> Iterator[Result]:
    """Each item alone in the only process, so that it is certain which one ends it."""
    left = list(reversed(items))
    while left:
        with _pool(1) as pool:
            try:
                while left:
                    yield from _results(_submit(pool, work, left[-1:]))
                    left.pop()
            except BrokenProcessPool:
                yield on_death(left.pop())


def _results(future: Future[list[Result]] | None) -> list[Result]:
    if future is None:
        raise BrokenProcessPool
    return future.result()


def _submit(pool: ProcessPoolExecutor, work: Work[Item, Result], chunk: Sequence[Item]) -> Future[list[Result]] | None:
    """None when the pool is broken already."""
    try:
        return pool.submit(_work_through, work, chunk)
    except BrokenProcessPool:
        return None


def _work_through(work: Work[Item, Result], chunk: Sequence[Item]) -> list[Result]:
    return [work(item) for item in chunk]


def _pool(workers: int) -> ProcessPoolExecutor:
    # Forking shares what is imported already; elsewhere it is not there or not safe.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)


def _begin() -> None:
    """Only the parent answers Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
