"""Follows expressions: what a name, an attribute, a display or an operator gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hplint.facts import fold, syntax
from hplint.facts.flow import (
    UNKNOWN,
    Built,
    Const,
    Flow,
    Frame,
    Function,
    Instance,
    Items,
    Kind,
    Ref,
    Several,
    Step,
    Unknown,
    parts,
    several,
)
from hplint.facts.following_calls import Calls
from hplint.facts.syntax import Attribute, BindingKind, Call, Constant, Expr, Lambda, Name, Node
from hplint.signatures import canonical

if TYPE_CHECKING:
    from hplint.facts.file import File

_DEPTH = 150
_UNROLLED = 12
_READ = (Step, Several)
"""What is counted where it is read."""
_ELEMENTS = 24
"""Longer lists and dictionaries hold no layers, only data."""


class Spent(Exception):
    """The budget is used up."""


class Expressions(Calls):
    """Expressions of all kinds; statements are the subclass's."""

    def __init__(self, file: File, budget: int) -> None:
        super().__init__(file)
        self.left = budget
        """Expressions that will still be followed."""
        self._depth = 0

    def value(self, expr: Expr, frame: Frame) -> Flow:
        """What an expression is, and all that is done on the way."""
        self.left -= 1
        if self.left < 0:
            raise Spent
        if type(expr) is Name:  # Half of all expressions.
            return self._name(expr, frame)
        handler = _HANDLERS.get(type(expr))
        if handler is None or self._depth > _DEPTH:
            return UNKNOWN
        self._depth += 1
        found = handler(self, expr, frame)
        self._depth -= 1
        return found

    def _literal(self, expr: syntax.Literal, frame: Frame) -> Flow:
        return Const(expr.value)

    def _name(self, expr: Name, frame: Frame) -> Flow:
        here: Frame | None = frame
        while here is not None:
            found = here.names.get(expr.id)
            if found is not None:
                if type(found) in _READ:
                    self.read(found)
                return found
            here = here.outer
        name = frame.file.qualified(expr)
        if name is None:
            return UNKNOWN
        # A definition of the file that is not made yet has its own name; so has a module: `import torch`.
        imported = "." in name or any(each.kind is BindingKind.IMPORT for each in frame.file.names.reaching(expr))
        return Ref(name) if imported or name == "torch" else UNKNOWN

    def _attribute(self, expr: Attribute, frame: Frame) -> Flow:
        base = self.value(expr.value, frame)
        if not isinstance(base, Several):
            return UNKNOWN if base is UNKNOWN else self._attribute_of(base, expr.attr, expr, frame)
        return several([self._attribute_of(each, expr.attr, expr, frame) for each in base.parts])

    def _attribute_of(self, base: Flow, attr: str, node: Node, frame: Frame) -> Flow:
        match base:
            case Ref(name=name):
                return Ref(canonical(f"{name}.{attr}"))
            case Instance():
                found = self.attribute(base, attr, frame)
                self.read(found)
                return base if attr == "module" and isinstance(found, Unknown) else found
            case Step() if attr in ("T", "mT", "data"):
                return self.step(attr, node, frame.file, (base,))
            case Built(options=options):
                return base if attr == "module" else options.get(attr, UNKNOWN)
            case Kind():
                return self._member(base, attr, None, frame)
        return UNKNOWN

    def _subscript(self, expr: syntax.Subscript, frame: Frame) -> Flow:
        base = self.value(expr.value, frame)
        index = self.value(expr.index, frame)
        if not isinstance(base, Several):
            return UNKNOWN if base is UNKNOWN else self._item(base, index, expr, frame)
        return several([self._item(each, index, expr, frame) for each in base.parts])

    def _item(self, base: Flow, index: Flow, node: syntax.Subscript, frame: Frame) -> Flow:
        if isinstance(base, Step):
            return self.step("getitem", node, frame.file, (base,))
        content = self.content(base)
        if content is None or not isinstance(index, Const):
            return UNKNOWN
        if isinstance(index.value, int) and not (isinstance(base, Items) and base.kind == "dict"):
            return content[index.value][1] if -len(content) <= index.value < len(content) else UNKNOWN
        found = [flow for key, flow in content if key == index.value]
        return found[-1] if found else UNKNOWN

    def _binary(self, expr: syntax.Binary, frame: Frame) -> Flow:
        left, right = self.value(expr.left, frame), self.value(expr.right, frame)
        if expr.op in ("and", "or"):
            return several((left, right))
        return self.combined(expr.op, left, right, expr, frame)

    def combined(self, op: str, left: Flow, right: Flow, node: Node, frame: Frame) -> Flow:
        """``left op right``."""
        if any(isinstance(each, Step) for side in (left, right) for each in parts(side)):
            return self.step(op, node, frame.file, (left, right))
        if isinstance(left, Const) and isinstance(right, Const):
            return _folded(lambda: fold.binary(op, left.value, right.value))
        if isinstance(left, Items) and left.kind in ("list", "tuple"):
            mine = self.content(left)
            if op == "*" and isinstance(right, Const) and isinstance(right.value, int) and mine is not None:
                return self.items(left.kind, node, [flow for _, flow in mine] * max(0, min(right.value, _UNROLLED)))
            others = self.content(right) if op == "+" else None
            together = None if mine is None or others is None else [flow for _, flow in (*mine, *others)]
            return self.items(left.kind, node, together)
        return UNKNOWN

    def _unary(self, expr: syntax.Unary, frame: Frame) -> Flow:
        operand = self.value(expr.operand, frame)
        if expr.op == "not":
            truth = truth_of(operand)
            return UNKNOWN if truth is None else Const(not truth)
        if isinstance(operand, Const):
            return _folded(lambda: fold.unary(expr.op, operand.value))
        return self.step(expr.op, expr, frame.file, (operand,)) if isinstance(operand, Step) else UNKNOWN

    def _compare(self, expr: syntax.Compare, frame: Frame) -> Flow:
        left = self.value(expr.left, frame)
        rights = [self.value(each, frame) for each in expr.comparators]
        right, op = rights[0], expr.ops[0]
        if len(rights) > 1 or not isinstance(right, Const) or op not in ("is", "is not", "==", "!="):
            return UNKNOWN
        if isinstance(left, Const):
            equal = left.value == right.value and type(left.value) is type(right.value)
        elif isinstance(left, Unknown | Several | Ref):
            return UNKNOWN
        else:
            equal = False
        return Const(equal is (op in ("is", "==")))

    def _conditional(self, expr: syntax.Conditional, frame: Frame) -> Flow:
        truth = truth_of(self.value(expr.test, frame))
        if truth is not None:
            return self.value(expr.body if truth else expr.orelse, frame)
        return several((self.value(expr.body, frame), self.value(expr.orelse, frame)))

    def _collection(self, expr: syntax.Collection, frame: Frame) -> Flow:
        if len(expr.elements) > _ELEMENTS:
            return self.items(expr.kind, expr, None)
        found: list[Flow] | None = []
        for element in expr.elements:
            if isinstance(element, syntax.Starred):
                inner = self.iterated(self.value(element.value, frame))
                found = None if found is None or inner is None else [*found, *inner]
            else:
                flow = self.value(element, frame)
                if found is not None:
                    found.append(flow)
        return self.items(expr.kind, expr, found)

    def _dict(self, expr: syntax.Dict, frame: Frame) -> Flow:
        if len(expr.items) > _ELEMENTS:
            return self.items("dict", expr, None)
        content: list[tuple[Constant, Flow]] | None = []
        for key, value in expr.items:
            name = None if key is None else self.value(key, frame)
            flow = self.value(value, frame)
            if content is not None and isinstance(name, Const):
                content.append((name.value, flow))
            else:
                content = None
        return self.holding("dict", expr, None if content is None else tuple(content))

    def _comprehension(self, expr: syntax.Comprehension, frame: Frame) -> Flow:
        names = frame.names
        frame.names = dict(names)
        only = expr.generators[0]
        iterated = self.iterated(self.value(only.iter, frame))
        plain = len(expr.generators) == 1 and not only.conditions and expr.key is None
        found: list[Flow] | None = None
        if plain and iterated is not None and len(iterated) <= _UNROLLED:
            found = []
            for each in iterated:
                self.assign(only.target, each, frame)
                found.append(self.value(expr.element, frame))
        else:
            for generator in expr.generators:
                self.assign(generator.target, UNKNOWN, frame)
                for condition in generator.conditions:
                    self.value(condition, frame)
            self.value(expr.element, frame)
        frame.names = names
        return self.items(expr.kind, expr, found)

    def _lambda(self, expr: Lambda, frame: Frame) -> Flow:
        self.defining.append(frame)
        return Function(expr, frame.file, frame)

    def _named(self, expr: syntax.NamedExpr, frame: Frame) -> Flow:
        flow = self.value(expr.value, frame)
        self.assign(expr.target, flow, frame)
        return flow

    def _other(self, expr: syntax.Other, frame: Frame) -> Flow:
        if expr.kind.startswith(("await", "yield")):
            for child in expr.children:
                self.value(child, frame)
        frame.generator = frame.generator or expr.kind.startswith("yield")
        return UNKNOWN


def truth_of(flow: Flow) -> bool | None:
    """Whether a condition holds; None when that is not known."""
    if isinstance(flow, Const):
        return bool(flow.value)
    return True if isinstance(flow, Instance | Function | Kind) else None


def _folded(compute: Callable[[], Constant]) -> Flow:
    try:
        return Const(compute())
    except fold.NotFolded:
        return UNKNOWN


_HANDLERS: dict[type[Node], Callable[[Any, Any, Frame], Flow]] = {
    syntax.Literal: Expressions._literal,
    Attribute: Expressions._attribute,
    syntax.Subscript: Expressions._subscript,
    syntax.Binary: Expressions._binary,
    syntax.Unary: Expressions._unary,
    syntax.Compare: Expressions._compare,
    syntax.Conditional: Expressions._conditional,
    syntax.Collection: Expressions._collection,
    syntax.Dict: Expressions._dict,
    syntax.Comprehension: Expressions._comprehension,
    Lambda: Expressions._lambda,
    syntax.NamedExpr: Expressions._named,
    syntax.Other: Expressions._other,
    Call: Expressions._call,
}
