"""What a schedule counts, epochs or batches: by the words of its length, and by the loop that it is stepped in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.lifetimes import SCHEDULERS, followed
from hplint.facts.makers import calls_of
from hplint.facts.order import blocks_around
from hplint.facts.receivers import words
from hplint.facts.stepped import step_calls
from hplint.facts.syntax import Attribute, Call, Expr, For, FunctionDef, Literal, Name, Node, While
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import Argument, BoundCall
    from hplint.facts.file import File


class Unit(Enum):
    """What is counted."""

    EPOCH = "epochs"
    BATCH = "batches"


_LENGTHS = {
    "CosineAnnealingLR": ("T_max",),
    "CosineAnnealingWarmRestarts": ("T_0",),
    "StepLR": ("step_size",),
    "PolynomialLR": ("total_iters",),
    "OneCycleLR": ("total_steps", "steps_per_epoch"),
}
_TRANSFORMERS = regex(r"transformers\.(\w+\.)*get_\w*schedule\w*")
_LOADER = regex(r"loader|\bdl\b|_dl\b|dl_|train_?(iter|batches)|\bbatches\b|\bn(um)?_batch(es)?\b", re.IGNORECASE)
_BATCH = regex(r"batch(_?(id|idx|index|num|no|i))?|i_?batch|n_?batch")
_EPOCH = regex(r"epochs?")
_OTHER = frozenset({"step", "steps", "iter", "iters", "iteration", "iterations", "batch", "batches", "per", "size"})
_ROUNDS = frozenset({"int", "round", "max", "min", "ceil", "floor", "float"})
_COUNTS = regex(r"%|==|\b(step|iter|i|idx|batch|epoch)\w*\b|accum|sync")
_TRAINS = regex(r"train|fit|epoch|update|optimi")
_DEPTH = 4


@value_record
class Planned:
    """A schedule whose length is written in one unit and whose scheduler steps in another.

    ``length``: the argument that gives the length; ``counts``: its unit; ``step``: a step of it, once ``each``.
    """

    scheduler: BoundCall
    length: Argument
    counts: Unit
    step: Call
    each: Unit


def planned(file: File) -> Iterator[Planned]:
    """Every scheduler of the file whose length is in view, with what it is counted in and where it is stepped."""
    for call in file.calls:
        known = call.name.startswith(SCHEDULERS) or _TRANSFORMERS.fullmatch(call.name)
        names = _LENGTHS.get(call.short, ("num_training_steps",) if "_schedule" in call.name else ())
        given = next((call.arguments[name] for name in names if name in call.arguments), None)
        if known and call.via is None and given is not None and given.node is not None:
            counts = unit_of(file, given.node.value)
            stepped = None if counts is None else stepped_in(file, call)
            if counts is not None and stepped is not None:
                yield Planned(call, given, counts, *stepped)


# --- words


def unit_of(file: File, expr: Expr, depth: int = _DEPTH) -> Unit | None:
    """What a length is counted in: ``len(loader)`` counts batches, ``args.epochs`` epochs; None when unsure."""
    if not depth:
        return None
    match expr:
        case Call(args=(first, *rest)) if last_name(expr.func) == "len" and not rest:
            return Unit.BATCH if _LOADER.search(file.source(first.value)) else None
        case Call(args=args) if last_name(expr.func) in _ROUNDS:
            units = [unit_of(file, arg.value, depth - 1) for arg in args if not isinstance(arg.value, Literal)]
            return units[0] if len(set(units)) == 1 else None
        case syntax.Binary(op=op, left=left, right=right):
            return _of_both(op, _operand(file, left, depth - 1), _operand(file, right, depth - 1))
        case Name():
            made = followed(file, expr)
            named = made is expr or isinstance(made, Literal)
            return _by_words(expr.id) if named else unit_of(file, made, depth - 1)
        case Attribute(attr=attr):
            return _by_words(attr)
        case syntax.Subscript(index=Literal(value=str(key))):
            return _by_words(key)
    return None


def _operand(file: File, expr: Expr, depth: int) -> Unit | float | None:
    """A unit, or a number without one; None when unsure."""
    if isinstance(expr, Literal):
        return float(expr.value) if isinstance(expr.value, int | float) else None
    return unit_of(file, expr, depth)


def _of_both(op: str, left: Unit | float | None, right: Unit | float | None) -> Unit | None:
    if left is Unit.BATCH and op in ("*", "//", "/", "+", "-"):
        return None if right is Unit.BATCH and op in ("//", "/") else Unit.BATCH
    if right is Unit.BATCH and op in ("*", "+"):
        return Unit.BATCH
    if op in ("+", "-", "*") and {left, right} <= {Unit.EPOCH, *_numbers(left, right, whole=op != "*")}:
        return Unit.EPOCH if Unit.EPOCH in (left, right) else None
    return Unit.EPOCH if op in ("/", "//") and left is Unit.EPOCH and isinstance(right, float) else None


def _numbers(*operands: Unit | float | None, whole: bool) -> list[float]:
    """Numbers that leave the unit as it is: all in a sum; in a product shares only, as 100 may be batches."""
    return [each for each in operands if isinstance(each, float) and (whole or each <= 2)]


def _by_words(name: str) -> Unit | None:
    said = words(name)
    return Unit.EPOCH if any(_EPOCH.fullmatch(word) for word in said) and _OTHER.isdisjoint(said) else None


# --- loops


def stepped_in(file: File, scheduler: BoundCall) -> tuple[Call, Unit] | None:
    """A step of a scheduler and what it is done once in; None unless all its steps are in view and agree."""
    steps = [step for step in step_calls(file) if any(made.node is scheduler.node for made in step.made)]
    if not steps or any(step.call.args for step in steps):
        return None
    found = {_once_each(file, step.call, file.source(step.thing), _DEPTH, guarded=False) for step in steps}
    each = found.pop() if len(found) == 1 else None
    return None if each is None else (steps[0].call, each)


def _once_each(file: File, node: Node, scheduler: str, depth: int, *, guarded: bool) -> Unit | None:
    """Whether something runs once a batch, or at most once an epoch, told by the innermost loop around it.

    ``guarded``: under a condition that may leave out some rounds, so that nobody knows in how many batches it runs.
    """
    for block, part in reversed(blocks_around(file, node)):
        match block:
            case For() if part == 1:
                if goes_over_batches(file, block):
                    return None if guarded else Unit.BATCH
                return Unit.EPOCH if _goes_over_epochs(file, block) else None
            case syntax.If(test=test):
                guarded |= scheduler not in file.source(test) and _COUNTS.search(file.source(test)) is not None
            case FunctionDef():
                return _in_function(file, block, node, scheduler, depth, guarded=guarded)
            case syntax.Try() | syntax.Conditional() | syntax.Binary():
                pass
            case _:
                return None
    return None


def _in_function(
    file: File, function: FunctionDef, node: Node, scheduler: str, depth: int, *, guarded: bool
) -> Unit | None:
    before = [loop for loop in file.within(For, function) if loop.end <= node.start and goes_over_batches(file, loop)]
    if any(_has_backward(loop) for loop in before):
        return Unit.EPOCH
    calls = calls_of(file, function) if depth else ()
    found = {_once_each(file, call, scheduler, depth - 1, guarded=guarded) for call in calls}
    return found.pop() if len(found) == 1 else None


def goes_over_batches(file: File, loop: For) -> bool:
    """Whether a loop goes over the batches of a loader."""
    if "epoch" in file.source(loop.target):
        return False
    if isinstance(loop.target, Name) and _BATCH.fullmatch(loop.target.id):
        return True
    names = [part for part in walk(loop.iter) if isinstance(part, Name)]
    return any(_LOADER.search(file.source(each)) for each in (loop.iter, *(followed(file, name) for name in names)))


def _goes_over_epochs(file: File, loop: For) -> bool:
    """Whether a loop counts epochs, and all batches are trained on in each round: in an inner loop, or in a call."""
    if "epoch" not in file.source(loop.target) and not re.search(r"epochs?\b", file.source(loop.iter), re.IGNORECASE):
        return False
    inner = [each for each in file.within(For, loop) if each is not loop and goes_over_batches(file, each)]
    if inner:
        return any(_has_backward(each) or _calls_training(each) for each in inner)
    direct = any(last_name(part.func) == "backward" for part in walk(loop) if isinstance(part, Call))
    return not direct and _calls_training(loop)


def _has_backward(loop: For | While) -> bool:
    names = {last_name(part.func) for part in walk(loop) if isinstance(part, Call)}
    return "backward" in names or "manual_backward" in names


def _calls_training(loop: For) -> bool:
    called = [last_name(part.func) for part in walk(loop) if isinstance(part, Call) and not inside(part, loop.iter)]
    return any((_TRAINS.search(name) and name not in ("train", "eval")) or name == "step" for name in called) or any(
        isinstance(part, Call) and last_name(part.func) == "train" and part.args for part in walk(loop)
    )
