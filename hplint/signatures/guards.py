"""Which of a callable's own checks its arguments fail: "this call will raise", told without calling it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from hplint.records import value_record
from hplint.signatures import Guard, Signature
from hplint.signatures._evaluate import NOT_NONE, UNKNOWN, evaluate, truth, unsure

__all__ = ["NOT_NONE", "Broken", "broken", "values_read"]


@value_record
class Broken:
    """A guard that raises. ``message``: what the error says, values filled in. ``parameters``: those to blame."""

    guard: Guard
    exception: str
    message: str
    parameters: tuple[str, ...]


def broken(signature: Signature, known: Mapping[str, object], about: Iterable[str] | None = None) -> Iterator[Broken]:
    """The guards that hold for these values, in the order in which the library checks them.

    ``known`` has the value of each parameter that is known for certain, defaults of absent ones included;
    :data:`NOT_NONE`, or any object that no literal writes, for one of which only that is known
    (``sampler=RandomSampler(data)``). Nothing is said where the rest could change the answer. ``about``: only guards
    that read one of these parameters.
    """
    for guard in signature.guards:
        read = _names(guard.condition)
        if about is not None and read.isdisjoint(about):
            continue
        condition = _parsed(guard.condition)
        if condition is not None and truth(condition, known):
            order = [p.name for p in signature.parameters if p.name in read and p.name in known]
            yield Broken(guard, guard.exception, filled(guard.message, known), tuple(order))


def values_read(signature: Signature) -> frozenset[str]:
    """The names that the guards of a callable read, for their conditions or for their messages."""
    return _read_by(signature.guards)


@cache
def _read_by(guards: tuple[Guard, ...]) -> frozenset[str]:
    read = [_names(guard.condition) for guard in guards]
    read += [_names(_unconverted(part)) for guard in guards for _, part in _pieces(guard.message) if part]
    return frozenset().union(*read)


def filled(template: str, known: Mapping[str, object]) -> str:
    """A message with the values of its ``{expressions}``; what cannot be told is shown as its text."""
    shown = []
    for text, expression in _pieces(template):
        shown.append(text)
        if expression:
            source = _unconverted(expression)
            parsed = _parsed(source)
            value = UNKNOWN if parsed is None else evaluate(parsed, known)
            shown.append(source if unsure(value) else repr(value) if expression.endswith("!r") else str(value))
    return " ".join("".join(shown).split())


_CONVERSIONS = frozenset({"!r", "!s", "!a"})


def _unconverted(expression: str) -> str:
    """``lr`` of ``lr!r``."""
    return expression[:-2] if expression[-2:] in _CONVERSIONS else expression


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """Text and the expression that follows it, empty at the end; ``{{`` and ``}}`` are braces of the text."""
    if "{" not in template and "}" not in template:
        yield template, ""
        return
    text, rest = "", template
    while rest:
        plain = min(at for at in (rest.find("{"), rest.find("}"), len(rest)) if at >= 0)
        text, rest = text + rest[:plain], rest[plain:]
        head, rest = rest[:1], rest[1:]
        if not head:
            break
        if head in "{}" and rest.startswith(head):
            text, rest = text + head, rest[1:]
        elif head == "{":
            expression, _, rest = rest.partition("}")
            yield text, expression
            text = ""
        else:
            text += head
    yield text, ""


@cache
def _names(source: str) -> frozenset[str]:
    condition = _parsed(source)
    found: set[str] = set()
    if condition is not None:
        _gather(condition, found)
    return frozenset(found)


def _gather(node: ast.AST, found: set[str]) -> None:
    """Put the names in an expression into a set; ``ast.walk`` takes three times as long."""
    if isinstance(node, ast.Name):
        found.add(node.id)
        return
    for value in vars(node).values():
        if isinstance(value, ast.AST):
            _gather(value, found)
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, ast.AST):
                    _gather(part, found)


@cache
def _parsed(source: str) -> ast.expr | None:
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError:
        return None
