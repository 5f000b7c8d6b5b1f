"""Schedulers that step too early, never, or for an optimizer that is not trained."""

from __future__ import annotations

from collections.abc import Iterator

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, PassEnds, PassStarts, ScaledStep, SchedulerBuilt, SchedulerStep, StepEnds
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.world import World, parameters_of

_PASSES = 3
"""Passes over a training loader after which every schedule has moved, counted in steps or in epochs."""


class Order(Check):
    """``scheduler.step()`` before the first ``optimizer.step()``, and again at the same place later.

    Once, and from another place than later, it may be a resumed run that catches up.
    """

    rules = ("scheduler-step-before-optimizer",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._early: dict[Record[LRScheduler], list[Place | None]] = {}
        self._scaled: set[Record[Optimizer]] = set()
        """Optimizers whose step a scaler may have skipped, which is no fault of the program's."""
        self._first: dict[Record[Optimizer], Place | None] = {}

    @on(ScaledStep)
    def scaled(self, event: ScaledStep) -> Iterator[Problem]:
        if event.record is not None:
            self._scaled.add(event.record)
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        self._first.setdefault(event.record, event.place)
        yield from ()

    @on(SchedulerStep)
    def scheduled(self, event: SchedulerStep) -> Iterator[Problem]:
        optimizer = self.world.scheduled(event.scheduler)
        if optimizer is None or optimizer in self._scaled:
            return
        if optimizer.steps == 0:
            self._early.setdefault(event.record, []).append(event.place)
        elif self._early.pop(event.record, None) == [event.place]:
            yield Problem(
                "scheduler-step-before-optimizer",
                f"`{event.record.kind}` steps here before the first step of its optimizer: the first value of the "
                "schedule is never used",
                event.place,
                ((self._first.get(optimizer), "the optimizer steps here"), (event.record, "the schedule")),
            )


class Binding(Check):
    """A scheduler whose optimizer never steps, while another one trains the same parameters."""

    rules = ("scheduler-wrong-optimizer",)

    @on(SchedulerStep)
    def scheduled(self, event: SchedulerStep) -> Iterator[Problem]:
        mine = self.world.scheduled(event.scheduler)
        idle = mine.object if mine is not None and mine.steps == 0 else None
        if idle is None:
            return
        held = {id(parameter) for parameter in parameters_of(idle)}
        for record, optimizer in self.world.optimizers.alive():
            if record.steps and any(id(parameter) in held for parameter in parameters_of(optimizer)):
                yield Problem(
                    "scheduler-wrong-optimizer",
                    f"`{event.record.kind}` changes the rate of an optimizer that never steps: another one trains its "
                    "parameters, at a rate that stays as it is",
                    event.record,
                    ((record, "the optimizer that trains"), (mine, "the one of the scheduler")),
                )
                return


class NeverStepped(Check):
    """A scheduler that has not moved when others would have, in steps or in epochs."""

    rules = ("scheduler-never-stepped",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._steps = 0
        self._passes = 0
        """Passes over loaders in which an optimizer stepped."""
        self._optimizers: dict[Record[LRScheduler], Record[Optimizer]] = {}
        """Schedulers that nothing but the program can step, and what they drive."""
        self._passing: Place | None = None
        """Where the last pass over a loader began."""
        self._cut = False
        """Whether a dry run has cut a pass short."""
        self._driven: set[Record[Optimizer]] = set()
        """Optimizers whose passes and steps are one place: a library loops there, and steps schedulers when it will."""

    @on(SchedulerBuilt)
    def built(self, event: SchedulerBuilt) -> Iterator[Problem]:
        optimizer = self.world.scheduled(event.scheduler)
        if optimizer is not None:
            self._optimizers[event.record] = optimizer
        for inner in getattr(event.scheduler, "_schedulers", ()):
            record = self.world.schedulers.get(inner)
            if record is not None:
                self._optimizers.pop(record, None)
        yield from ()

    @on(PassStarts)
    def passes(self, event: PassStarts) -> Iterator[Problem]:
        self._passing = event.place
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        if event.place is not None and event.place == self._passing:
            self._driven.add(event.record)
        yield from ()

    @on(PassEnds)
    def passed(self, event: PassEnds) -> Iterator[Problem]:
        self._passes += event.step > self._steps
        self._steps = event.step
        self._cut |= event.cut
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        # Lightning, for one, steps schedulers at the end of an epoch, and one that is cut short has none for it.
        whole = event.complete and not self._cut
        enough = event.complete or self._passes >= _PASSES
        for record, optimizer in self._optimizers.items():
            certain = whole if optimizer in self._driven else enough
            if certain and not record.steps and optimizer.steps > 1:
                message = f"`{record.kind}` is never stepped: the learning rate stays as it is"
                yield Problem("scheduler-never-stepped", message, record)
