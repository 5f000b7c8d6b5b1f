"""What a program has built, noted while it is there: models, optimizers, loaders, schedules. For a report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch.distributed
from torch.nn import Module
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, DistributedSampler, RandomSampler, SequentialSampler

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, PassStarts, SchedulerBuilt, SchedulerStep, StepStarts
from hplint.runtime.places import Place
from hplint.runtime.progress import length_of
from hplint.runtime.recorder import Record
from hplint.runtime.schedules.sketch import Sketch, sketch_of
from hplint.runtime.world import World


@dataclass(frozen=True, slots=True)
class ModelSeen:
    """A model: numbers of its values, those that train, those that are frozen, and those that no optimizer has."""

    kind: str
    place: Place | None
    trained: int
    frozen: int
    unowned: int


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """A group of parameters: numbers of its values and the options that matter most."""

    values: int
    frozen: int
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LoaderSeen:
    """A loader that was iterated."""

    samples: int | None
    batches: int | None
    size: int | None
    order: str
    workers: int


class Overview(Check):
    """Takes notes at the first step of each optimizer, and at the end where there is none."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.models: dict[int, ModelSeen] = {}
        self.optimizers: dict[Record[Optimizer], tuple[GroupSeen, ...]] = {}
        self.loaders: dict[Record[DataLoader[Any]], LoaderSeen] = {}
        self.sketches: dict[Record[LRScheduler], tuple[Sketch, Record[Optimizer] | None]] = {}
        """Schedulers as they were built, but for those inside of others, and what they drive."""
        self.processes = 1
        self._calls: Counter[Record[LRScheduler]] = Counter()

    @on(StepStarts)
    def first_step(self, event: StepStarts) -> Iterator[Problem]:
        if event.record.steps == 0:
            self._look()
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        if not self.models and not self.world.once:
            self._look()
        yield from ()

    @on(PassStarts)
    def pass_starts(self, event: PassStarts) -> Iterator[Problem]:
        if event.record not in self.loaders:
            self.loaders[event.record] = _loader(event.loader)
        yield from ()

    @on(SchedulerBuilt)
    def built(self, event: SchedulerBuilt) -> Iterator[Problem]:
        for inner in getattr(event.scheduler, "_schedulers", ()):
            record = self.world.schedulers.get(inner)
            if record is not None:
                self.sketches.pop(record, None)
        sketch = sketch_of(event.scheduler, keep=not self.world.once)
        if sketch is not None:
            self.sketches[event.record] = sketch, self.world.scheduled(event.scheduler)
        yield from ()

    @on(SchedulerStep)
    def scheduled(self, event: SchedulerStep) -> Iterator[Problem]:
        drawn = self.sketches.get(event.record)
        if drawn is not None and event.scheduler.last_epoch != drawn[0].start + self._calls[event.record]:
            del self.sketches[event.record]  # It was set to somewhere else, as when a run is resumed.
        self._calls[event.record] += 1
        yield from ()

    def _look(self) -> None:
        held = self.world.held()
        for model in self.world.models():
            self.models[id(model)] = self._model(model, set(held))
        for record, optimizer in self.world.optimizers.alive():
            self.optimizers[record] = tuple(_group(group) for group in optimizer.param_groups)
        self.processes = _processes()

    def _model(self, model: Module, held: set[int]) -> ModelSeen:
        counts: Counter[str] = Counter()
        for each in model.parameters():
            kind = "frozen" if not each.requires_grad else "trained" if id(each) in held else "unowned"
            counts[kind] += 0 if is_lazy(each) else each.numel()
        place = self.world.place_of(model)
        return ModelSeen(type(model).__name__, place, counts["trained"], counts["frozen"], counts["unowned"])


_TOLD = ("momentum", "betas", "weight_decay")


def _group(group: dict[str, Any]) -> GroupSeen:
    parameters = group["params"]
    rate = group.get("initial_lr", group.get("lr"))
    options = [("lr", _said(rate)), *((name, _said(group[name])) for name in _TOLD if group.get(name))]
    frozen = sum(each.numel() for each in parameters if not each.requires_grad)
    return GroupSeen(sum(each.numel() for each in parameters), frozen, tuple(options))


def _said(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return "a tensor" if value.device.type != "cpu" else f"{value.item():g}"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _loader(loader: DataLoader[Any]) -> LoaderSeen:
    sampler = loader.sampler
    if isinstance(sampler, RandomSampler) or (isinstance(sampler, DistributedSampler) and sampler.shuffle):
        order = "shuffled"
    elif type(sampler) is SequentialSampler:
        order = "in order"
    else:
        order = type(sampler).__name__
    if loader.batch_size is None and loader.batch_sampler is not None:
        order = type(loader.batch_sampler).__name__
    return LoaderSeen(length_of(loader.dataset), length_of(loader), loader.batch_size, order, loader.num_workers)


def _processes() -> int:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    given = os.environ.get("WORLD_SIZE", "1")
    return int(given) if given.isdecimal() else 1
