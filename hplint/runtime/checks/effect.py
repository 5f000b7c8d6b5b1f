"""What the first steps do: weights that become NaN, gradients that are all 0, updates that are rounded away."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from hplint.model import Level
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import BackwardEnds, BackwardStarts, Clip, Finish, StepEnds, StepStarts
from hplint.runtime.graph import leaves
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.samples import Snapshot, any_set, gradients, number, readable, sample
from hplint.runtime.world import World, parameters_of

_FIRST = 20
"""Losses that are always looked at."""
_SELDOM = 50
"""Of later ones on a device, each of this many."""
_STEPS = 4
"""Steps after which something that has not happened is said."""
_MOST = 0.9
"""Share of the values from which on it is said that they stand still."""
_OFTEN = 3


class Finite(Check):
    """Weights that an optimizer makes NaN or infinite. The loss tells of the step before, at little cost."""

    rules = ("weights-become-nan", "loss-not-finite")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._losses = 0
        self._bad: tuple[Place | None, float, frozenset[Record[Optimizer]]] | None = None
        """Where the last backward was, if its loss is no finite number, what it is, and whose weights are too."""
        self._last: dict[Record[Optimizer], Place | None] = {}
        """Where each optimizer stepped last."""
        self._said = False
        self._harmless = 0
        """Steps by a loss that is not finite, whose gradients were."""

    @on(BackwardStarts)
    def computed(self, event: BackwardStarts) -> Iterator[Problem]:
        self._bad = None
        self._losses += 1
        if self._said or not event.tensors:
            return
        loss = event.tensors[0]
        if not (loss.device.type == "cpu" or self._losses <= _FIRST or self._losses % _SELDOM == 0):
            return
        value = number(loss)
        if value is not None and not math.isfinite(value):
            broken = frozenset(
                record for record, optimizer in self.world.optimizers.alive() if not _finite(parameters_of(optimizer))
            )
            self._bad = event.place, value, broken
        yield from ()

    @on(StepStarts)
    def starts(self, event: StepStarts) -> Iterator[Problem]:
        if event.record.steps == 0 and not _finite(map(sample, parameters_of(event.optimizer))):
            self._said = True  # They were so before, or are meant to be.
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        before = self._last.get(event.record)
        self._last[event.record] = event.place
        if self._said or self._bad is None:
            return
        place, value, broken = self._bad
        if _finite(parameters_of(event.optimizer)):
            self._bad = None
            self._harmless += 1
            if self._harmless == _OFTEN:
                self._said = True
                message = f"the loss is {value}, as it was in {_OFTEN - 1} steps before, and the program trains on"
                yield Problem("loss-not-finite", message, place, ((event.place, "the step"),))
            return
        self._said = True
        kind = event.record.kind
        if event.record in broken:
            message = f"weights of `{kind}` became NaN or infinite in a step before this one, whose loss was finite"
            yield Problem("weights-become-nan", message, before or event.place, ((place, f"the loss is {value} here"),))
        else:
            message = f"the loss is {value}, and this step makes weights NaN with its gradients"
            yield Problem("weights-become-nan", message, event.place, ((place, "the loss is differentiated here"),))


def _finite(parameters: Iterable[Tensor]) -> bool:
    return all(bool(torch.isfinite(each.detach()).all()) for each in parameters if readable(each))


class AllZero(Check):
    """Gradients that are exactly 0, all of them and from the start, although the loss is not."""

    rules = ("gradients-all-zero",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._moved: set[Record[Optimizer]] = set()
        self._zero: dict[Record[Optimizer], tuple[int, Place | None, float]] = {}
        self._clipped = False
        """Whether gradients are clipped to nothing, which has a rule of its own."""

    @on(Clip)
    def clipped(self, event: Clip) -> Iterator[Problem]:
        self._clipped |= isinstance(event.limit, (int, float)) and not event.limit > 0
        yield from ()

    @on(BackwardEnds)
    def computed(self, event: BackwardEnds) -> Iterator[Problem]:
        for record, optimizer in self.world.optimizers.alive():
            if record in self._moved or not (found := gradients(parameters_of(optimizer))):
                continue
            if any_set(found) or len(event.tensors) != 1:
                self._moved.add(record)
                self._zero.pop(record, None)
                continue
            value = number(event.tensors[0])
            reached = leaves(event.tensors)
            if value and reached and any(id(parameter) in reached for parameter in parameters_of(optimizer)):
                count = self._zero.get(record, (0, None, 0.0))[0]
                self._zero[record] = count + 1, event.place, value
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, (count, place, value) in self._zero.items():
            if count >= _STEPS and record.steps and not self._clipped:
                message = (
                    f"every gradient of `{record.kind}` is exactly 0 from the start, in {count} backward passes, and "
                    f"the loss is {value:.4g}: something before the loss passes no gradient on"
                )
                yield Problem("gradients-all-zero", message, place, ((record, "constructed here"),))


@dataclass(slots=True)
class _Still:
    """An optimizer whose weights have not moved so far."""

    snapshot: Snapshot
    rates: list[float]
    steps: int = 0
    unmoved: int = 0
    """Steps with gradients that changed nothing."""
    place: Place | None = None
    kinds: str = ""
    share: float = 1.0


class RoundedAway(Check):
    """Steps with gradients and a learning rate that leave the weights as they are."""

    rules = ("update-rounded-away",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._still: dict[Record[Optimizer], _Still] = {}
        self._done: weakref.WeakSet[Record[Optimizer]] = weakref.WeakSet()

    @on(StepStarts)
    def starts(self, event: StepStarts) -> Iterator[Problem]:
        record = event.record
        if record in self._done or event.closure:
            return
        if record not in self._still:
            self._still[record] = _Still(Snapshot(parameters_of(event.optimizer)), [])
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        still = self._still.get(event.record)
        if still is None or event.record in self._done:
            return
        still.steps += 1
        still.rates.append(max((float(group.get("lr", 1.0)) for group in event.optimizer.param_groups), default=0.0))
        same, total = still.snapshot.unchanged()
        if (total and same < total * _MOST) or still.steps > 2 * _FIRST:
            self._done.add(event.record)
        elif total and still.rates[-1] > 0:
            still.unmoved += 1
            still.place, still.share = event.place, same / total
            types = {str(each.dtype).removeprefix("torch.") for each in parameters_of(event.optimizer)}
            still.kinds = " and ".join(sorted(types))
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, still in self._still.items():
            rising = len(still.rates) > 1 and still.rates[-1] > still.rates[0]
            if record in self._done or still.unmoved < _STEPS or rising:
                continue
            part = "no weight" if still.share == 1 else f"only {1 - still.share:.0%} of the weights"
            message = (
                f"{part} that has a gradient has changed in {still.unmoved} steps of `{record.kind}` at a learning "
                f"rate of {still.rates[-1]:g}: the updates are too small for {still.kinds} and are rounded away"
            )
            level = Level.ERROR if still.share == 1 else Level.ADVICE
            yield Problem("update-rounded-away", message, record, ((still.place, "the steps"),), level)
