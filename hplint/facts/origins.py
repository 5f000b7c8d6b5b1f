"""Values on their way: under a name, from another file, converted."""

from __future__ import annotations

from dataclasses import replace

from hplint.facts import fold
from hplint.facts.syntax import Constant, Expr
from hplint.facts.values import Origin, OriginKind, Possible, Value
from hplint.facts.ways import Ways


def named(value: Value, kind: OriginKind, label: str) -> Value:
    """A value that is now known under a name; what had a name keeps it."""
    if not value.possible or kind is OriginKind.LITERAL:
        return value
    return Value(tuple([_named(possible, kind, label) for possible in value.possible]), value.closed)


def _named(possible: Possible, kind: OriginKind, label: str) -> Possible:
    origin = possible.origin
    if kind is OriginKind.ARGUMENT and origin.kind is OriginKind.CONSTANT:
        return Possible(possible.constant, replace(origin, kind=kind))
    if origin.kind is not OriginKind.LITERAL:
        return possible
    named_here = Origin(kind, label, origin.start, origin.end, origin.path)
    return Possible(possible.constant, named_here, possible.hearsay)


def as_hearsay(value: Value) -> Value:
    """A value that came from another function."""
    return Value(tuple([Possible(each.constant, each.origin, True) for each in value.possible]), value.closed)


def elsewhere(value: Value, path: str, here: str) -> Value:
    """A value of another file as the file ``here`` sees it."""
    found = []
    for each in value.possible:
        at = each.origin.path or path
        was = each.origin
        origin = Origin(was.kind, was.label, was.start, was.end, None if at == here else at)
        found.append(Possible(each.constant, origin, each.hearsay))
    return Value(tuple(found), value.closed)


def arriving_as(value: Value, convert: str, *, not_none: bool) -> Value:
    """A value as it arrives: argparse converts defaults that are strings."""
    found = []
    for possible in value.possible:
        constant = possible.constant
        if not_none and constant is None:
            continue
        if convert and isinstance(constant, str):
            try:
                constant = fold.convert(convert, constant)
            except fold.NotFolded:
                continue
        found.append(Possible(constant, possible.origin, possible.hearsay))
    return Value(tuple(found), value.closed)


def without_defaults(value: Value, starts: tuple[int, ...]) -> Value:
    """A value without the defaults of parameters of its own file that are written at some places."""
    return Value(tuple(p for p in value.possible if p.origin.path or p.origin.start not in starts), value.closed)


def without_none(ways: Ways) -> Ways:
    """Ways by which None does not come."""
    return replace(ways, every=tuple(replace(way, not_none=True) for way in ways.every))


def written(expr: Expr, constant: Constant) -> Value:
    """A constant that an expression writes in place."""
    return Value((Possible(constant, Origin(OriginKind.LITERAL, "", expr.start, expr.end)),), closed=True)


def same_constant(old: Constant, new: Constant) -> bool:
    """Whether two constants are equal and of one type."""
    return type(old) is type(new) and old == new
