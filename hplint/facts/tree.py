"""Going through records: what is directly inside one, and all that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TypeGuard

from hplint.facts.syntax import Arg, Attribute, Call, Compare, Expr, Literal, Name, Node, Unary


def children(node: Node) -> Iterator[Node]:
    """The records directly inside a record, in the order of its fields."""
    found: list[Node] = []
    put_below(node, found)
    return reversed(found)


def walk(node: Node, *, skip: tuple[type[Node], ...] = ()) -> Iterator[Node]:
    """A record and all that is inside it, outer before inner. What is inside records of type ``skip`` is left out.

    The record itself is never skipped, so the body of a function is walked without functions nested in it by
    ``walk(function, skip=(FunctionDef, Lambda))``.
    """
    yield node
    pending: list[Node] = []
    put_below(node, pending)
    while pending:
        current = pending.pop()
        yield current
        if type(current) not in _LEAVES and not isinstance(current, skip):
            put_below(current, pending)


def is_leaf(node: Node) -> bool:
    """Whether nothing can be inside a record, which is so for every second one."""
    return type(node) in _LEAVES


def put_below(node: Node, pending: list[Node]) -> None:
    """Put the records directly inside a record on a pile, the first one on top."""
    for slot in _SLOTS.get(type(node)) or _slots(type(node)):
        value = getattr(node, slot)
        if isinstance(value, Node):
            pending.append(value)
        elif isinstance(value, tuple):
            _put_parts(value, pending)


def _put_parts(parts: tuple[object, ...], pending: list[Node]) -> None:
    for part in reversed(parts):
        if isinstance(part, Node):
            pending.append(part)
        elif isinstance(part, tuple):
            _put_parts(part, pending)


def _slots(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a type of records that may hold records, the last one first."""
    found = () if kind in _LEAVES else tuple(field.name for field in fields(kind) if field.type not in _PLAIN)
    _SLOTS[kind] = found[::-1]
    return _SLOTS[kind]


_SLOTS: dict[type[Node], tuple[str, ...]] = {}
_LEAVES = frozenset((Literal, Name))
_PLAIN = frozenset({"int", "str", "bool", "str | None", "tuple[str, ...]", "tuple[tuple[str, str | None], ...]"})


def inside(node: Node, outer: Node) -> bool:
    """Whether a record stands within another one."""
    return outer.start <= node.start and node.end <= outer.end


def last_name(expr: Node) -> str:
    """``step`` of ``a.b.step``; the name that an expression ends in, empty for anything else."""
    if isinstance(expr, Attribute):
        return expr.attr
    return expr.id if isinstance(expr, Name) else ""


def is_self(expr: Node) -> TypeGuard[Name]:
    """Whether it is the name that methods call their object by."""
    return isinstance(expr, Name) and expr.id == "self"


def found_empty(test: Expr) -> Expr | None:
    """What a condition finds to be None or empty: ``x`` of ``x is None``, ``x == None`` and ``not x``."""
    match test:
        case Compare(ops=("is" | "==",), comparators=(Literal(value=None),)):
            return test.left
        case Unary(op="not"):
            return test.operand
    return None


def argument(call: Call, position: int, keyword: str) -> Arg | None:
    """What a call writes for a parameter; None also when ``*`` or ``**`` may hold it."""
    plain = []
    for arg in call.args:
        if arg.keyword == keyword:
            return arg
        if arg.star == "*":
            break
        if arg.keyword is None and not arg.star:
            plain.append(arg)
    return plain[position] if position < len(plain) else None
