"""One step from an expression to those that it takes its value from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hplint.facts.expanded import argument_ways, loop_ways, none_tested
from hplint.facts.origins import without_none
from hplint.facts.syntax import (
    Attribute,
    Binding,
    BindingKind,
    Call,
    Collection,
    Conditional,
    Expr,
    FunctionDef,
    Name,
    NamedExpr,
    Subscript,
)
from hplint.facts.values import OriginKind
from hplint.facts.ways import MOST, Held, Way, Ways, either, one, unknown

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_DEEPEST = 4
"""Indices into each other that are followed."""


class Steps:
    """Answers for the expressions of one file."""

    def __init__(self, owner: Evaluator) -> None:
        self._owner = owner
        self._asked: set[str] = set()
        self._under_way: set[int] = set()
        self._final_names: dict[str, Name] = {}

    def of(self, expr: Expr) -> Ways:
        """The expressions that one takes its value from; none for what is computed or written in place."""
        if id(expr) in self._under_way:
            return unknown("it is defined by itself")
        self._under_way.add(id(expr))
        try:
            return self._step(expr)
        finally:
            self._under_way.discard(id(expr))

    def _step(self, expr: Expr) -> Ways:
        match expr:
            case Name():
                return self._of_name(expr)
            case Attribute():
                return self._of_attribute(expr)
            case Subscript():
                return self._of_subscript(expr)
            case Conditional():
                body, orelse = self._plain(expr.body), self._plain(expr.orelse)
                spared = none_tested(expr)
                if spared == "body":
                    body = without_none(body)
                elif spared:
                    orelse = without_none(orelse)
                return either((body, orelse))
            case Call():
                return self._of_call(expr)
            case NamedExpr():
                return self._plain(expr.value)
        return unknown("it is computed")

    def unpacked(self, expr: Expr, path: tuple[int, ...]) -> Ways:
        """The expression at some indices of one that is written out, or that a function of the project returns."""
        rest = list(path)
        if len(rest) > _DEEPEST:
            return unknown("it is unpacked too often")
        while rest and isinstance(expr, Collection):
            index = rest.pop(0)
            if not -len(expr.elements) <= index < len(expr.elements):
                return unknown("there are not so many values to unpack")
            expr = expr.elements[index]
        if not rest:
            return self._plain(expr)
        if isinstance(expr, Call | Name | Attribute | Conditional):
            found = self._owner.ways(expr)
            return replace(found, every=tuple(replace(way, path=(*way.path, *rest)) for way in found.every))
        return unknown("what is unpacked is not written out")

    def global_ways(self, dotted: str) -> Ways:
        """Where a name of the module, or an attribute of it, takes its value from."""
        if dotted in self._asked:
            return unknown("modules import it from each other")
        self._asked.add(dotted)
        try:
            name, *attrs = dotted.split(".")
            found = self._of_bindings(self._at_end_of_module(name), name, 0)
            for attr in attrs:
                held = self._global_objects(name) if attr is attrs[0] else self._owner.object_maker.along(found)
                found = self._entries(held, attr, None, 0, dotted)
            return found
        finally:
            self._asked.discard(dotted)

    def _global_objects(self, name: str) -> Held:
        return self._owner.objects(self.final_name(name))

    def _at_end_of_module(self, name: str) -> tuple[Binding, ...]:
        return self._owner.names.reaching(self.final_name(name))

    def final_name(self, name: str) -> Name:
        """A name as it is read at the end of the module."""
        known = self._final_names.get(name)
        if known is None:
            end = self._owner.names.scope(0).end
            known = self._final_names[name] = Name(end, end, name, 0)
        return known

    # --- names

    def _of_name(self, name: Name) -> Ways:
        found = self._owner.names.lookup(name.id, name.scope)
        if found is None:
            star = self._owner.names.star_of(name.id, name.scope)
            return unknown(f"`{name.id}` is not defined in this file") if star is None else self._of_import(star)
        return self._of_bindings(self._owner.names.reaching(name), name.id, found[0].number)

    def _of_bindings(self, bindings: tuple[Binding, ...], label: str, scope: int) -> Ways:
        if not bindings:
            return unknown(f"`{label}` is not defined in this file")
        if len(bindings) > MOST:
            return unknown(f"`{label}` is set in very many places")
        if len(bindings) == 1:
            return either((self._of_binding(bindings[0], label, scope),))
        found = either(self._of_binding(binding, label, scope) for binding in bindings)
        return replace(found, sure=False)

    def _of_binding(self, binding: Binding, label: str, scope: int) -> Ways:
        if binding.kind is BindingKind.PARAMETER:
            return self._owner.parameters.ways(binding, self._owner.names.scope(scope))
        if binding.imported is not None:
            return self._of_import(binding.imported)
        if binding.kind is BindingKind.AUGMENTED:
            return self._in_place(binding, label)
        if binding.value is None or binding.path is None:
            return unknown(f"`{label}` is {_REASONS.get(binding.kind, 'not a plain value')}")
        if binding.kind is BindingKind.ASSIGN:
            return one(Way(binding.value, OriginKind.CONSTANT, label, self._owner, binding.path))
        if binding.kind is BindingKind.LOOP:
            return loop_ways(binding.value, binding.path, label, self._owner)
        return unknown(f"`{label}` is {_REASONS.get(binding.kind, 'not a plain value')}")

    def _in_place(self, binding: Binding, label: str) -> Ways:
        """What ``lr *= 2`` makes of a name; in a loop nobody knows how often it does."""
        holders = self._owner.holders
        changed = holders.in_place(binding.start)
        if changed is None or holders.loops(binding, holders.frame_at(binding)):
            return unknown(f"`{label}` is changed in place")
        return one(Way(changed, OriginKind.CONSTANT, label, self._owner))

    def _of_import(self, dotted: str) -> Ways:
        found = self._owner.imported(dotted)
        if found is None or not found[1]:
            return unknown(f"`{dotted.lstrip('.')}` is imported and was not found in the project")
        return found[0].evaluator.steps.global_ways(found[1])

    # --- attributes, items, calls

    def _of_attribute(self, expr: Attribute) -> Ways:
        dotted = self._owner.definitions.imported_name(expr)
        if dotted is not None:
            found = self._owner.imported(dotted)
            if found is not None and found[1] and "." not in found[1]:
                return found[0].evaluator.steps.global_ways(found[1])
        if expr.attr == "value" and isinstance(expr.value, Name):
            flag = argument_ways(expr.value, self._owner)
            if flag is not None:
                return flag
        return self._entries(self._owner.objects(expr.value), expr.attr, expr, self._frame(expr), shown(expr))

    def _of_subscript(self, expr: Subscript) -> Ways:
        key = self._owner.value(expr.index).single
        if key is not None and isinstance(key.constant, str):
            held = self._owner.objects(expr.value)
            label = f"{shown(expr.value)}[{key.constant!r}]"
            return self._entries(held, key.constant, expr, self._frame(expr), label)
        if key is not None and isinstance(key.constant, int) and isinstance(expr.value, Call | Attribute):
            return self.unpacked(expr.value, (key.constant,))
        return unknown("the index is not known" if key is None else "the item is not known")

    def _entries(self, held: Held, name: str, use: Expr | None, frame: int, label: str) -> Ways:
        """The entries of some objects, with what is set later."""
        if not held.every:
            return unknown(f"it is not known what holds `{label}`")
        found = either(holder.entry(name) for holder in held.every)
        written = found
        found = self._owner.stores.applied(found, held, name, use, frame)
        if found is not written:
            # Code that changes what a file brought knows better than the file.
            kept = tuple(way for way in found.every if way.kind is not OriginKind.CONFIG_FILE)
            found = replace(found, every=kept)
        if not held.closed:
            found = replace(found, closed=False, why=found.why or f"it is not known for certain what holds `{label}`")
        if not any(way.kind is OriginKind.DICT_ITEM for way in found.every):
            return found
        every = tuple(replace(w, label=label) if w.kind is OriginKind.DICT_ITEM else w for w in found.every)
        return replace(found, every=every)

    def _of_call(self, call: Call) -> Ways:
        found = argument_ways(call, self._owner) or self._owner.definitions.looked_up(call)
        if found is not None:
            return found
        function = self._owner.definitions.callee(call.func)
        if function is not None and isinstance(function[1], FunctionDef):
            found = function[0].definitions.returned(function[1], function[1].name)
            replaced = function[0].parameters.replaced(function[1], call, self._owner)
            return replace(found, every=tuple(replace(way, replaced=replaced) for way in found.every))
        return unknown("it is what a call returns")

    def entry(self, base: Expr, name: str, use: Expr) -> Ways:
        """What the attribute or item ``name`` of an expression is where ``use`` stands."""
        return self._entries(self._owner.objects(base), name, use, self._frame(use), f"{shown(base)}.{name}")

    def _frame(self, expr: Expr) -> int:
        root = expr
        while isinstance(root, Attribute | Subscript):
            root = root.value
        return (
            self._owner.holders.frame(root.scope)
            if isinstance(root, Name | Call)
            else self._owner.holders.frame_at(expr)
        )

    def _plain(self, expr: Expr) -> Ways:
        return one(Way(expr, OriginKind.LITERAL, "", self._owner))


_REASONS = {
    BindingKind.WITH: "what a context manager gives",
    BindingKind.FUNCTION: "a function",
    BindingKind.CLASS: "a class",
}


def shown(expr: Expr) -> str:
    """A dotted name as the user wrote it, short for anything else."""
    if isinstance(expr, Name):
        return expr.id
    if isinstance(expr, Attribute):
        return f"{shown(expr.value)}.{expr.attr}"
    return "…"
