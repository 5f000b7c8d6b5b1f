"""Schedules whose own values lead the learning rate the wrong way."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from hplint.model import Level
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import SchedulerBuilt, SchedulerStep
from hplint.runtime.recorder import Record
from hplint.runtime.world import World

_DECAYS = (lr_scheduler.StepLR, lr_scheduler.MultiStepLR, lr_scheduler.ExponentialLR)
_COSINES = (lr_scheduler.CosineAnnealingLR, lr_scheduler.CosineAnnealingWarmRestarts)
_DOUBLES = 2.0
"""A factor from which a rate is out of bounds after some decays. Tests of a range of rates grow by less a step."""
_SMALL = 0.5
"""Rates below this are no plausible factors of a rate."""
_ENOUGH = 3
"""Steps of a schedule that tell a first value from a warm-up."""


class Gamma(Check):
    """The factor of a decay."""

    rules = ("gamma-out-of-range",)

    @on(SchedulerBuilt)
    def built(self, event: SchedulerBuilt) -> Iterator[Problem]:
        gamma = getattr(event.scheduler, "gamma", None)
        if type(event.scheduler) not in _DECAYS or not isinstance(gamma, (int, float)):
            return
        kind, said = event.record.kind, f"`gamma` is {gamma!r}"
        if gamma == 0:
            message = f"{said}: the first decay of `{kind}` sets the learning rate to 0 for good"
            yield Problem("gamma-out-of-range", message, event.record)
        elif gamma < 0:
            message = f"{said}: each decay of `{kind}` turns the sign of the learning rate"
            yield Problem("gamma-out-of-range", message, event.record)
        elif gamma >= _DOUBLES:
            message = f"{said}: `{kind}` makes the learning rate grow until the loss is NaN"
            yield Problem("gamma-out-of-range", message, event.record, level=Level.WARNING)


class Floor(Check):
    """The lowest rate of a cosine, against the rates that it starts from."""

    rules = ("eta-min-not-below-lr",)

    @on(SchedulerBuilt)
    def built(self, event: SchedulerBuilt) -> Iterator[Problem]:
        floor = getattr(event.scheduler, "eta_min", None)
        if type(event.scheduler) not in _COSINES or not isinstance(floor, (int, float)):
            return
        highest = max((float(rate) for rate in event.scheduler.base_lrs), default=0.0)
        if 0 < highest <= floor:
            way = "stays the same" if highest == floor else "rises"
            message = (
                f"`eta_min` is {floor!r}, not below the {highest:g} that the optimizer starts from: the rate {way}"
            )
            yield Problem("eta-min-not-below-lr", message, event.record)


class RateAsFactor(Check):
    """A ``LambdaLR`` whose function gives the learning rate where a factor of it is wanted.

    Its first factor is the rate itself, and no later one is above: a warm-up, which may start at the same, rises.
    """

    rules = ("lambdalr-returns-lr",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._factors: dict[Record[LRScheduler], list[float]] = {}

    @on(SchedulerStep)
    def stepped(self, event: SchedulerStep) -> Iterator[Problem]:
        if type(event.scheduler) is not lr_scheduler.LambdaLR:
            return
        factors = self._factors.setdefault(event.record, [])
        group = event.scheduler.optimizer.param_groups[0]
        start, rate = _number(group.get("initial_lr")), _number(group["lr"])
        if len(factors) > _ENOUGH or not 0 < start < _SMALL:
            return
        factors.append(rate / start)
        if len(factors) > _ENOUGH and math.isclose(factors[0], start, rel_tol=1e-6) and max(factors) <= factors[0]:
            yield Problem(
                "lambdalr-returns-lr",
                f"the function of `LambdaLR` gives {factors[0]:g}, the learning rate, as a factor of the learning "
                f"rate, which becomes {start * factors[0]:g}",
                event.record,
            )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float, Tensor)) else 0.0
