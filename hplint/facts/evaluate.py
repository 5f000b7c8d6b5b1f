"""What expressions may be: follows names, attributes and subscripts to constants, and knows when it could not.

:meth:`Evaluator.ways` makes one step, from an expression to those that it takes its value from; :meth:`Evaluator.value`
goes all the way. :func:`hplint.facts.reasons.why` tells the steps to a reader.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from hplint.facts import fold
from hplint.facts.configured import Items
from hplint.facts.expanded import argument_ways, loop_ways, none_tested
from hplint.facts.holders import Holders
from hplint.facts.lookup import Lookup
from hplint.facts.mappings import Mapping
from hplint.facts.names import Names
from hplint.facts.objects import Objects
from hplint.facts.origins import arriving_as, elsewhere, named, same_constant, without_none, written
from hplint.facts.parameters import Parameters
from hplint.facts.stores import Stores
from hplint.facts.syntax import (
    Attribute,
    Binary,
    Binding,
    BindingKind,
    Call,
    Collection,
    Conditional,
    Constant,
    Dict,
    Expr,
    FunctionDef,
    Literal,
    Name,
    NamedExpr,
    Subscript,
    Unary,
)
from hplint.facts.values import DEFAULTS, UNKNOWN, Origin, OriginKind, Possible, Value, union
from hplint.facts.ways import MOST, NOTHING, Held, Holder, Way, Ways, either, one, unknown

if TYPE_CHECKING:
    from hplint.facts.file import File

_DEPTH = 40
"""Steps from name to name, through all files, before the search is given up."""
_COMBINATIONS = 16
"""Values of a computed expression before it counts as unknown."""


class Evaluator:
    """Works out the values of one file's expressions; each is worked out once."""

    depth = 0
    """Of the search that is under way, through all files."""

    def __init__(
        self, names: Names, holders: Holders, imported: Callable[[str], tuple[File, str] | None], path: str = ""
    ) -> None:
        self.names = names
        self.holders = holders
        self.path = path
        self.definitions = Lookup(self)
        self.parameters = Parameters(self)
        self.object_maker = Objects(self)
        self._stores = Stores(self)
        self.imported = imported
        self.document: Callable[[str, str], File | None] = lambda path, kind: None
        self.is_document = False
        self._values: dict[int, Value] = {}
        self._objects: dict[int, Held] = {}
        self.asked: set[str] = set()

    # --- the three questions

    def value(self, expr: Expr) -> Value:
        """What an expression may be."""
        key = id(expr)
        known = self._values.get(key)
        if known is None:
            if Evaluator.depth >= _DEPTH:
                return UNKNOWN
            self._values[key] = UNKNOWN  # the answer for a name that is defined by itself
            Evaluator.depth += 1
            try:
                known = self._values[key] = self._work_out(expr)
            finally:
                Evaluator.depth -= 1
        return known

    def objects(self, expr: Expr) -> Held:
        """The objects with named values that an expression may be."""
        key = id(expr)
        known = self._objects.get(key)
        if known is None:
            if Evaluator.depth >= _DEPTH:
                return NOTHING
            self._objects[key] = NOTHING
            Evaluator.depth += 1
            try:
                known = self._objects[key] = self.object_maker.find(expr)
            finally:
                Evaluator.depth -= 1
        return known

    def ways(self, expr: Expr) -> Ways:
        """The expressions that one takes its value from; none for what is computed or written in place."""
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
                return either(
                    (without_none(body) if spared == "body" else body, without_none(orelse) if spared else orelse)
                )
            case Call():
                return self._of_call(expr)
            case NamedExpr():
                return self._plain(expr.value)
        return unknown("it is computed")

    def global_value(self, dotted: str) -> Value:
        """What a name of the module, or an attribute of it (``Config.lr``), is once the module has been run."""
        return self._arriving(self.global_ways(dotted))

    def global_ways(self, dotted: str) -> Ways:
        """Where a name of the module, or an attribute of it, takes its value from."""
        if dotted in self.asked:
            return unknown("modules import it from each other")
        self.asked.add(dotted)
        try:
            name, *attrs = dotted.split(".")
            found = self._of_bindings(self._at_end_of_module(name), name, 0)
            for attr in attrs:
                held = self._global_objects(name) if attr is attrs[0] else self.object_maker.along(found)
                found = self._entries(held, attr, None, 0, dotted)
            return found
        finally:
            self.asked.discard(dotted)

    def _global_objects(self, name: str) -> Held:
        return self.objects(self.final_name(name))

    def _at_end_of_module(self, name: str) -> tuple[Binding, ...]:
        return self.names.reaching(self.final_name(name))

    def final_name(self, name: str) -> Name:
        """A name as it is read at the end of the module."""
        known = self._final_names.get(name)
        if known is None:
            end = self.names.scope(0).end
            known = self._final_names[name] = Name(end, end, name, 0)
        return known

    @cached_property
    def _final_names(self) -> dict[str, Name]:
        return {}

    # --- values

    def _work_out(self, expr: Expr) -> Value:
        match expr:
            case Literal():
                return written(expr, expr.value)
            case Unary():
                return self._computed(expr, (expr.operand,), lambda parts: fold.unary(expr.op, parts[0]))
            case Binary(op="or"):
                return self._or(expr)
            case Binary(op="and"):
                falsy = [each for each in self.value(expr.left).possible if not each.constant]
                return union((Value(tuple(falsy), self.value(expr.left).closed), self.value(expr.right)))
            case Binary():
                return self._computed(expr, (expr.left, expr.right), lambda p: fold.binary(expr.op, p[0], p[1]))
            case Collection(kind="tuple" | "list") if len(expr.elements) <= _COMBINATIONS:
                return self._computed(expr, expr.elements, tuple)
            case Subscript():
                return self._of_item(expr)
            case Call():
                return self._of_function(expr)
            case Name() | Attribute() | Conditional() | NamedExpr():
                return self._arriving(self.ways(expr))
        return UNKNOWN

    def _or(self, expr: Binary) -> Value:
        left, right = self.value(expr.left), self.value(expr.right)
        truthy = tuple(each for each in left.possible if each.constant)
        if left.closed and len(truthy) == len(left.possible):
            return left
        fallback = right if left.closed else named(right, OriginKind.FALLBACK, "or")
        return union((Value(truthy, left.closed), fallback))

    def _of_function(self, call: Call) -> Value:
        function = self.names.qualified(call.func) or ""
        plain = all(arg.keyword is None and not arg.star for arg in call.args)
        if call.args and plain and function in fold.FUNCTIONS:
            operands = tuple(arg.value for arg in call.args)
            if len(operands) == 1:
                return self._converted(call, operands[0], function)
            return self._computed(call, operands, lambda parts: fold.call(function, parts))
        return self._arriving(self.ways(call))

    def _converted(self, call: Call, operand: Expr, function: str) -> Value:
        """``float(x)``: a number that it leaves as it is keeps its origin."""
        if function == "builtins.len" and isinstance(operand, Collection):
            starred = any(not isinstance(each, Literal | Name | Collection) for each in operand.elements)
            return UNKNOWN if starred else written(call, len(operand.elements))
        value = self._computed(call, (operand,), lambda parts: fold.call(function, parts))
        before = self.value(operand).possible
        if len(before) != len(value.possible):
            return value
        kept = tuple(
            old if old.origin.kind is not OriginKind.LITERAL and same_constant(old.constant, new.constant) else new
            for old, new in zip(before, value.possible, strict=True)
        )
        return Value(kept, value.closed)

    def _computed(
        self, expr: Expr, operands: tuple[Expr, ...], compute: Callable[[tuple[Constant, ...]], Constant]
    ) -> Value:
        parts = [self.value(operand) for operand in operands]
        combinations = 1
        for part in parts:
            combinations *= len(part.possible)
        if not 0 < combinations <= _COMBINATIONS:
            # `()` is known too
            return written(expr, ()) if isinstance(expr, Collection) and not operands else UNKNOWN
        found = []
        closed = all(part.closed for part in parts)
        for choice in itertools.product(*(part.possible for part in parts)):
            try:
                constant = compute(tuple(each.constant for each in choice))
            except fold.NotFolded:
                if closed and combinations == 1:
                    return UNKNOWN
                closed = False
                continue
            kinds = {each.origin.kind for each in choice}
            in_place = kinds <= {OriginKind.LITERAL} and not isinstance(expr, Call)
            kind = OriginKind.LITERAL if in_place else OriginKind.COMPUTED
            found.append(Possible(constant, Origin(kind, "", expr.start, expr.end)))
        return Value(tuple(found), closed)

    def _arriving(self, ways: Ways) -> Value:
        """What arrives by some ways."""
        parts = [self._along(way) for way in ways.every]
        found = union(parts, closed=ways.closed)
        if found.closed or ways.sure:
            return found
        if len(parts) == 1 and ways.closed:
            return found
        # One way in is unknown: what is written elsewhere says nothing of it, but what stays when nobody chooses does.
        lasting = {each for part in parts if not part.closed for each in part.possible}
        return Value(
            tuple(p for p in found.possible if p in lasting or p.origin.kind in DEFAULTS or p.origin.path), closed=False
        )

    def _along(self, way: Way) -> Value:
        """What arrives by one way, known under the way's name."""
        if way.called:
            return UNKNOWN
        value = way.owner.value(way.expr) if not way.path else way.owner.part(way.expr, way.path)
        value = named(value, way.kind, way.label)
        if way.convert or way.not_none:
            value = arriving_as(value, way.convert, not_none=way.not_none)
        return value if way.owner is self else elsewhere(value, way.owner.path, self.path)

    def part(self, expr: Expr, path: tuple[int, ...]) -> Value:
        """What is at some indices of a value."""
        ways = self.unpacked(expr, path)
        if ways.every:
            return self._arriving(ways)
        found = []
        whole = self.value(expr)
        for possible in whole.possible:
            constant = possible.constant
            for index in path:
                if not isinstance(constant, tuple) or not -len(constant) <= index < len(constant):
                    return UNKNOWN
                constant = constant[index]
            found.append(replace(possible, constant=constant))
        return Value(tuple(found), whole.closed)

    def unpacked(self, expr: Expr, path: tuple[int, ...]) -> Ways:
        """The expression at some indices of one that is written out, or that a function of the project returns."""
        rest = list(path)
        while rest and isinstance(expr, Collection):
            index = rest.pop(0)
            if not -len(expr.elements) <= index < len(expr.elements):
                return unknown("there are not so many values to unpack")
            expr = expr.elements[index]
        if not rest:
            return self._plain(expr)
        if isinstance(expr, Call | Name | Attribute | Conditional):
            found = self.ways(expr)
            return replace(found, every=tuple(replace(way, path=(*way.path, *rest)) for way in found.every))
        return unknown("what is unpacked is not written out")

    def _of_item(self, expr: Subscript) -> Value:
        ways = self._of_subscript(expr)
        if ways.every:
            return self._arriving(ways)
        key = self.value(expr.index).single
        whole = self.value(expr.value).single
        if whole is None or key is None or not isinstance(key.constant, int):
            return UNKNOWN
        if not isinstance(whole.constant, tuple) or not -len(whole.constant) <= key.constant < len(whole.constant):
            return UNKNOWN
        return Value((Possible(whole.constant[key.constant], whole.origin),), closed=True)

    # --- names

    def _of_name(self, name: Name) -> Ways:
        found = self.names.lookup(name.id, name.scope)
        if found is None:
            star = self.names.star_of(name.id, name.scope)
            return unknown(f"`{name.id}` is not defined in this file") if star is None else self._of_import(star)
        return self._of_bindings(self.names.reaching(name), name.id, found[0].number)

    def _of_bindings(self, bindings: tuple[Binding, ...], label: str, scope: int) -> Ways:
        if not bindings:
            return unknown(f"`{label}` is not defined in this file")
        if len(bindings) > MOST:
            return unknown(f"`{label}` is set in very many places")
        found = either(self._of_binding(binding, label, scope) for binding in bindings)
        return replace(found, sure=len(bindings) == 1)

    def _of_binding(self, binding: Binding, label: str, scope: int) -> Ways:
        if binding.kind is BindingKind.PARAMETER:
            return self.parameters.ways(binding, self.names.scope(scope))
        if binding.imported is not None:
            return self._of_import(binding.imported)
        if binding.value is None or binding.path is None:
            return unknown(f"`{label}` is {_REASONS.get(binding.kind, 'not a plain value')}")
        if binding.kind is BindingKind.ASSIGN:
            return one(Way(binding.value, OriginKind.CONSTANT, label, self, binding.path))
        if binding.kind is BindingKind.LOOP:
            return loop_ways(binding.value, binding.path, label, self)
        return unknown(f"`{label}` is {_REASONS.get(binding.kind, 'not a plain value')}")

    def _of_import(self, dotted: str) -> Ways:
        found = self.imported(dotted)
        if found is None or not found[1]:
            return unknown(f"`{dotted.lstrip('.')}` is imported and was not found in the project")
        return found[0].evaluator.global_ways(found[1])

    # --- attributes, items, calls

    def _of_attribute(self, expr: Attribute) -> Ways:
        dotted = self.definitions.imported_name(expr)
        if dotted is not None:
            found = self.imported(dotted)
            if found is not None and found[1] and "." not in found[1]:
                return found[0].evaluator.global_ways(found[1])
        if expr.attr == "value" and isinstance(expr.value, Name):
            flag = argument_ways(expr.value, self)
            if flag is not None:
                return flag
        return self._entries(self.objects(expr.value), expr.attr, expr, self._frame(expr), shown(expr))

    def _of_subscript(self, expr: Subscript) -> Ways:
        key = self.value(expr.index).single
        if key is not None and isinstance(key.constant, str):
            held = self.objects(expr.value)
            label = f"{shown(expr.value)}[{key.constant!r}]"
            return self._entries(held, key.constant, expr, self._frame(expr), label)
        if key is not None and isinstance(key.constant, int) and isinstance(expr.value, Call):
            return self.unpacked(expr.value, (key.constant,))
        return unknown("the index is not known" if key is None else "the item is not known")

    def _entries(self, held: Held, name: str, use: Expr | None, frame: int, label: str) -> Ways:
        """The entries of some objects, with what is set later."""
        if not held.every:
            return unknown(f"it is not known what holds `{label}`")
        found = either(holder.entry(name) for holder in held.every)
        if not held.closed:
            found = replace(found, closed=False, why=found.why or f"it is not known for certain what holds `{label}`")
        found = self._stores.applied(found, held, name, use, frame)
        every = tuple(replace(w, label=label) if w.kind is OriginKind.DICT_ITEM else w for w in found.every)
        return replace(found, every=every)

    def _of_call(self, call: Call) -> Ways:
        found = argument_ways(call, self)
        if found is not None:
            return found
        function = self.definitions.callee(call.func)
        if function is not None and isinstance(function[1], FunctionDef):
            return function[0].definitions.returned(function[1], function[1].name)
        return unknown("it is what a call returns")

    def entry(self, base: Expr, name: str, use: Expr) -> Ways:
        """What the attribute or item ``name`` of an expression is where ``use`` stands."""
        return self._entries(self.objects(base), name, use, self._frame(use), f"{shown(base)}.{name}")

    def _frame(self, expr: Expr) -> int:
        root = expr
        while isinstance(root, Attribute | Subscript):
            root = root.value
        return self.holders.frame(root.scope) if isinstance(root, Name | Call) else self.holders.frame_at(expr)

    def _plain(self, expr: Expr) -> Ways:
        return one(Way(expr, OriginKind.LITERAL, "", self))

    # --- dictionaries

    def items(self, expr: Expr) -> dict[str, Expr] | None:
        """The items of a dictionary that is written out with constant keys: ``{"lr": 1}`` or ``dict(lr=1)``."""
        held = self.objects(expr) if isinstance(expr, Dict | Call) else NOTHING
        return None if len(held.every) != 1 else self._local_items(held.every[0])

    def content(self, expr: Expr) -> dict[str, Expr] | None:
        """What ``**expr`` passes, None when that is not known."""
        held = self.objects(expr)
        holder = held.every[0] if held.closed and len(held.every) == 1 else None
        return None if holder is None or self._stores.changes(held) else self._local_items(holder)

    def passed(self, expr: Expr) -> dict[str, Way] | None:
        """The same for what is written in other files."""
        held = self.objects(expr)
        holder = held.every[0] if held.closed and len(held.every) == 1 else None
        if not isinstance(holder, Mapping | Items) or self._stores.changes(held):
            return None
        return holder.items()

    def value_of(self, way: Way) -> Value:
        """What arrives by one way."""
        return self._along(way)

    def _local_items(self, holder: Holder) -> dict[str, Expr] | None:
        found = holder.items() if isinstance(holder, Mapping) and holder.home is self else None
        if found is None or any(way.owner is not self or way.path for way in found.values()):
            return None
        return {key: way.expr for key, way in found.items()}


_REASONS = {
    BindingKind.AUGMENTED: "changed in place",
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
