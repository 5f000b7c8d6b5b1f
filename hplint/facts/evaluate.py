"""What expressions may be: follows names, attributes and subscripts to constants, and knows when it could not.

:meth:`Evaluator.ways` makes one step, from an expression to those that it takes its value from; :meth:`Evaluator.value`
goes all the way. :func:`hplint.facts.reasons.why` tells the steps to a reader.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from hplint.facts import fold
from hplint.facts.configured import Items
from hplint.facts.holders import Holders
from hplint.facts.lookup import Lookup
from hplint.facts.mappings import Mapping
from hplint.facts.names import Names
from hplint.facts.objects import Objects
from hplint.facts.origins import arriving_as, as_hearsay, elsewhere, named, same_constant, without_defaults, written
from hplint.facts.parameters import Parameters
from hplint.facts.steps import Steps
from hplint.facts.stores import Stores
from hplint.facts.syntax import (
    Attribute,
    Binary,
    Call,
    Collection,
    Conditional,
    Constant,
    Dict,
    Expr,
    Literal,
    Name,
    NamedExpr,
    Subscript,
    Unary,
)
from hplint.facts.values import BETWEEN_FUNCTIONS, DEFAULTS, UNKNOWN, Origin, OriginKind, Possible, Value, union
from hplint.facts.ways import NOTHING, Held, Holder, Way, Ways

if TYPE_CHECKING:
    from hplint.facts.commandline import Parser
    from hplint.facts.definitions import Defined
    from hplint.facts.file import File

_DEPTH = 40
"""Steps from name to name, through all files, before the search is given up."""
_COMBINATIONS = 16
"""Values of a computed expression before it counts as unknown."""


K = TypeVar("K")
V = TypeVar("V")


class Evaluator:
    """Works out the values of one file's expressions; each is worked out once."""

    depth = 0
    """Of the search that is under way, through all files."""

    def __init__(
        self,
        names: Names,
        holders: Holders,
        imported: Callable[[str], tuple[File, str] | None],
        defined: Callable[[Expr], Defined | None],
        path: str,
    ) -> None:
        self.names = names
        self.holders = holders
        self.path = path
        self.definitions = Lookup(self)
        self.parameters = Parameters(self)
        self.object_maker = Objects(self)
        self.stores = Stores(self)
        self.steps = Steps(self)
        self.imported = imported
        self.defined = defined
        self.document: Callable[[str, str], File | None] = lambda path, kind: None
        self.users: Callable[[str], tuple[File, ...]] = lambda word: ()
        self.is_document = False
        self.stand_ins: dict[int, Expr] = {}
        """What the code means but does not write, by the identity of what stands for it. Kept: answers are remembered
        by the identity of expressions, which is unique among living ones only."""
        self._values: dict[int, Value] = {}
        self._parts: dict[tuple[int, tuple[int, ...]], Value] = {}
        self._objects: dict[int, Held] = {}
        self._objects_in: dict[tuple[int, tuple[int, ...]], Held] = {}
        self.parsers: dict[int, tuple[Parser, ...]] = {}

    # --- the three questions

    def value(self, expr: Expr) -> Value:
        """What an expression may be."""
        return self.once(self._values, id(expr), lambda: self._work_out(expr), UNKNOWN)

    def part(self, expr: Expr, path: tuple[int, ...]) -> Value:
        """What is at some indices of a value."""
        return self.once(self._parts, (id(expr), path), lambda: self._find_part(expr, path), UNKNOWN)

    def objects(self, expr: Expr) -> Held:
        """The objects with named values that an expression may be."""
        return self.once(self._objects, id(expr), lambda: self.object_maker.find(expr), NOTHING)

    def objects_in(self, expr: Expr, path: tuple[int, ...]) -> Held:
        """The objects that may be at some indices of a value."""
        find = self.object_maker.along
        return self.once(self._objects_in, (id(expr), path), lambda: find(self.steps.unpacked(expr, path)), NOTHING)

    def ways(self, expr: Expr) -> Ways:
        """The expressions that one takes its value from; none for what is computed or written in place."""
        return self.steps.of(expr)

    def once(self, known: dict[K, V], key: K, find: Callable[[], V], gap: V) -> V:
        """An answer that is looked for once; ``gap`` while that is under way, and where it would lead too deep."""
        found = known.get(key)
        if found is None:
            if Evaluator.depth >= _DEPTH:
                return gap
            known[key] = gap  # the answer for what is defined by itself
            Evaluator.depth += 1
            try:
                found = known[key] = find()
            finally:
                Evaluator.depth -= 1
        return found

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
            hearsay = not all(part.stands(each) for part, each in zip(parts, choice, strict=True))
            found.append(Possible(constant, Origin(kind, "", expr.start, expr.end), hearsay))
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
        if way.replaced:
            value = without_defaults(value, way.replaced)
        value = named(value, way.kind, way.label)
        if way.kind in BETWEEN_FUNCTIONS:
            value = as_hearsay(value)
        if way.convert or way.not_none:
            value = arriving_as(value, way.convert, not_none=way.not_none)
        return value if way.owner is self else elsewhere(value, way.owner.path, self.path)

    def _find_part(self, expr: Expr, path: tuple[int, ...]) -> Value:
        ways = self.steps.unpacked(expr, path)
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

    def _of_item(self, expr: Subscript) -> Value:
        ways = self.steps.of(expr)
        if ways.every:
            return self._arriving(ways)
        key = self.value(expr.index).single
        whole = self.value(expr.value).single
        if whole is None or key is None or not isinstance(key.constant, int):
            return UNKNOWN
        if not isinstance(whole.constant, tuple) or not -len(whole.constant) <= key.constant < len(whole.constant):
            return UNKNOWN
        return Value((Possible(whole.constant[key.constant], whole.origin),), closed=True)

    # --- dictionaries

    def items(self, expr: Expr) -> dict[str, Expr] | None:
        """The items of a dictionary that is written out with constant keys: ``{"lr": 1}`` or ``dict(lr=1)``."""
        held = self.objects(expr) if isinstance(expr, Dict | Call) else NOTHING
        return None if len(held.every) != 1 else self._local_items(held.every[0])

    def content(self, expr: Expr) -> dict[str, Expr] | None:
        """What ``**expr`` passes, None when that is not known."""
        held = self.objects(expr)
        holder = held.every[0] if held.closed and len(held.every) == 1 else None
        return None if holder is None or self.stores.changes(held) else self._local_items(holder)

    def passed(self, expr: Expr) -> dict[str, Way] | None:
        """The same for what is written in other files."""
        held = self.objects(expr)
        holder = held.every[0] if len(held.every) == 1 else None
        if isinstance(holder, Items) or (isinstance(holder, Mapping) and held.closed):
            return None if self.stores.changes(held) else holder.items()
        return None

    def certain(self, expr: Expr) -> dict[str, Expr]:
        """What ``**expr`` passes in any case, whatever else it may pass: items that no code changes."""
        held = self.objects(expr)
        holder = held.every[0] if held.closed and len(held.every) == 1 else None
        if not isinstance(holder, Mapping) or holder.home is not self:
            return {}
        changed = self.stores.changed(held)
        found: dict[str, Expr] = {}
        for part in () if changed is None else holder.parts:
            if part.key is None:
                found.clear()
            elif part.way is not None and part.way.owner is self and not part.way.path:
                found[part.key] = part.way.expr
        return {key: value for key, value in found.items() if changed is not None and key not in changed}

    def value_of(self, way: Way) -> Value:
        """What arrives by one way."""
        return self._along(way)

    def _local_items(self, holder: Holder) -> dict[str, Expr] | None:
        found = holder.items() if isinstance(holder, Mapping) and holder.home is self else None
        if found is None or any(way.owner is not self or way.path for way in found.values()):
            return None
        return {key: way.expr for key, way in found.items()}
