"""Chains of operations as rules see them: what a loss is given, which layer follows which."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from hplint.facts.flow import Flow, LossUse, Step, parts
from hplint.facts.operations import KEEPS_VALUES
from hplint.facts.syntax import Attribute, Call, Collection, Expr, Name, Node, Subscript

if TYPE_CHECKING:
    from hplint.facts.file import File

_LENGTH = 40


def outcomes(flow: Flow, through: Container[str] = KEEPS_VALUES) -> tuple[Step, ...]:
    """The operations that may have made a tensor, seen through those that change nothing about it.

    Empty when any of them is not known.
    """
    found: list[Step] = []
    pending = list(parts(flow))
    seen: set[Step] = set()
    while pending:
        each = pending.pop(0)
        if not isinstance(each, Step) or len(seen) > _LENGTH:
            return ()
        if each in seen:
            continue
        seen.add(each)
        if each.kind in through and each.inputs:
            pending += parts(each.inputs[0])
        else:
            found.append(each)
    return tuple(found)


def losses_given(file: File, loss: str, kinds: Container[str]) -> Iterator[tuple[LossUse, tuple[Step, ...]]]:
    """The calls of a loss whose input is certainly made by an operation of these kinds, with these operations.

    A loss that is called in several ways is told of once for each place where the operation stands.
    """
    seen = set()
    for use in file.flows.losses:
        if use.kind != loss:
            continue
        made = outcomes(use.input)
        here = {use.file, *(step.file for step in made[:1])}
        if file not in here and (use.criterion is None or use.criterion.file is not file):
            continue  # told of where both are checked
        key = use.node, tuple(step.node for step in made)
        if made and key not in seen and all(step.kind in kinds for step in made):
            seen.add(key)
            yield use, made


def follows(step: Step, through: Container[str] = ()) -> Step | None:
    """The one operation whose result a layer is given, seen through operations of some kinds; None when unsure.

    Nothing else may use what is in between.
    """
    flow = step.inputs[0] if step.inputs else None
    for _ in range(_LENGTH):
        if not isinstance(flow, Step):
            return None
        if flow.kind not in through:
            return flow
        flow = flow.inputs[0] if flow.inputs else None
    return None


def place_of_operation(file: File, use: LossUse, step: Step) -> tuple[Node, tuple[tuple[Node, File, str], ...]]:
    """Where to speak of an operation before a loss, in the checked file, and the other places with their files."""
    loss = (use.node, use.file, "the loss that it reaches")
    if step.file is file:
        return step.node, (loss,)
    made = (step.node, step.file, "made here")
    if use.file is file:
        return use.at, (made,)
    return use.via or use.node, (loss, made)


def without_operation(file: File, step: Step) -> tuple[int, int, str] | None:
    """The edit that leaves an operation out: ``F.softmax(x, 1)`` becomes ``x``, a layer of a chain goes."""
    call = step.node
    if step.file is not file or not isinstance(call, Call):
        return None
    if step.layer is not None and call is step.call:
        return _without_layer(file, call)
    inner = call.args[0].value if call.args and not call.args[0].star and call.args[0].keyword is None else None
    if isinstance(call.func, Attribute) and step.layer is None and _is_method(file, call.func):
        inner = call.func.value
    if inner is None:
        return None
    text = file.source(inner)
    plain = isinstance(inner, Name | Attribute | Call | Subscript)
    return call.start, call.end, text if plain else f"({text})"


def _is_method(file: File, func: Attribute) -> bool:
    """Whether a function is called on its tensor: ``x.softmax(1)``."""
    return file.qualified(func) is None


def _without_layer(file: File, call: Call) -> tuple[int, int, str] | None:
    """Cut an element out of the call or the list that it stands in, with the comma before it."""
    for outer in file.all(Call):
        if outer.start <= call.start and call.end <= outer.end:
            values: list[Expr] = [arg.value for arg in outer.args if arg.keyword is None]
            lists = [value.elements for value in values if isinstance(value, Collection)]
            for elements in (values, *lists):
                position = next((n for n, each in enumerate(elements) if each is call), 0)
                if position > 0:
                    return elements[position - 1].end, call.end, ""
    return None
