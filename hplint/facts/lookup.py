"""Functions and classes of the project that expressions stand for, in this file or in one that it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.records import Instance, method
from hplint.facts.syntax import Attribute, Call, ClassDef, Expr, FunctionDef, Literal, Name
from hplint.facts.values import OriginKind
from hplint.facts.ways import Way, Ways, either, one, unknown

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_DEFAULTS = ("default", "default_value", "fallback")


class Lookup:
    """Answers for the expressions of one file."""

    def __init__(self, owner: Evaluator) -> None:
        self._owner = owner

    def definition_at(self, expr: Expr) -> tuple[Evaluator, FunctionDef | ClassDef] | None:
        """The function or class of the project that an expression stands for, with the evaluator of its file."""
        found = self._owner.defined(expr)
        return None if found is None else (found[0].evaluator, found[1])

    def class_at(self, expr: Expr) -> tuple[Evaluator, ClassDef] | None:
        """The class of the project that an expression stands for."""
        found = self.definition_at(expr)
        return (found[0], found[1]) if found is not None and isinstance(found[1], ClassDef) else None

    def callee(self, func: Expr) -> tuple[Evaluator, FunctionDef | ClassDef] | None:
        """The function, method or class of the project that a call runs."""
        found = self.definition_at(func)
        if found is not None or not isinstance(func, Attribute):
            return found
        held = self._owner.objects(func.value)
        for holder in held.every:
            definition = getattr(holder, "definition", None)
            if isinstance(definition, ClassDef) and len(held.every) == 1:
                return method(holder.home, definition, func.attr)
        return None

    def looked_up(self, call: Call) -> Ways | None:
        """The ``default`` that a function of the project is given to look something up by name; None for others."""
        first = call.args[0] if len(call.args) > 1 else None
        key = first.value.value if first is not None and isinstance(first.value, Literal) else None
        home, function = (self._runs(call.func) if isinstance(key, str) else None) or (self._owner, None)
        if not isinstance(key, str) or not isinstance(function, FunctionDef) or (first is not None and first.keyword):
            return None
        default = next((each for each in function.parameters if each.name in _DEFAULTS), None)
        given = () if default is None else home.parameters.given(function, call, self._owner, default).every
        if len(given) != 1 or given[0].kind is not OriginKind.ARGUMENT:
            return None
        way = Way(given[0].expr, OriginKind.FALLBACK, key, given[0].owner)
        return one(way, why=f"`{key}` may be set")

    def _runs(self, func: Expr) -> tuple[Evaluator, FunctionDef | ClassDef] | None:
        """The function that a call runs, the ``__call__`` of an object too."""
        found = self.callee(func)
        held = self._owner.objects(func).every if found is None else ()
        if len(held) == 1 and isinstance(held[0], Instance):
            return method(held[0].home, held[0].definition, "__call__")
        return found

    def returned(self, function: FunctionDef, label: str) -> Ways:
        """What a function gives back."""
        returns = self._owner.holders.returns(function)
        values = [each.value for each in returns if each.value is not None]
        if not values or len(values) != len(returns):
            return unknown(f"`{label}` returns nothing that is known")
        return either(one(Way(value, OriginKind.RETURNED, f"{label}()", self._owner)) for value in values)

    def imported_name(self, expr: Expr) -> str | None:
        """The dotted name, as it is imported here, that an expression starts with an import of."""
        parts: list[str] = []
        while isinstance(expr, Attribute):
            parts.append(expr.attr)
            expr = expr.value
        if not isinstance(expr, Name):
            return None
        bindings = self._owner.names.reaching(expr)
        if not bindings:
            star = self._owner.names.star_of(expr.id, expr.scope)
            return None if star is None else ".".join((star, *reversed(parts)))
        if len(bindings) != 1 or bindings[0].imported is None:
            return None
        return ".".join((bindings[0].imported, *reversed(parts)))
