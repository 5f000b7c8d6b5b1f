"""Which loader trains which optimizer, in what unit its schedules count, and how long that is to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Batch, PassEnds, PassStarts, SchedulerStep, StepEnds
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record, WeakIds
from hplint.runtime.schedules.loops import EpochLoop, epoch_loop
from hplint.runtime.world import World

_SURE = 3
"""Steps from which on one tells steps from epochs."""
_NEAR = 0.2
"""How far from a whole number the batches of a step may be, for the rest at the end of an epoch."""

Loader = Record[DataLoader[Any]]


@dataclass(slots=True)
class Pass:
    """One pass over a loader: batches given, and steps that an optimizer made with them."""

    loop: EpochLoop | None = None
    batches: int = 0
    steps: Counter[Record[Optimizer]] = field(default_factory=Counter)
    ended: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Training:
    """How an optimizer is trained: by which loader, with how many batches a step."""

    loader: Loader
    passes: int
    steps: int
    accumulated: int | None
    """Batches to a step, None where that varies."""
    batches: int | None
    """Batches of an epoch, None where nobody knows."""
    loop: EpochLoop | None

    @property
    def steps_an_epoch(self) -> tuple[int, int] | None:
        """The least and the most optimizer steps of an epoch."""
        if self.batches is None or self.accumulated is None:
            return None
        return self.batches // self.accumulated, -(-self.batches // self.accumulated)


@dataclass(frozen=True, slots=True)
class Horizon:
    """How often a scheduler is going to be stepped.

    ``least`` may be 0, where a loop may be left early. ``unit`` is what it counts, "step" or "epoch", if that is known.
    """

    least: int
    most: int
    unit: str | None = None
    per_epoch: int | None = None
    epochs: int | None = None
    place: Place | None = None
    """Where it is stepped."""


class Progress(Check):
    """Follows the passes over loaders. Other checks ask it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.passes: dict[Loader, list[Pass]] = {}
        self.lengths: dict[Loader, int | None] = {}
        self.given: int | None = None
        """Steps that somebody has named."""
        self.planned: WeakIds[Horizon] = WeakIds()
        """What the framework that steps a scheduler has planned for it."""
        self.current: Loader | None = None
        """The loader that gave the last batch."""
        self._outside: Counter[Record[LRScheduler]] = Counter()
        """Steps of schedulers while no pass was open in which an optimizer had stepped."""
        self._stepped_at: dict[Record[LRScheduler], set[Place | None]] = {}

    @on(PassStarts)
    def pass_starts(self, event: PassStarts) -> Iterator[Problem]:
        self.current = event.record
        if event.record not in self.passes:
            self.lengths[event.record] = length_of(event.loader)
        loop = epoch_loop(self.world.finder.frames())
        self.passes.setdefault(event.record, []).append(Pass(loop))
        yield from ()

    @on(Batch)
    def batch(self, event: Batch) -> Iterator[Problem]:
        self.current = event.record
        if event.record in self.passes:
            self.passes[event.record][-1].batches += 1
        yield from ()

    @on(PassEnds)
    def pass_ends(self, event: PassEnds) -> Iterator[Problem]:
        for each in self.passes.get(event.record, ())[-1:]:
            each.ended, each.cut = True, event.cut
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        if self.current in self.passes:
            self.passes[self.current][-1].steps[event.record] += 1
        yield from ()

    @on(SchedulerStep)
    def scheduled(self, event: SchedulerStep) -> Iterator[Problem]:
        self._stepped_at.setdefault(event.record, set()).add(event.place)
        loader = self.current
        if loader in self.passes and self.passes[loader][-1].ended:
            self._outside[event.record] += 1
        yield from ()

    def trains(self, loader: Loader) -> bool:
        """Whether an optimizer has stepped in passes over a loader."""
        return any(each.steps for each in self.passes.get(loader, ()))

    def training(self, optimizer: Record[Optimizer]) -> Training | None:
        """How an optimizer is trained, by the loader that made most of its steps."""
        made = Counter(
            {loader: sum(each.steps[optimizer] for each in passes) for loader, passes in self.passes.items()}
        )
        loader, steps = next(iter(made.most_common(1)), (None, 0))
        if loader is None or not steps:
            return None
        passes = [each for each in self.passes[loader] if each.steps[optimizer]]
        whole = [each for each in passes if each.ended] or passes
        ratio = sum(each.batches for each in whole) / max(sum(each.steps[optimizer] for each in whole), 1)
        accumulated = round(ratio) if abs(ratio - round(ratio)) <= _NEAR and ratio >= 1 else None
        return Training(
            loader, len(passes), steps, accumulated, self.lengths[loader], _same([each.loop for each in passes])
        )

    def horizon(self, scheduler: Record[LRScheduler], optimizer: Record[Optimizer] | None) -> Horizon | None:
        """How often a scheduler is going to be stepped, None where that is open."""
        planned = self.planned.get(scheduler.object)
        if planned is not None:
            return planned
        places = self._stepped_at.get(scheduler, set())
        place = next(iter(places)) if len(places) == 1 else None
        if self.given is not None:
            return Horizon(self.given, self.given, place=place)
        training = self.training(optimizer) if optimizer is not None else None
        loop = training.loop if training is not None else None
        if training is None or loop is None or place is None:
            return None
        built = scheduler.place
        if built is None or loop.builds(built.code, built.line):
            return None
        unit = self._unit(scheduler, training)
        if unit == "epoch":
            batches = training.steps_an_epoch
            per_epoch = batches[1] if batches is not None else None
            return Horizon(loop.epochs * loop.certain, loop.epochs, unit, per_epoch, loop.epochs, place)
        if unit == "step" and training.steps_an_epoch is not None:
            least, most = training.steps_an_epoch
            total = loop.epochs * most
            return Horizon(loop.epochs * least * loop.certain, total, unit, most, loop.epochs, place)
        return None

    def _unit(self, scheduler: Record[LRScheduler], training: Training) -> str | None:
        calls, steps, passes = scheduler.steps, training.steps, training.passes
        outside = self._outside[scheduler]
        if steps >= _SURE and abs(calls - steps) <= 1 and outside == 0:
            return "step"
        if calls and abs(calls - passes) <= 1 and (outside == calls or (steps >= 2 * passes and passes >= 2)):
            return "epoch"
        return None


def _same(loops: list[EpochLoop | None]) -> EpochLoop | None:
    """The loop of all passes, None where there are several: phases of a training."""
    first = loops[0]
    return first if all(each is not None and first is not None and each.is_at(first) for each in loops) else None


def length_of(loader: object) -> int | None:
    """The batches of a loader, None where nobody knows."""
    try:
        return len(loader)  # type: ignore[arg-type]
    except Exception:
        return None
