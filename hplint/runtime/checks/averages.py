"""Averages of weights: ``AveragedModel``, which an optimizer trains, which takes in no weight, or which nobody uses."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass

from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import AverageRead, AverageUpdated, Finish, Forward, StepStarts
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record, WeakIds
from hplint.runtime.samples import readable
from hplint.runtime.world import World, parameters_of

_UPDATES = 3
"""Updates from which on an average is no mere trial."""


class TrainedAverage(Check):
    """An optimizer that steps the weights of an average, which goes on taking in those of the model."""

    rules = ("average-in-optimizer",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._held: dict[Record[Optimizer], list[tuple[weakref.ref[AveragedModel], int]]] = {}
        """Averages whose weights are in an optimizer, with how many updates they had at its first step."""

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Problem]:
        if event.record not in self._held:
            self._held[event.record] = list(self._averages_in(event.optimizer))
        for ref, before in self._held[event.record]:
            average = ref()
            if average is not None and (updates(average) or 0) > before:
                message = (
                    f"`{event.record.kind}` holds the weights of an `AveragedModel` that is updated, too: its steps "
                    "are averaged away, and the model that it should train is another one"
                )
                built = self.world.place_of(average)
                yield Problem("average-in-optimizer", message, event.record, ((built, "the average is built here"),))

    def _averages_in(self, optimizer: Optimizer) -> Iterator[tuple[weakref.ref[AveragedModel], int]]:
        held: set[int] | None = None
        for module, _ in self.world.modules.objects():
            if isinstance(module, AveragedModel):
                held = held or {id(each) for each in parameters_of(optimizer)}
                number = updates(module)
                if number is not None and any(id(each) in held for each in module.parameters()):
                    yield weakref.ref(module), number


class StaleAverage(Check):
    """An average that is run after training, and still holds the weights that the model began with."""

    rules = ("average-never-updated",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._stale: dict[int, tuple[Place | None, Place | None, int]] = {}
        """Where averages without an update ran last, and were built, and after how many steps."""

    @on(Forward)
    def ran(self, event: Forward) -> Iterator[Problem]:
        module = self.world.root_of(event.module)
        if isinstance(module, AveragedModel) and (number := updates(module)) is not None:
            if number == 0 and event.step:
                self._stale[id(module)] = event.place, self.world.place_of(module), event.step
            else:
                self._stale.pop(id(module), None)
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        # A dry run may end before the epoch from which on weights are averaged.
        for place, built, step in self._stale.values() if event.complete else ():
            message = (
                f"`update_parameters` of this `AveragedModel` was never called: after {step} steps it is run with the "
                "weights that the model began with"
            )
            yield Problem("average-never-updated", message, built, ((place, "it is run here"),))


class UnusedAverage(Check):
    """An average that was kept up to date, and that a whole program has neither run, nor saved, nor read from."""

    rules = ("average-never-used",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._unused: WeakIds[_Unused] = WeakIds()
        self._all: list[_Unused] = []

    @on(AverageUpdated)
    def updated(self, event: AverageUpdated) -> Iterator[Problem]:
        known = self._unused.get(event.average)
        if known is None:
            known = _Unused(self.world.place_of(event.average), event.place)
            self._unused[event.average] = known
            self._all.append(known)
        known.updates += 1
        yield from ()

    @on(AverageRead)
    def read(self, event: AverageRead) -> Iterator[Problem]:
        known = self._unused.get(event.average)
        if known is not None:  # What is done with it before its first update is preparation.
            known.read = True
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        if not event.complete or not self.world.whole:
            return
        for each in self._all:
            if not each.read and each.updates >= _UPDATES:
                message = (
                    f"this `AveragedModel` has taken in weights {each.updates} times, and the program has ended "
                    "without running it, saving it or reading from it: what was averaged is lost"
                )
                yield Problem("average-never-used", message, each.built, ((each.place, "it is updated here"),))


@dataclass(slots=True)
class _Unused:
    """An average since its first update."""

    built: Place | None
    place: Place | None
    updates: int = 0
    read: bool = False


def updates(average: AveragedModel) -> int | None:
    """How many weights an average has taken in, None where that cannot be read."""
    number = average.n_averaged
    return int(number) if readable(number) else None
