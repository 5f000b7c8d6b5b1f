"""The curve of a scheduler, drawn ahead of time on a copy. The user's scheduler and optimizer are only read."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import lr_scheduler

from hplint.runtime.schedules.functions import functions_of, is_harmless

_POINTS = 1000
"""Points of a curve that is read at single steps."""
_MOST = 20_000
"""Steps that a schedule is taken which cannot be read at single steps."""
_DIRECT = (lr_scheduler.LambdaLR, lr_scheduler.OneCycleLR, lr_scheduler.CyclicLR)
"""Schedules whose rate follows from the number of the step alone, without a closed form of torch's."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Learning rates by step, the highest and the lowest of all groups. ``raised_at``: the first step that raises."""

    steps: tuple[int, ...]
    highest: tuple[float, ...]
    lowest: tuple[float, ...]
    raised_at: int | None = None

    def until(self, end: int) -> Curve:
        """The part before a step."""
        kept = sum(step < end for step in self.steps)
        return Curve(self.steps[:kept], self.highest[:kept], self.lowest[:kept], self.raised_at)


class _StandIn:
    """What a scheduler needs of an optimizer: the options of its groups."""

    def __init__(self, optimizer: Any) -> None:
        self.param_groups: list[dict[str, Any]] = [
            {key: [] if key == "params" else _copied(value) for key, value in group.items()}
            for group in optimizer.param_groups
        ]
        self.defaults = dict(optimizer.defaults)
        self._opt_called = True

    def step(self) -> None:
        """A scheduler asks whether this was replaced by its own."""

    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]


class Sketch:
    """A scheduler as it was at one moment, on a stand-in for its optimizer."""

    def __init__(self, scheduler: Any) -> None:
        kept = {id(function): function for function in functions_of(scheduler)}
        stand_in = _StandIn(scheduler.optimizer)
        self.start: int = scheduler.last_epoch
        self._original = copy.deepcopy(scheduler, {id(scheduler.optimizer): stand_in, **kept})
        self.kind = type(scheduler)
        self.base = max((float(rate) for rate in getattr(scheduler, "base_lrs", ())), default=0.0)
        length = length_of(scheduler)
        self.length = length - self.start if length is not None and length > self.start else None
        """The steps over which it is laid out, from where it is; None where it has no end."""
        self.first = first_of(scheduler) if self.start == 0 else None
        """The first step at which it lowers the rate, of one that does so in steps."""
        self.settings = {key: value for key, value in vars(scheduler).items() if isinstance(value, (int, float))}

    def curve(self, steps: int) -> Curve | None:
        """The rates of the next steps; None where that takes too long or what the user wrote raises."""
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")
                if hasattr(self._original, "_get_closed_form_lr") or isinstance(self._original, _DIRECT):
                    return self._read(steps)
                return self._stepped(steps) if steps <= _MOST else None
        except Exception:
            return None

    def _read(self, steps: int) -> Curve:
        scheduler = copy.copy(self._original)
        closed = getattr(scheduler, "_get_closed_form_lr", None)
        end, raised = steps, None
        total = getattr(scheduler, "total_steps", None)
        if isinstance(scheduler, lr_scheduler.OneCycleLR) and total is not None and steps + self.start > total:
            end, raised = total - self.start, total - self.start + 1
        numbers = range(end) if end <= 2 * _POINTS else sorted({*range(0, end, end // _POINTS), end - 1})
        rates = []
        for number in numbers:
            scheduler.last_epoch = self.start + number
            rates.append(_numbers(closed() if closed is not None else scheduler.get_lr()))
        return _curve(numbers, rates, raised)

    def _stepped(self, steps: int) -> Curve:
        scheduler = copy.deepcopy(self._original, {id(function): function for function in functions_of(self._original)})
        rates = [_numbers(group["lr"] for group in scheduler.optimizer.param_groups)]
        raised = None
        for number in range(1, steps):
            try:
                scheduler.step()
            except ValueError:  # One that ends inside of others.
                raised = number
                break
            rates.append(_numbers(group["lr"] for group in scheduler.optimizer.param_groups))
        return _curve(range(len(rates)), rates, raised)


def sketch_of(scheduler: object, *, keep: bool = True) -> Sketch | None:
    """A sketch of a scheduler of torch's; None where a copy would tell nothing, or where to run it is not harmless.

    ``keep``: it will be kept after the scheduler is gone, so it must not hold a model.
    """
    parts = [scheduler, *getattr(scheduler, "_schedulers", ())]
    if not all(_is_known(part) for part in parts):
        return None
    if not all(is_harmless(function, keep=keep) for part in parts for function in functions_of(part)):
        return None
    try:
        return Sketch(scheduler)
    except Exception:
        return None


def _is_known(scheduler: object) -> bool:
    return (
        isinstance(scheduler, lr_scheduler.LRScheduler)
        and not isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
        and type(scheduler).__module__.startswith("torch.")
        and hasattr(scheduler, "optimizer")
    )


def length_of(scheduler: Any) -> int | None:
    """The steps over which a schedule is laid out."""
    length: object = None
    if isinstance(scheduler, lr_scheduler.CosineAnnealingLR):
        length = scheduler.T_max
    elif isinstance(scheduler, lr_scheduler.OneCycleLR):
        length = scheduler.total_steps
    elif isinstance(scheduler, lr_scheduler.PolynomialLR):
        length = scheduler.total_iters
    elif isinstance(scheduler, lr_scheduler.SequentialLR) and scheduler._milestones:
        last = length_of(scheduler._schedulers[-1])
        length = None if last is None else scheduler._milestones[-1] + last
    elif isinstance(scheduler, lr_scheduler.LambdaLR):
        given = {
            function.keywords.get("num_training_steps")
            for function in scheduler.lr_lambdas
            if hasattr(function, "keywords")
        }
        length = given.pop() if len(given) == 1 else None
    return int(length) if isinstance(length, (int, float)) and length > 0 else None


def first_of(scheduler: Any) -> int | None:
    """The first step at which a step schedule lowers the rate."""
    if type(scheduler) is lr_scheduler.MultiStepLR:
        return min(scheduler.milestones, default=None)
    return scheduler.step_size if type(scheduler) is lr_scheduler.StepLR else None


def _curve(numbers: Any, rates: list[tuple[float, ...]], raised: int | None) -> Curve:
    return Curve(tuple(numbers), tuple(map(max, rates)), tuple(map(min, rates)), raised)


def _numbers(rates: Any) -> tuple[float, ...]:
    return tuple(float(rate) for rate in rates)


def _copied(value: object) -> object:
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.deepcopy(value)
