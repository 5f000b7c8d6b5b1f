"""`ReduceLROnPlateau`: what it watches, and whether it can ever lower the rate."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from hplint.model import Level
from hplint.runtime.calls import argument
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, SchedulerBuilt, SchedulerStep
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.samples import readable
from hplint.runtime.world import World

_WANTED = {"min": "lower", "max": "higher"}
_FIRST = 2
"""Calls that it takes besides patience: the first metric is the best so far, and one must be one too many."""


@dataclass(frozen=True, slots=True)
class _Options:
    """What was chosen when the scheduler was built."""

    patience: int
    starts_at: float
    """The highest rate of the optimizer's groups."""


class Plateau(Check):
    """Options when it is built, the metric at each place where it is stepped, its patience at the end."""

    rules = (
        "eta-min-not-below-lr",
        "plateau-mode-mismatch",
        "schedule-longer-than-training",
        "scheduler-arg-invalid",
    )

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._options: dict[Record[LRScheduler], _Options] = {}
        self._looked: set[tuple[Record[LRScheduler], Place | None]] = set()

    @on(SchedulerBuilt)
    def built(self, event: SchedulerBuilt) -> Iterator[Problem]:
        scheduler = event.scheduler
        if type(scheduler) is not ReduceLROnPlateau:
            return
        # One that is built after a warm-up has found a rate that is not the highest.
        rates = [_number(group.get("initial_lr", group["lr"])) for group in scheduler.optimizer.param_groups]
        floors = [_number(floor) for floor in scheduler.min_lrs]
        self._options[event.record] = _Options(scheduler.patience, max(rates, default=0.0))
        if scheduler.factor <= 0 and not any(floors):
            message = f"`factor` is {scheduler.factor!r}: the first plateau sets the learning rate to 0 for good"
            yield Problem("scheduler-arg-invalid", message, event.record)
        elif scheduler.patience < 0:
            message = f"`patience` is {scheduler.patience!r}: the rate is lowered at every step that is no improvement"
            yield Problem("scheduler-arg-invalid", message, event.record)
        pairs = list(zip(rates, floors, strict=False))
        if pairs and all(floor >= rate > 0 for rate, floor in pairs):
            message = (
                f"`min_lr` is {max(floors):g}, not below the {max(rates):g} that the optimizer starts from: "
                "no plateau lowers the rate"
            )
            yield Problem("eta-min-not-below-lr", message, event.record)

    @on(SchedulerStep)
    def stepped(self, event: SchedulerStep) -> Iterator[Problem]:
        key = event.record, event.place
        if event.record not in self._options or key in self._looked:
            return
        self._looked.add(key)
        mode = getattr(event.scheduler, "mode", "")
        given = _name_of(argument(event.place, 0, "metrics"))
        if given is None or mode not in _WANTED or _is_negative(event.metric):
            return
        # What names mean is known to the static side, whose module is not needed by most programs.
        from hplint.facts.metric_names import better_when

        better = better_when(given)
        if better is not None and better != _WANTED[mode]:
            message = (
                f"`{given}` is better when it is {better}, and `mode` is {mode!r}: the rate is lowered again and again "
                "while training improves"
            )
            yield Problem("plateau-mode-mismatch", message, event.place, ((event.record, "constructed here"),))

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, options in self._options.items():
            scheduler = record.object
            optimizer = self.world.scheduled(scheduler) if scheduler is not None else None
            horizon = self.world.progress.horizon(record, optimizer)
            if horizon is None or not (record.steps or self.world.once) or options.starts_at <= 0:
                continue
            if _FIRST <= horizon.most < options.patience + _FIRST:
                message = (
                    f"`ReduceLROnPlateau` waits for more than {options.patience} steps without improvement, and "
                    f"{horizon.most} are made: it cannot lower the rate"
                )
                yield Problem("schedule-longer-than-training", message, record, level=Level.ADVICE)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) or readable(value) else 0.0


def _is_negative(metric: object) -> bool:
    """Whether a metric was turned: what is below 0 is neither a loss nor a score as their names say."""
    return _number(metric) < 0


def _name_of(place: Place | None) -> str | None:
    """The name that an expression consists of: of a variable, an attribute, or a key."""
    if place is None or place.span.start.line != place.span.end.line:
        return None
    line = linecache.getline(place.file, place.span.start.line)
    try:
        node = ast.parse(line[place.span.start.column - 1 : place.span.end.column - 1], mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "item":
        node = node.func.value
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
