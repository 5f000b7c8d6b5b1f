"""Hyperparameters that are given a second value before the first one can have been read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.labels import hyperparameter_of
from hplint.facts.syntax import (
    Assign,
    Attribute,
    Call,
    ClassDef,
    Dict,
    Expr,
    For,
    FunctionDef,
    If,
    Import,
    Literal,
    Name,
    Node,
    Stmt,
    Try,
    Unary,
    While,
    With,
)
from hplint.facts.tree import last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_READS_NOTHING = ("torch.", "numpy.", "builtins.", "random.", "os.", "time.", "datetime.", "pathlib.", "argparse.")
_READS_ALL = frozenset({"builtins.globals", "builtins.locals", "builtins.exec", "builtins.eval", "builtins.vars"})
_APART = 2
"""Lines. Of values on one line, or on two in a row, both are in sight: one of them is being tried out."""


@value_record
class Overwritten:
    """``first`` is set to ``value``, then ``second`` to ``later``; ``row`` is the hyperparameter."""

    first: Node
    second: Node
    label: str
    value: str
    later: str
    row: str


def overwritten(file: File) -> Iterator[Overwritten]:
    """The first of two different numbers that a hyperparameter is set to, one after the other."""
    if _some_twice(file):
        for block in _blocks(file):
            yield from _in_block(file, block)
    for display in file.all(Dict):
        yield from _in_dictionary(file, display)


def _some_twice(file: File) -> bool:
    """Whether anything in the file is set to two numbers."""
    keys = [key for statement in file.every(Assign) if (key := _set(file, statement)) is not None]
    return len(set(keys)) < len(keys)


def _blocks(file: File) -> Iterator[tuple[Stmt, ...]]:
    yield file.code.body
    definitions: tuple[FunctionDef | ClassDef, ...] = (*file.all(FunctionDef), *file.all(ClassDef))
    yield from (definition.body for definition in definitions)
    for choice in file.all(If):
        yield from (choice.body, choice.orelse)
    others: tuple[For | While | With | Try, ...] = (*file.all(For), *file.all(While), *file.all(With), *file.all(Try))
    yield from (each.body for each in others)


def _in_block(file: File, block: tuple[Stmt, ...]) -> Iterator[Overwritten]:
    if len(block) < 2:
        return
    held: dict[str, Assign] = {}
    for statement in block:
        if isinstance(statement, FunctionDef | ClassDef | Import):
            continue
        key = _set(file, statement)
        if key is None or not isinstance(statement, Assign):
            for name in _read(file, statement, tuple(held)) if held else ():
                del held[name]
            continue
        before = held.get(key)
        if before is not None and before.value is not None and statement.value is not None:
            found = _pair(file, key, before, statement, before.value, statement.value)
            if found is not None:
                yield found
        held[key] = statement


def _set(file: File, statement: Stmt) -> str | None:
    """What a statement sets to a number that is written there."""
    if not isinstance(statement, Assign) or len(statement.targets) != 1 or not _is_number(statement.value):
        return None
    target = statement.targets[0]
    if not isinstance(target, Name | Attribute) or len(last_name(target)) < 2:
        return None
    return file.source(target) if hyperparameter_of(last_name(target)) is not None else None


def _read(file: File, statement: Stmt, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of some names a statement may read or set."""
    if not isinstance(statement, Assign) and not _is_plain(statement):
        return names
    parts = list(walk(statement))
    for call in parts:
        if isinstance(call, Call):
            name = file.qualified(call.func) or ""
            if name in _READS_ALL or not name.startswith(_READS_NOTHING):
                return names
    used = {file.source(part) for part in parts if isinstance(part, Name | Attribute)}
    return tuple(name for name in names if name in used or name.partition(".")[0] in used - {"self"})


def _is_plain(statement: Stmt) -> bool:
    return type(statement).__name__ == "ExprStatement"


def _in_dictionary(file: File, display: Dict) -> Iterator[Overwritten]:
    held: dict[str, tuple[Expr, Expr]] = {}
    for key, value in display.items:
        if not isinstance(key, Literal) or not isinstance(key.value, str):
            continue
        before = held.get(key.value)
        if before is not None:
            found = _pair(file, key.value, before[0], key, before[1], value)
            if found is not None:
                yield found
        held[key.value] = key, value


def _pair(file: File, label: str, first: Node, second: Node, value: Expr, later: Expr) -> Overwritten | None:
    row = hyperparameter_of(label.rpartition(".")[2])
    one, other = file.source(value), file.source(later)
    if row is None or one == other or not (_is_number(value) and _is_number(later)):
        return None
    if file.text.count("\n", first.end, second.start) < _APART:
        return None
    if file.value(value).single is not None and _constant(file, value) == _constant(file, later):
        return None
    return Overwritten(first, second, label, one, other, row)


def _constant(file: File, expr: Expr) -> object:
    single = file.value(expr).single
    return None if single is None else single.constant


def _is_number(expr: Expr | None) -> bool:
    inner = expr.operand if isinstance(expr, Unary) else expr
    return isinstance(inner, Literal) and isinstance(inner.value, int | float) and not isinstance(inner.value, bool)
