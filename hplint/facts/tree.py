"""Going through records: what is directly inside one, and all that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from hplint.facts.syntax import Arg, Call, Literal, Node


def children(node: Node) -> Iterator[Node]:
    """The records directly inside a record, in the order of its fields."""
    for slot in _slots(node):
        value = getattr(node, slot)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                if isinstance(part, Node):
                    yield part
                elif isinstance(part, tuple):
                    yield from _flat(part)


def _slots(node: Node) -> tuple[str, ...]:
    """The fields of a record that may hold records."""
    kind = type(node)
    known = _SLOTS.get(kind)
    if known is None:
        known = _SLOTS[kind] = tuple(field.name for field in fields(kind) if field.type not in _PLAIN)
    return known


_SLOTS: dict[type[Node], tuple[str, ...]] = {Literal: ()}
_PLAIN = frozenset({"int", "str", "bool", "str | None", "tuple[str, ...]", "tuple[tuple[str, str | None], ...]"})


def _flat(parts: tuple[object, ...]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            yield from _flat(part)


def walk(node: Node, *, skip: tuple[type[Node], ...] = ()) -> Iterator[Node]:
    """A record and all that is inside it, outer before inner. What is inside records of type ``skip`` is left out.

    The record itself is never skipped, so the body of a function is walked without functions nested in it by
    ``walk(function, skip=(FunctionDef, Lambda))``.
    """
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        if current is node or not isinstance(current, skip):
            pending.extend(reversed(list(children(current))))


def inside(node: Node, outer: Node) -> bool:
    """Whether a record stands within another one."""
    return outer.start <= node.start and node.end <= outer.end


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
