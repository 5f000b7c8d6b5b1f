"""Training loops from which a part is missing: gradients that nobody uses, steps without gradients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from hplint.facts.calls import BoundCall
from hplint.facts.events import Event, EventKind, Role
from hplint.facts.journeys import journey
from hplint.facts.lifetimes import OPTIMIZERS, SCHEDULERS, optimizers
from hplint.facts.makers import calls_of, made_by, parameter_given, run_by
from hplint.facts.receivers import words
from hplint.facts.syntax import Assign, Attribute, Call, Expr, For, FunctionDef, Name, Node, While
from hplint.facts.training import TrainingStep
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_LOSS = re.compile(r"loss|criterion|cost|objective|nll|mse|cross_entropy", re.IGNORECASE)
_READS = frozenset({"zero_grad", "param_groups", "state_dict", "load_state_dict", "defaults", "state"})
_SEEN = ("torch.", "builtins.", "numpy.", "tqdm.", "time.", "os.", "math.", "random.", "wandb.", "logging.")
_BUSY = frozenset({"train", "fit", "learn", "update", "manual", "run"})
"""Words of methods that may do anything."""
_DEPTH = 3
"""Functions of the file that call each other."""
_DIFFERENTIATES = re.compile(r"backward|\.grad\b|autograd|register_hook|torch\.func|functorch|closure|hogwild")


def never_stepped(file: File) -> Iterator[tuple[BoundCall, Attribute]]:
    """The optimizers whose gradients are cleared, and that are never stepped; with the clearing.

    None where gradients are read, or weights written: then steps are made by hand.
    """
    if any(each.attr in ("grad", "grads", "copy_", "add_", "sub_") for each in file.every(Attribute)):
        return
    for call in optimizers(file):
        if call.inherited or call.subclass is not None or call.via is not None:
            continue
        way = journey(file, call.node)
        if way.escapes or any(each.attr not in _READS for each in way.read):
            continue
        if not all((file.qualified(taker.func) or "").startswith(SCHEDULERS) for taker, _ in way.handed):
            continue
        cleared = next((each for each in way.read if each.attr == "zero_grad"), None)
        if cleared is not None and not _others_step(file, cleared):
            yield call, cleared


def _others_step(file: File, clear: Attribute) -> bool:
    """Whether anything steps in the innermost loop around a clearing: a GAN also clears what it does not train."""
    loops: list[For | While] = [*file.every(For), *file.every(While)]
    around = [loop for loop in loops if inside(clear, loop)]
    loop = max(around, key=lambda each: each.start, default=None)
    return loop is None or any(last_name(call.func) == "step" for call in file.within(Call, loop))


@value_record
class WithoutGradients:
    """A loop in which ``optimizer`` steps at ``step``, though nothing in the file computes gradients."""

    step: Call
    optimizer: Expr
    clear: Call
    loss: Node


def without_gradients(file: File) -> Iterator[WithoutGradients]:
    """The loops that clear gradients, compute a loss and step, in a file that computes no gradients."""
    if any("#" not in file.text[file.text.rfind("\n", 0, at) + 1 : at] for at in _spoken(file.text)):
        return
    loops: list[For | While] = [*file.all(For), *file.all(While)]
    for call in file.callers.by_name.get("step", ()):
        if call.args or not isinstance(call.func, Attribute) or not _is_torch(file, call.func.value):
            continue
        for step, optimizer in _looped(file, call, call.func.value, loops):
            loop = max((loop for loop in loops if inside(step, loop)), key=lambda each: each.start)
            calls = [part for part in walk(loop, skip=(FunctionDef,)) if isinstance(part, Call)]
            text = file.source(optimizer)
            clear = next((each for each in calls if file.source(each.func) == f"{text}.zero_grad"), None)
            loss = _loss_in(file, loop, calls)
            if clear is not None and loss is not None and all(_is_seen(file, each, _DEPTH) for each in calls):
                yield WithoutGradients(step, optimizer, clear, loss)


def _spoken(text: str) -> Iterator[int]:
    """Where a text speaks of gradients."""
    return (match.start() for match in _DIFFERENTIATES.finditer(text))


def _looped(
    file: File, call: Call, optimizer: Expr, loops: list[For | While], depth: int = 2
) -> Iterator[tuple[Call, Expr]]:
    """Where a step is taken in a loop, itself or by the call of a helper, and its optimizer in the words there."""
    if any(inside(call, loop) for loop in loops):
        yield call, optimizer
        return
    function = file.callers.function_around(call)
    if function is None or not depth:
        return
    text = file.source(optimizer)
    for outer in calls_of(file, function):
        given = [arg.value for arg in outer.args if parameter_given(file, function, outer, arg) == text]
        if given or isinstance(optimizer, Attribute):
            yield from _looped(file, outer, given[0] if given else optimizer, loops, depth - 1)


def _loss_in(file: File, loop: For | While, calls: list[Call]) -> Node | None:
    """Where a loop computes a loss."""
    called = next((each for each in calls if _LOSS.search(last_name(each.func))), None)
    if called is not None:
        return called
    kept = [each for each in file.within(Assign, loop) if len(each.targets) == 1 and each.value is not None]
    return next((each for each in kept if _LOSS.search(last_name(each.targets[0]))), None)


def _is_torch(file: File, optimizer: Expr) -> bool:
    made = made_by(file, optimizer)
    return bool(made) and all((file.qualified(call.func) or "").startswith(OPTIMIZERS) for call in made)


def _is_seen(file: File, call: Call, depth: int) -> bool:
    """Whether a call certainly computes no gradients: of a library, a model, a loss, or a method of a plain value.

    Functions of this file do not, where nothing that they call may.
    """
    name = file.qualified(call.func) or ""
    if name.startswith(_SEEN):
        return True
    func = call.func
    role = file.receivers.role(func)
    if role is Role.MODULE or _LOSS.search(last_name(func)):
        return isinstance(func, Name | Attribute)
    function = run_by(file, call) if isinstance(func, Name) or _is_own(func) else None
    if function is not None:
        return depth > 0 and all(_is_seen(file, each, depth - 1) for each in file.within(Call, function))
    if isinstance(func, Attribute):
        if func.attr == "train" and isinstance(func.value, Name) and not call.args:
            return _is_model(file, func.value)
        return not _is_own(func) and not _BUSY & set(words(func.attr))
    return isinstance(func, Name) and _is_model(file, func)


def _is_own(func: Expr) -> bool:
    return isinstance(func, Attribute) and is_self(func.value)


def _is_model(file: File, func: Name) -> bool:
    """Whether a name is one whose parameters the file asks for, or that it puts in evaluation mode."""
    return any(
        isinstance(call.func, Attribute) and isinstance(call.func.value, Name) and call.func.value.id == func.id
        for name in ("parameters", "eval", "state_dict")
        for call in file.callers.by_name.get(name, ())
    )


def again(step: TrainingStep) -> Iterator[tuple[Event, Event]]:
    """Two calls of ``backward`` on one loss, whose graph is gone after the first: the first and the second."""
    calls = [event for event in step.events if event.kind is EventKind.BACKWARD and event.via is None]
    for first, second in pairwise(calls):
        if first.excludes(second) or first.loops != second.loops or first.target != second.target:
            continue
        if not first.always_before(second) or _keeps(first) or first.target is None:
            continue
        loss = _operand(first)
        if isinstance(loss, Name) and isinstance(_operand(second), Name):
            found = step.file.names.lookup(loss.id, loss.scope)
            bindings = found[1] if found is not None else ()
            if bindings and not any(first.node.start < each.start < second.node.start for each in bindings):
                yield first, second


def _operand(event: Event) -> Expr | None:
    call = event.node
    return call.func.value if isinstance(call, Call) and isinstance(call.func, Attribute) and not call.args else None


def _keeps(event: Event) -> bool:
    """Whether a ``backward`` may keep the graph."""
    return isinstance(event.node, Call) and bool(event.node.args)
