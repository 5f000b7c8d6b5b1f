"""Losses of a training loop that are added up as tensors, each with the graph that it was computed by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.events import EventKind
from hplint.facts.syntax import (
    Assign,
    Attribute,
    AugAssign,
    Binary,
    Binding,
    Call,
    Expr,
    For,
    FunctionDef,
    Lambda,
    Name,
    Node,
    While,
)
from hplint.facts.training import TrainingStep
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_KEEPS = frozenset({"mean", "sum", "clone", "cpu", "cuda", "to", "float", "double", "squeeze", "view", "reshape"})
"""Methods of a tensor whose result has its graph."""
_WRITES = ("no_grad", "inference_mode", "set_grad_enabled")


@value_record
class KeptLoss:
    """A loss that is added to ``kept``, which lives longer than the round. ``value`` is what is added at ``at``."""

    at: AugAssign | Assign | Call
    kept: Name | Attribute
    loss: Name
    value: Expr
    backward: Node


def kept_losses(step: TrainingStep) -> Iterator[KeptLoss]:
    """Where the losses of a loop are kept with their graphs, though none is ever differentiated again."""
    file = step.file
    for event in step.events:
        call = event.node
        if event.kind is not EventKind.BACKWARD or event.via is not None or not isinstance(call, Call):
            continue
        if any(arg.keyword in ("retain_graph", "create_graph") for arg in call.args):
            return
        loss = next((p for p in walk(call) if isinstance(p, Name) and file.receivers.text(p) == event.target), None)
        loop = None if loss is None else _loop_around(step, call)
        if loss is None or loop is None:
            continue
        live = _Live(file, loss, loop)
        for at, kept, value in _additions(file, loop):
            if not live.holds(value) or not _outlives(file, kept, loop, at) or _records_nothing(file, at):
                continue
            if last_name(kept) not in _differentiated(file, step.function, kept):
                yield KeptLoss(at, kept, loss, value, call)


def _loop_around(step: TrainingStep, node: Node) -> For | While | None:
    """The innermost loop around a record within its function."""
    every: tuple[For | While, ...] = (*step.file.every(For), *step.file.every(While))
    function = step.function
    around = [e for e in every if inside(node, e) and (function is None or inside(e, function))]
    return max(around, key=lambda each: each.start, default=None)


def _additions(file: File, loop: For | While) -> Iterator[tuple[AugAssign | Assign | Call, Name | Attribute, Expr]]:
    """Each ``kept += value``, ``kept = kept + value`` and ``kept.append(value)`` of a loop."""
    for part in walk(loop, skip=(FunctionDef, Lambda, syntax.ClassDef)):
        match part:
            case AugAssign(op="+", target=Name() | Attribute() as kept, value=value):
                yield part, kept, value
            case Assign(targets=(Name() | Attribute() as kept,), value=Binary(op="+", left=left, right=right)):
                text = file.source(kept)
                if text in (file.source(left), file.source(right)):
                    yield part, kept, right if file.source(left) == text else left
            case Call(func=Attribute(attr="append", value=Name() | Attribute() as kept), args=(only,)):
                yield part, kept, only.value


def _outlives(file: File, kept: Name | Attribute, loop: For | While, at: Node) -> bool:
    """Whether a name is set before a loop, and in it only added to."""
    text = file.source(kept)
    for statement in file.within(Assign, loop):
        if statement is not at and any(file.source(part) == text for each in statement.targets for part in walk(each)):
            return False
    if any(isinstance(part, Name) and part.id == last_name(kept) for part in _bound_by(loop)):
        return False
    if isinstance(kept, Attribute):
        return is_self(kept.value)
    found = file.names.lookup(kept.id, kept.scope)
    return found is not None and any(not inside(each, loop) and _is_plain(each) for each in found[1])


def _bound_by(loop: For | While) -> Iterator[Node]:
    if isinstance(loop, For):
        yield from walk(loop.target)


def _is_plain(binding: Binding) -> bool:
    """Whether a name starts as a number or an empty list, not as a tensor that somebody else may use."""
    value = binding.value
    if isinstance(value, Call):
        return last_name(value.func) in ("tensor", "zeros", "list", "Tensor", "FloatTensor")
    return isinstance(value, syntax.Literal) or (isinstance(value, syntax.Collection) and not value.elements)


def _records_nothing(file: File, at: Node) -> bool:
    """Whether a place stands where no gradients are recorded."""
    return any(
        any(word in file.source(context) for word in _WRITES)
        for statement in file.every(syntax.With)
        if inside(at, statement)
        for context, _ in statement.items
    )


def _differentiated(file: File, function: FunctionDef | None, kept: Name | Attribute) -> frozenset[str]:
    """The last parts of all names that a ``backward`` may go back to; nothing is known of a name that is handed on."""
    around: Node = Node(0, len(file.text)) if function is None or isinstance(kept, Attribute) else function
    found: set[str] = set()
    for call in file.within(Call, around):
        if last_name(call.func) in ("backward", "manual_backward", "grad", "scale"):
            found |= _names(call)
    assigns: list[Assign | AugAssign] = [*file.within(Assign, around), *file.within(AugAssign, around)]
    appended = [
        (last_name(call.func.value), call)
        for call in file.within(Call, around)
        if isinstance(call.func, Attribute) and call.func.attr in ("append", "extend", "insert")
    ]
    size = -1
    while size != len(found):
        size = len(found)
        for each in assigns:
            targets = each.targets if isinstance(each, Assign) else (each.target,)
            if each.value is not None and any(_set(target) & found for target in targets):
                found |= _names(each.value)
        for name, call in appended:
            if name in found:
                found |= _names(call)
    return frozenset(found)


def _names(node: Node) -> set[str]:
    return {last_name(part) for part in walk(node) if isinstance(part, Name | Attribute)} - {"self"}


def _set(target: Expr) -> set[str]:
    """The last parts of the names that an assignment sets."""
    if isinstance(target, Name | Attribute):
        return {last_name(target)}
    return _names(target)


class _Live:
    """The names that stand for a loss, or a part of it, with its graph."""

    def __init__(self, file: File, loss: Name, loop: For | While) -> None:
        self._file = file
        self._loop = loop
        self._bindings: dict[str, Binding] = {}
        self._add(loss, 3)

    def _last(self, name: Name) -> Binding | None:
        """What sets a name last before it is read, in the same round."""
        found = self._file.names.lookup(name.id, name.scope)
        before = [each for each in found[1] if each.end <= name.start] if found is not None else []
        last = max(before, key=lambda each: each.start, default=None)
        return last if last is not None and inside(last, self._loop) and last.start > self._loop.start else None

    def _add(self, name: Name, depth: int) -> None:
        binding = self._last(name)
        if binding is None or not depth or name.id in self._bindings:
            return
        self._bindings[name.id] = binding
        for part in _terms(binding.value) if binding.value is not None and binding.path == () else ():
            inner = self._last(part) if isinstance(part, Name) and "loss" in part.id.lower() else None
            made = inner.value if inner is not None and inner.path == () else None
            if isinstance(part, Name) and isinstance(made, Call) and not _cut(made):
                self._add(part, depth - 1)

    def holds(self, value: Expr) -> bool:
        """Whether a value certainly has a graph of the loss."""
        match value:
            case Name():
                known = self._bindings.get(value.id)
                return known is not None and known is self._last(value)
            case Binary(op="+" | "-" | "*" | "/"):
                return self.holds(value.left) or self.holds(value.right)
            case Call(func=Attribute(attr=method, value=inner)) if method in _KEEPS:
                return self.holds(inner)
        return False


def _terms(value: Expr) -> Iterator[Expr]:
    """What is added up or scaled to an expression."""
    if isinstance(value, Binary):
        yield from _terms(value.left)
        yield from _terms(value.right)
    else:
        yield value


def _cut(value: Call) -> bool:
    return last_name(value.func) in ("item", "detach", "float", "tolist", "numpy")
