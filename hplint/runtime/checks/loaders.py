"""Data loaders: without a batch, with a last batch of one sample, class by class, in the same order in each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import nn
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, IterableDataset, SequentialSampler

from hplint.model import Level
from hplint.runtime import labels
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Batch, Finish, Forward, LoaderBuilt, PassStarts, StepEnds
from hplint.runtime.places import Place
from hplint.runtime.progress import length_of
from hplint.runtime.recorder import Record
from hplint.runtime.world import World

Loader = Record[DataLoader[Any]]
_LOOKS = 8
"""Batches whose labels are read."""


@dataclass(frozen=True, slots=True)
class _Facts:
    batches: int | None
    samples: int | None
    size: int | None
    drops: bool

    @classmethod
    def of(cls, loader: DataLoader[Any]) -> _Facts:
        plain = type(loader.batch_sampler) is BatchSampler and not isinstance(loader.dataset, IterableDataset)
        samples = length_of(loader.sampler) if plain else None
        return cls(length_of(loader), samples, loader.batch_size if plain else None, bool(loader.drop_last))


class Empty(Check):
    """A place whose loaders were iterated and never gave a batch."""

    rules = ("drop-last-empties-loader", "loader-gives-nothing")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._facts: dict[Loader, _Facts] = {}

    @on(PassStarts)
    def starts(self, event: PassStarts) -> Iterator[Problem]:
        self._facts[event.record] = _Facts.of(event.loader)
        yield from ()

    @on(LoaderBuilt)
    def built(self, event: LoaderBuilt) -> Iterator[Problem]:
        if self.world.once:
            self._facts[event.record] = _Facts.of(event.loader)
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        together: dict[Place | int, list[Loader]] = {}
        for record in self._facts:
            together.setdefault(record.place or id(record), []).append(record)
        for records in together.values():
            facts = self._facts[records[-1]]
            if any(each.steps or self._facts[each].batches != 0 for each in records):
                continue
            trained = self.world.step > 0
            if facts.drops and facts.samples and facts.size:
                message = (
                    f"the loader drops its only batch: {_samples(facts.samples)}, batches of {facts.size}, and "
                    "`drop_last=True`"
                )
                level = Level.WARNING if trained else None
                yield Problem("drop-last-empties-loader", message, records[-1], level=level)
            elif facts.samples == 0:
                message = f"`{records[-1].kind}` gives no batch: its data hold no sample"
                yield Problem("loader-gives-nothing", message, records[-1], level=Level.ADVICE if trained else None)


class LastBatch(Check):
    """One sample left over, for a model that is trained with ``BatchNorm1d`` right after a linear layer."""

    rules = ("last-batch-of-one-batchnorm",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._leaves_one: dict[Loader, _Facts] = {}
        self._normalises = False

    @on(LoaderBuilt)
    def built(self, event: LoaderBuilt) -> Iterator[Problem]:
        facts = _Facts.of(event.loader)
        if facts.samples and facts.size and facts.size > 1 and not facts.drops and facts.samples % facts.size == 1:
            self._leaves_one[event.record] = facts
        yield from ()

    @on(Batch)
    def batch(self, event: Batch) -> Iterator[Problem]:
        facts = self._leaves_one.get(event.record)
        known = facts is None or event.number > 1 or facts.samples == 1
        if not known and facts is not None and set(labels.sizes_of(event.batch)) != {facts.size}:
            del self._leaves_one[event.record]  # What is put together is not one row a sample.
        yield from ()

    @on(Forward)
    def ran(self, event: Forward) -> Iterator[Problem]:
        if self._leaves_one and not self._normalises and event.training and event.grad_enabled:
            self._normalises = _normalises_rows(event.module)
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        progress = self.world.progress
        if self.world.once:
            self._normalises = any(_normalises_rows(model) for model in self.world.models())
        for record, facts in self._leaves_one.items():
            if self._normalises and (self.world.once or progress.trains(record)):
                message = (
                    f"{facts.samples} samples in batches of {facts.size} leave one over: `BatchNorm1d` raises on that "
                    "last batch"
                )
                yield Problem("last-batch-of-one-batchnorm", message, record)


class ByClass(Check):
    """Training data that come class by class."""

    rules = ("train-loader-not-shuffled",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._labels: dict[Loader, list[int]] = {}
        self._ordered: dict[Loader, int] = {}
        """Loaders that give class by class, and how many batches they have."""

    @on(PassStarts)
    def starts(self, event: PassStarts) -> Iterator[Problem]:
        if event.record.passes == 1:
            self._look(event.record, event.loader)
        yield from ()

    @on(LoaderBuilt)
    def built(self, event: LoaderBuilt) -> Iterator[Problem]:
        if self.world.once:
            self._look(event.record, event.loader)
        yield from ()

    def _look(self, record: Loader, loader: DataLoader[Any]) -> None:
        if type(loader.sampler) is not SequentialSampler or (batches := length_of(loader) or 0) < 2:
            return
        found = labels.stored(loader.dataset)
        if found is None and self.world.once:
            found = labels.read(loader.dataset)
        if found is None:
            self._labels[record] = []
        elif labels.by_class(found):
            self._ordered[record] = batches

    @on(Batch)
    def batch(self, event: Batch) -> Iterator[Problem]:
        seen = self._labels.get(event.record)
        if seen is not None and event.record.passes == 1 and event.number <= _LOOKS:
            here = labels.of_batch(event.batch)
            if here is None:
                del self._labels[event.record]
            else:
                seen.extend(here)
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        ordered = {*self._ordered, *(record for record, seen in self._labels.items() if labels.by_class(seen))}
        for record in (*self._ordered, *self._labels):
            if record in ordered and (self.world.once or self._several_steps(record)):
                message = (
                    f"`{record.kind}` gives the training data class by class, and is not told to shuffle: each batch "
                    "holds one kind of sample"
                )
                yield Problem("train-loader-not-shuffled", message, record)

    def _several_steps(self, record: Loader) -> bool:
        """Whether more than one step is made an epoch: the order within a step counts for nothing."""
        return any(sum(each.steps.values()) > 1 for each in self.world.progress.passes.get(record, ()))


class SameOrder(Check):
    """A sampler that shuffles by the number of the epoch, and is never told one."""

    rules = ("distributed-sampler-no-set-epoch",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._epochs: dict[Loader, list[int]] = {}
        """The epoch of the sampler at each pass in which an optimizer stepped."""
        self._passing: dict[Loader, int] = {}
        self._places: dict[Loader, Place | None] = {}

    @on(PassStarts)
    def starts(self, event: PassStarts) -> Iterator[Problem]:
        sampler = event.loader.sampler
        if isinstance(sampler, DistributedSampler) and sampler.shuffle:
            self._passing[event.record] = sampler.epoch
            self._places[event.record] = self.world.samplers.get(sampler)
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        current = self.world.progress.current
        if current in self._passing:
            self._epochs.setdefault(current, []).append(self._passing.pop(current))
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, epochs in self._epochs.items():
            if len(epochs) > 1 and set(epochs) == {0}:
                message = (
                    f"`set_epoch` of `DistributedSampler` is never called: {len(epochs)} epochs had the same order"
                )
                place = self._places[record]
                yield Problem(
                    "distributed-sampler-no-set-epoch",
                    message,
                    place or record,
                    ((record, "the loader"),) if place else (),
                )


def _normalises_rows(model: nn.Module) -> bool:
    """Whether a ``BatchNorm1d`` in training mode follows a linear layer of its size, inside of one container."""
    return any(
        isinstance(first, nn.Linear)
        and type(second) is nn.BatchNorm1d
        and second.training
        and first.out_features == second.num_features
        for part in model.modules()
        for first, second in pairwise(part.children())
    )


def _samples(number: int) -> str:
    return "1 sample" if number == 1 else f"{number} samples"
