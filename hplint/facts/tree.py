"""Going through records: what is directly inside one, and all that is."""

from __future__ import annotations

from collections.abc import Iterator

from hplint.facts.syntax import Arg, Call, Node


def children(node: Node) -> Iterator[Node]:
    """The records directly inside a record, in the order of its fields."""
    for slot in type(node).__slots__:
        value = getattr(node, slot)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                if isinstance(part, Node):
                    yield part
                elif isinstance(part, tuple):
                    yield from _flat(part)


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
