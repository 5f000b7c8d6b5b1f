"""Values that keep the graph of every batch: outputs that are added up as tensors while gradients are recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.syntax import Assign, Attribute, AugAssign, Call, Expr, For, Name
from hplint.facts.tree import children, last_name, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_CUTS = frozenset(
    {"item", "detach", "detach_", "numpy", "tolist", "argmax", "argmin", "argsort", "topk", "max", "min", "round"}
    | {"data", "shape", "size", "dim", "numel", "eq", "ne", "gt", "ge", "lt", "le", "long", "int", "bool", "byte"}
    | {"sign", "floor", "ceil"}
)
"""Attributes and methods of a tensor whose result has no graph, or not always."""
_DEPTH = 30
_LOSS = regex(r"loss|criterion|nll|mse|bce|cross_entropy", re.IGNORECASE)


def kept_graphs(file: File, loop: For, forward: Call) -> Iterator[AugAssign | Assign | Call]:
    """Where a loop adds to a sum or a list what still holds the graph of a call of the model."""
    graphs = _Graphs(file, forward)
    for part in walk(loop, skip=(syntax.FunctionDef, syntax.Lambda)):
        match part:
            case Assign(targets=(Name(id=name),), value=value) if value is not None:
                if graphs.holds(value) and _reads(value, name) and isinstance(value, syntax.Binary):
                    yield part
                graphs.note(name, value)
            case Assign(targets=targets):
                for inner in (inner for target in targets for inner in walk(target)):
                    if isinstance(inner, Name):
                        graphs.forget(inner.id)
            case AugAssign(op="+", target=Name() | Attribute(), value=value) if graphs.holds(value):
                yield part
            case Call(func=Attribute(attr="append"), args=(only,)) if graphs.holds(only.value):
                yield part


class _Graphs:
    """The names that hold a graph so far."""

    def __init__(self, file: File, forward: Call) -> None:
        self._file = file
        self._forward = forward
        self._names: set[str] = set()

    def note(self, name: str, value: Expr) -> None:
        if self.holds(value):
            self._names.add(name)
        else:
            self.forget(name)

    def forget(self, name: str) -> None:
        self._names.discard(name)

    def holds(self, expr: Expr, depth: int = _DEPTH) -> bool:
        """Whether a value certainly holds the graph of the call."""
        if depth == 0:
            return False
        match expr:
            case Name():
                return expr.id in self._names
            case Call():
                return self._of_call(expr, depth - 1)
            case Attribute():
                return expr.attr.endswith("loss") and self.holds(expr.value, depth - 1)
            case syntax.Binary(op="+" | "-" | "*" | "/" | "**"):
                return self.holds(expr.left, depth - 1) or self.holds(expr.right, depth - 1)
        return False

    def _of_call(self, call: Call, depth: int) -> bool:
        if call is self._forward:
            return True
        if isinstance(call.func, Attribute) and self.holds(call.func.value, depth):
            return call.func.attr not in _CUTS
        name = self._file.qualified(call.func) or ""
        computes = name.startswith("torch.nn.functional.") or (
            not self._file.definition(call.func) and _LOSS.search(last_name(call.func))
        )
        return bool(computes) and any(self.holds(arg.value, depth) for arg in call.args)


def _reads(expr: Expr, name: str) -> bool:
    return any(isinstance(part, Name) and part.id == name for part in children(expr))
