"""What loops tell: the number of epochs, accumulated batches, learning rates that are written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hplint.facts.events import EventKind, TrainingStep
from hplint.facts.syntax import (
    Assign,
    Attribute,
    AugAssign,
    Binary,
    Call,
    Compare,
    Expr,
    For,
    Literal,
    Name,
    Subscript,
)
from hplint.facts.tree import inside
from hplint.inventory.reading import Reader, Reading
from hplint.inventory.records import State
from hplint.inventory.sites import Site

_EPOCH = re.compile("epoch", re.IGNORECASE)
BY_HAND = "by hand"
"""Stands for the scheduler where the code sets learning rates itself."""
_WRAPPERS = frozenset({"tqdm", "trange", "track", "progress_bar", "master_bar"})


def loop_sites(reader: Reader) -> Iterator[Site]:
    """Epochs, accumulation, and learning rates written into parameter groups."""
    yield from _epochs(reader)
    for step in reader.file.steps:
        yield from _accumulation(reader, step)
    yield from _written(reader)


def _epochs(reader: Reader) -> Iterator[Site]:
    steps = [step.loop for step in reader.file.steps if step.loop is not None]
    for loop in reader.file.all(For):
        named = isinstance(loop.target, Name) and _EPOCH.search(loop.target.id)
        times = _times(reader, loop.iter)
        if times is None or not (named or any(_is_outermost(reader, loop, step) for step in steps)):
            continue
        yield Site("epochs", f"for {reader.text(loop.target)}", "", times, loop.iter)


def _is_outermost(reader: Reader, loop: For, step: object) -> bool:
    """Whether a loop holds a training step (or is the loop of one), and no other loop over a range holds it."""
    if not isinstance(step, For) or not inside(step, loop):
        return False
    return not any(
        inside(loop, other) and other is not loop and _range(reader, other.iter) for other in reader.file.all(For)
    )


def _range(reader: Reader, expr: Expr) -> Call | None:
    """``range(…)`` or ``trange(…)`` in an iterable, a progress bar around it left out."""
    for _ in range(3):
        if not isinstance(expr, Call):
            return None
        name = (reader.file.qualified(expr.func) or "").rpartition(".")[2]
        if name in ("range", "trange"):
            return expr
        if name not in _WRAPPERS or not expr.args:
            return None
        expr = expr.args[0].value
    return None


def _times(reader: Reader, iterable: Expr) -> Reading | None:
    """How often a loop over a range runs."""
    call = _range(reader, iterable)
    if call is None or any(arg.star for arg in call.args):
        return None
    bounds = [arg.value for arg in call.args if arg.keyword is None]
    if len(bounds) == 1:
        return reader.expression(bounds[0])
    if len(bounds) != 2:
        return None
    first, stop = bounds
    if _is_one(first) and isinstance(stop, Binary) and stop.op == "+" and _is_one(stop.right):
        return reader.expression(stop.left)  # `range(1, epochs + 1)`
    if isinstance(stop, Binary) and stop.op == "+" and reader.text(stop.left) == reader.text(first):
        return reader.expression(stop.right)  # `range(start, start + epochs)`
    start, reading = reader.expression(first), reader.expression(stop)
    if start.state is State.SET and [given.constant for given in start.values] == [1] and len(reading.values) == 1:
        end = reading.values[0]
        if end.known and isinstance(end.constant, int):
            times = end.constant - 1
            given = type(end)(str(times), times, known=True)
            return Reading(reading.state, (given,), reading.chains, reading.note, reading.origins)
    return reading


def _is_one(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value == 1


def _accumulation(reader: Reader, step: TrainingStep) -> Iterator[Site]:
    """``if (i + 1) % N == 0: optimizer.step()``, where gradients are computed in each round."""
    seen: set[int] = set()
    backward = {guard.key for event in step.events if event.kind is EventKind.BACKWARD for guard in event.guards}
    for event in step.events:
        if event.kind is not EventKind.STEP:
            continue
        for guard in event.guards:
            test = guard.test
            if guard.key in backward:
                continue  # Another network that is trained less often.
            for part in (test, test.left) if isinstance(test, Compare) else (test,):
                if isinstance(part, Binary) and part.op == "%" and part.start not in seen:
                    seen.add(part.start)
                    yield Site(
                        "gradient-accumulation-steps", "optimizer step", "", reader.expression(part.right), part.right
                    )


def _written(reader: Reader) -> Iterator[Site]:
    """``group["lr"] = …``: a schedule by hand."""
    statements = [(target, each.value) for each in reader.file.all(Assign) for target in each.targets]
    statements += [(each.target, each.value) for each in reader.file.all(AugAssign)]
    for target, value in sorted(statements, key=lambda pair: pair[0].start):
        if value is None or not isinstance(target, Subscript) or not isinstance(target.index, Literal):
            continue
        holder = reader.text(target.value)
        if target.index.value == "lr" and (re.search("group|optim", holder) or _is_group(reader, target.value)):
            yield Site("lr-schedule", BY_HAND, f"{holder}['lr']", _by_hand(reader, value), value)


def _by_hand(reader: Reader, value: Expr) -> Reading:
    """A schedule is no set of values: what computes it is told."""
    reading = reader.expression(value)
    if reading.state is State.SET:
        return reading
    return replace(reader.unfollowed(value), note="")


def _is_group(reader: Reader, expr: Expr) -> bool:
    """Whether a name runs through ``optimizer.param_groups``."""
    bindings = reader.file.names.reaching(expr) if isinstance(expr, Name) else ()
    return any(isinstance(each.value, Attribute) and each.value.attr == "param_groups" for each in bindings)
