"""Callables that are chosen when the program runs: from a dictionary, by ``getattr``, by a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.syntax import Attribute, Call, Conditional, Dict, Expr, Literal, Name, Subscript
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_STEPS = 8


@value_record
class Choice:
    """The expressions one of which is called. ``certain``: it is the only one, whatever the program is given."""

    options: tuple[Expr, ...] = ()
    certain: bool = False


def chosen(file: File, expr: Expr) -> Choice:
    """What an expression picks from a dictionary of callables or by a condition."""
    return _chosen(file, expr, _STEPS)


def names_of(file: File, expr: Expr) -> tuple[str, ...]:
    """Every qualified name that something called may stand for, as far as it is known: defaults first.

    Not all of them need be possible, and there may be others.
    """
    found: dict[str, None] = dict.fromkeys(file.names.candidates(expr))
    for option in chosen(file, expr).options:
        found.update(dict.fromkeys(file.names.candidates(option) or _by_getattr(file, option)))
    return tuple(found)


def certain_name(file: File, expr: Expr) -> str | None:
    """The one name, where the choice is already made in the text."""
    choice = chosen(file, expr)
    if not choice.certain:
        return None
    name = file.qualified(choice.options[0])
    if name is not None:
        return name
    key = _key_of_getattr(choice.options[0])
    known = None if key is None else file.value(key).single
    names = _by_getattr(file, choice.options[0])
    return names[0] if known is not None and len(names) == 1 else None


def _chosen(file: File, expr: Expr, left: int) -> Choice:
    if left == 0:
        return Choice()
    if isinstance(expr, Name):
        assigned = file.assigned(expr)
        return Choice((expr,), certain=True) if assigned is None else _chosen(file, assigned, left - 1)
    if isinstance(expr, Conditional):
        parts = [_chosen(file, part, left - 1) for part in (expr.body, expr.orelse)]
        return Choice(tuple(option for part in parts for option in part.options))
    if isinstance(expr, Subscript):
        return _picked(file, expr.value, expr.index, None, left)
    if isinstance(expr, Call) and isinstance(expr.func, Attribute) and expr.func.attr == "get" and expr.args:
        rest = expr.args[1].value if len(expr.args) == 2 else None
        return _picked(file, expr.func.value, expr.args[0].value, rest, left)
    return Choice((expr,), certain=True)


def _picked(file: File, container: Expr, index: Expr, rest: Expr | None, left: int) -> Choice:
    """What a subscript of a dictionary gives: the item of a key that is known, else any, that of a default first."""
    assigned = file.assigned(container) if isinstance(container, Name) else container
    if not isinstance(assigned, Dict) or any(key is None for key, _ in assigned.items):
        return Choice()
    keyed = {key.value: value for key, value in assigned.items if isinstance(key, Literal)}
    value = file.value(index)
    first = [keyed[each.constant] for each in value.possible if each.constant in keyed]
    if value.single is not None and len(first) == 1 and len(keyed) == len(assigned.items):
        return _chosen(file, first[0], left - 1)
    every = [*first, *(item for _, item in assigned.items), *([] if rest is None else [rest])]
    parts = [_chosen(file, item, left - 1) for item in every]
    return Choice(tuple(dict.fromkeys(option for part in parts for option in part.options)))


def _key_of_getattr(expr: Expr) -> Expr | None:
    if isinstance(expr, Call) and isinstance(expr.func, Name) and expr.func.id == "getattr" and len(expr.args) >= 2:
        return expr.args[1].value
    return None


def _by_getattr(file: File, expr: Expr) -> tuple[str, ...]:
    """The names that ``getattr(module, name)`` may give: those of the known values of ``name``."""
    key = _key_of_getattr(expr)
    if key is None or not isinstance(expr, Call):
        return ()
    module = file.qualified(expr.args[0].value)
    words = [each.constant for each in file.value(key).possible]
    return tuple(file.names.member(module, word) for word in words if module and isinstance(word, str))
