"""Random numbers that are the same in all workers of a loader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import LoaderBuilt, PassStarts
from hplint.runtime.recorder import Record
from hplint.runtime.streams import generators_of, is_drawn_from, made_at


class SameNumbers(Check):
    """A data set with a generator of its own, that several workers have copies of."""

    rules = ("same-rng-in-workers",)

    @on(PassStarts)
    def starts(self, event: PassStarts) -> Iterator[Problem]:
        if event.record.passes == 1:
            yield from self._problems(event.record, event.loader)

    @on(LoaderBuilt)
    def built(self, event: LoaderBuilt) -> Iterator[Problem]:
        if self.world.once:
            yield from self._problems(event.record, event.loader)

    def _problems(self, record: Record[DataLoader[Any]], loader: DataLoader[Any]) -> Iterator[Problem]:
        if loader.num_workers < 2 or loader.worker_init_fn is not None:
            return
        for owner, name, _ in generators_of(loader.dataset):
            if is_drawn_from(owner, name):
                message = (
                    f"`{type(owner).__name__}.{name}` is copied into each of {loader.num_workers} workers: all of them "
                    "draw the same numbers, in every epoch anew"
                )
                place = made_at(owner, name)
                yield Problem("same-rng-in-workers", message, place or record, ((record, "the loader"),))
