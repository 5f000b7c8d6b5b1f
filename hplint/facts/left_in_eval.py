"""Models that a training loop puts into evaluation mode and never back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.events import Event, EventKind, Grad
from hplint.facts.modes import modes_of
from hplint.facts.receivers import words
from hplint.facts.summaries import Loop, Trace
from hplint.facts.syntax import Assign, Attribute, Call, Comprehension, For, FunctionDef, Name, While
from hplint.facts.training import owned, reaching_backward
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_SWITCHES = (EventKind.TRAIN, EventKind.UNKNOWN)
_NO_SWITCH = re.compile(r"loss|criterion|model|net|log|print", re.IGNORECASE)
_HOOKS = frozenset({"hook", "hooks", "callback", "callbacks", "before", "after"})


@value_record
class LeftInEval:
    """In each round of ``loop`` a model is trained at ``forward`` and later put into evaluation mode for good."""

    loop: For | While
    forward: Event
    switch: Event


def left_in_eval(file: File) -> Iterator[LeftInEval]:
    """The loops that train a model, evaluate it, and go on training it in evaluation mode."""
    if ".eval()" not in file.text or "backward" not in file.text:
        return
    summaries = modes_of(file)
    told: set[int] = set()
    for function in reaching_backward(summaries):
        if not _holds_loop(file, function) or owned(summaries, function):
            continue
        traces = summaries.of_module() if function is None else summaries.of(function)
        for found in _of(traces):
            if found.loop.start not in told and not _is_new(file, found) and not _runs_unseen(file, found.loop):
                told.add(found.loop.start)
                yield found


def _holds_loop(file: File, function: FunctionDef | None) -> bool:
    """Whether there is a loop in a function, or outside of all functions."""
    if function is None:
        functions = file.all(FunctionDef)
        loops = (*file.every(For), *file.every(While))
        return any(not any(inside(loop, each) for each in functions) for loop in loops)
    return bool(file.within(For, function) or file.within(While, function))


def _is_new(file: File, found: LeftInEval) -> bool:
    """Whether the model, or the object that holds it, may be another one in each round."""
    root = (found.switch.target or "").partition(".")[0]
    targets = [each.targets for each in file.within(Assign, found.loop)]
    if isinstance(found.loop, For):
        targets.append((found.loop.target,))
    every = (part for each in targets for target in each for part in walk(target))
    return any(isinstance(part, Name) and part.id == root for part in every if root != "self")


def _runs_unseen(file: File, loop: For | While) -> bool:
    """Whether a method of a base that is not seen is called, or a hook, which may switch any mode."""
    receivers = file.receivers
    for call in file.within(Call, loop):
        func = call.func
        if _HOOKS & set(words(last_name(func))):
            return True
        if isinstance(func, Attribute) and is_self(func.value):
            owner = receivers.enclosing_class(call)
            seen = f"self.{func.attr}" in receivers.stores or receivers.method(owner, func.attr) is not None
            if not seen and owner is not None and owner.bases and not _NO_SWITCH.search(func.attr):
                return True
    return False


def _of(traces: tuple[Trace, ...]) -> Iterator[LeftInEval]:
    for position, trace in enumerate(traces):
        if trace.event.kind is not EventKind.EVAL or trace.event.target is None or not trace.chain:
            continue
        for loop in reversed(trace.chain):
            inner = [each for each in traces if loop in each.chain]
            if any(each.event.kind is EventKind.BACKWARD for each in inner):
                found = _judge(loop, inner, traces[:position], trace)
                if found is not None:
                    yield found
                break


def _judge(loop: Loop, inner: list[Trace], before: tuple[Trace, ...], switch: Trace) -> LeftInEval | None:
    """Whether a switch of the mode in a loop holds for all training of later rounds."""
    model = switch.event.target
    if isinstance(loop, Comprehension) or any(each.event.kind in _SWITCHES for each in inner):
        return None
    trained = [each for each in before if loop in each.chain and _trains(each, inner, model)]
    evals = [each for each in before if loop in each.chain and each.event.kind is EventKind.EVAL]
    if not trained or any(each.event.target == model for each in evals):
        return None
    if trained[-1].event.excludes(switch.event) or _ends(loop, switch):
        return None
    measured = any(
        each.event.kind is EventKind.FORWARD and each.event.target == model and _after(each, switch, inner)
        for each in inner
    )
    return LeftInEval(loop, trained[-1].event, switch.event) if measured else None


def _trains(forward: Trace, inner: list[Trace], model: str | None) -> bool:
    """Whether a call of the model is followed by a ``backward`` in the same block."""
    if forward.event.kind is not EventKind.FORWARD or forward.event.target != model or forward.event.grad is Grad.OFF:
        return False
    rest = inner[inner.index(forward) + 1 :]
    following = next((each for each in rest if each.event.kind is EventKind.BACKWARD), None)
    if following is None or any(each.event.kind is EventKind.EVAL for each in rest[: rest.index(following)]):
        return False
    return following.chain == forward.chain and following.event.loops == forward.event.loops


def _after(forward: Trace, switch: Trace, inner: list[Trace]) -> bool:
    return inner.index(forward) > inner.index(switch)


def _ends(loop: For | While, switch: Trace) -> bool:
    """Whether the loop certainly ends where the model is put into evaluation mode."""
    return any("last" in guard.text or "final" in guard.text for guard, _ in switch.guards) and loop in switch.chain
