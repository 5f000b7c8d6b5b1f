"""What is wrong with a curve over the steps that are planned. Nothing of the program is needed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch.optim import lr_scheduler

from hplint.model import Level
from hplint.runtime.progress import Horizon
from hplint.runtime.schedules.sketch import Sketch

_NOTHING = 1e-9
"""A share of the peak that trains nothing."""
_TAIL = 0.1
"""The share of a run without a rate that is more than its last steps."""
_AHEAD = 20
_FAR = 10_000
"""How many times the length of the run is looked ahead for the peak, and how many steps at least."""
_RISE = 0.1
"""The share of its range by which a rate rises again."""
_HARDLY = 5
"""A schedule that is so many times as long as the run hardly moves in it."""
_CYCLES = 4
"""So many lengths of a cosine in a run are cycles on purpose."""
_FOREVER = 10**6
_UNIT = 0.25
"""How near a ratio is to the batches of an epoch where the units were mixed up."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule, what is said, and whether that is where the schedule is stepped rather than built."""

    rule: str
    message: str
    level: Level | None = None
    at_step: bool = False


def verdicts(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """What is to be said of a schedule: the worst only."""
    for judge in (_raises, _negative, _nothing, _peak, _flat, _late, _short):
        found = next(judge(sketch, horizon), None)
        if found is not None:
            yield found
            return


def _raises(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """One cycle that is stepped more often than it has steps."""
    total = sketch.length
    if sketch.kind is lr_scheduler.OneCycleLR and total is not None and horizon.least > total:
        message = (
            f"`OneCycleLR` is planned over {total} steps and will be stepped {_planned(horizon.least, horizon)}: "
            f"step {total + 1} raises ValueError{_mixed_up(horizon, horizon.least, total)}"
        )
        yield Verdict("onecycle-total-steps-mismatch", message, at_step=True)


def _negative(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    curve = sketch.curve(horizon.least)
    if curve is None or sketch.settings.get("gamma", 0) < 0:
        return
    step = next((step for step, rate in zip(curve.steps, curve.lowest, strict=True) if rate < 0), None)
    if step is not None:
        message = (
            f"`{sketch.kind.__name__}` makes the learning rate negative from step {step} of {horizon.least} on: the "
            "optimizer then climbs the loss"
        )
        yield Verdict("schedule-goes-negative", message)


def _nothing(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """No rate at all, from the start or from some step on."""
    run = horizon.least
    curve = sketch.curve(run)
    if curve is None or run < 2 or sketch.base == 0 or sketch.settings.get("gamma") == 0:
        return
    peak = max(curve.highest)
    if peak == 0:
        message = f"`{sketch.kind.__name__}` gives a learning rate of 0 in all {run} steps: nothing is learned"
        yield Verdict("schedule-always-zero", message)
        return
    first = len(curve.steps)
    while first and curve.highest[first - 1] <= peak * _NOTHING:
        first -= 1
    if first == len(curve.steps):
        return
    step = curve.steps[first]
    if run - step >= max(2, _TAIL * run):
        gone = "0" if curve.highest[first] == 0 else "nothing"
        rest = f"the learning rate is {gone} from step {step} of {run} on"
        if horizon.unit == "step" and horizon.epochs is not None and _counts_epochs(sketch, horizon.epochs):
            message = f"`{sketch.kind.__name__}` is laid out in epochs and stepped once a batch: {rest}"
            yield Verdict("schedule-unit-mismatch", message, at_step=True)
        else:
            message = f"`{sketch.kind.__name__}` ends before the training does: {rest}"
            yield Verdict("schedule-ends-before-training", message + _mixed_up(horizon, run, sketch.length))


def _counts_epochs(sketch: Sketch, epochs: int) -> bool:
    return sketch.length == epochs or (
        sketch.length is None and sketch.kind in (lr_scheduler.ExponentialLR, lr_scheduler.StepLR)
    )


def _peak(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """A rate that climbs to the end of the run, and would have gone on to twice as much."""
    run = horizon.most
    curve = sketch.curve(run)
    if curve is None or run < 2 or curve.raised_at is not None:
        return
    reached = curve.highest[-1]
    if any(later < earlier for earlier, later in zip(curve.highest, curve.highest[1:], strict=False)):
        return
    ahead = sketch.curve(max(_AHEAD * run, _FAR, sketch.length or 0))
    if ahead is None or curve.highest[0] == reached:
        return
    peak = max(ahead.highest)
    at = ahead.steps[ahead.highest.index(peak)]
    settles = ahead.raised_at is not None or at < 0.95 * (ahead.steps[-1] + 1)
    if settles and reached < 0.5 * peak:
        name = sketch.kind.__name__
        message = (
            f"the learning rate of `{name}` climbs over {at} steps to {peak:g}, and {_only(run, horizon)} are made: "
            f"it ends at {reached:g}"
        )
        if sketch.kind is lr_scheduler.OneCycleLR:
            message += _mixed_up(horizon, run, sketch.length)
            yield Verdict("onecycle-total-steps-mismatch", message, at_step=True)
        else:
            yield Verdict("warmup-longer-than-training", message, Level.WARNING)


def _flat(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """Steps downwards that all lie behind the end. ``step_size=epochs`` switches a schedule off, and is silent."""
    curve = sketch.curve(horizon.most)
    first = sketch.first
    if first is None or curve is None or horizon.most < 2 or max(curve.highest) != min(curve.lowest, default=0.0):
        return
    if horizon.most < first < _FOREVER:
        message = (
            f"`{sketch.kind.__name__}` lowers the learning rate for the first time at step {first}, and "
            f"{_only(horizon.most, horizon)} are made: it stays as it is"
        )
        yield Verdict("milestones-unreachable", message)


def _late(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """A schedule of which the run sees a small part."""
    run, length = horizon.most, sketch.length
    if length is None or run < 2 or length < 2 * run:
        return
    curve = sketch.curve(run)
    whole = sketch.curve(length)
    if curve is None or whole is None or max(whole.highest) == min(whole.highest):
        return
    name = sketch.kind.__name__
    ends = f"{_only(run, horizon)} are made, at whose end the learning rate is {curve.highest[-1]:g}"
    if horizon.unit == "epoch" and _is_near(length, run, horizon.per_epoch):
        message = f"`{name}` is laid out over {length} steps, those of all batches, and stepped once an epoch: {ends}"
        one_cycle = sketch.kind is lr_scheduler.OneCycleLR
        rule = "onecycle-total-steps-mismatch" if one_cycle else "schedule-unit-mismatch"
        yield Verdict(rule, message, at_step=True)
    else:
        level = Level.WARNING if length >= _HARDLY * run else Level.ADVICE
        message = f"`{name}` is laid out over {length} steps, and {ends}{_mixed_up(horizon, run, length)}"
        yield Verdict("schedule-longer-than-training", message, level)


def _short(sketch: Sketch, horizon: Horizon) -> Iterator[Verdict]:
    """A rate that has come down, and climbs again because the run goes on."""
    run, length = horizon.least, sketch.length
    if length is None or run <= 1.05 * length + 1:
        return
    curve = sketch.curve(run)
    if curve is None or curve.raised_at is not None:
        return
    before = curve.until(length + 1)
    after = curve.highest[len(before.highest) :]
    if not after or not before.highest:
        return
    floor, top, again = min(before.highest), max(before.highest), max(after)
    if again - before.highest[-1] <= _RISE * (top - floor):
        return
    name = sketch.kind.__name__
    message = (
        f"the learning rate of `{name}` is at its end after {length} of {run} steps and climbs again, to {again:g}"
    )
    if horizon.unit == "step" and sketch.length == horizon.epochs:
        message = f"`{name}` is laid out in epochs and stepped once a batch: {message}"
        yield Verdict("schedule-unit-mismatch", message, at_step=True)
    else:
        ends_low = curve.highest[-1] - floor <= _RISE * (top - floor)
        level = Level.ADVICE if ends_low or run >= _CYCLES * length else Level.WARNING
        yield Verdict("schedule-ends-before-training", message + _mixed_up(horizon, run, length), level)


def _planned(number: int, horizon: Horizon) -> str:
    if horizon.epochs is None or horizon.unit != "step":
        return f"{number} times"
    return f"{number} times in {horizon.epochs} epochs"


def _only(number: int, horizon: Horizon) -> str:
    return f"only {number} steps" if horizon.unit is None else f"only {number} {horizon.unit}s"


def _is_near(length: int, run: int, batches: int | None) -> bool:
    return batches is not None and batches > 1 and abs(length / run / batches - 1) <= _UNIT


def _mixed_up(horizon: Horizon, run: int, length: int | None) -> str:
    """Says that one of the two is counted in epochs, where the numbers look like that."""
    if length is None or horizon.per_epoch is None:
        return ""
    if _is_near(run, length, horizon.per_epoch):
        return f"; {length} looks like a number of epochs, which have {horizon.per_epoch} steps"
    if _is_near(length, run, horizon.per_epoch):
        return f"; {run} looks like a number of epochs, which have {horizon.per_epoch} steps"
    return ""
