"""Where an object goes in a file: what is read of it, what it is handed to, and whether it leaves the view."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.makers import calls_of, parameter_given, run_by
from hplint.facts.syntax import Arg, Attribute, Call, Collection, Expr, Name, Node, Stmt
from hplint.facts.tree import is_leaf, put_below
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_STEPS = 2000
"""Expressions that one journey may pass before it counts as out of view."""


@value_record
class Journey:
    """What becomes of an object.

    ``names``: every expression that stands for it. ``read``: the attributes that are taken of it. ``handed``: the
    calls of code outside this file that are given it, each with the argument. ``escapes``: it is also put into
    something, or returned to callers that are not in view.
    """

    names: tuple[Expr, ...]
    read: tuple[Attribute, ...]
    handed: tuple[tuple[Call, Arg], ...]
    escapes: bool


def journey(file: File, start: Expr, place: tuple[int, ...] = ()) -> Journey:
    """Follow the object that an expression makes through the file; ``place``: where in a tuple that it makes."""
    return _Traveller(file).follow(start, place)


class _Traveller:
    def __init__(self, file: File) -> None:
        self._file = file
        self._pending: list[tuple[Expr, tuple[int, ...]]] = []
        self._passed: set[object] = set()
        self._names: list[Expr] = []
        self._read: list[Attribute] = []
        self._handed: list[tuple[Call, Arg]] = []
        self._escapes = False

    def follow(self, start: Expr, place: tuple[int, ...]) -> Journey:
        self._pending.append((start, place))
        while self._pending:
            expr, place = self._pending.pop()
            if id(expr) in self._passed:
                continue
            self._passed.add(id(expr))
            if len(self._passed) > _STEPS:
                self._escapes = True
                break
            self._visit(expr, place)
        return Journey(tuple(self._names), tuple(self._read), tuple(self._handed), self._escapes)

    def _visit(self, expr: Expr, place: tuple[int, ...]) -> None:
        """``place``: where in the tuple that ``expr`` is the object is."""
        if not place:
            self._names.append(expr)
        parent = record_around(self._file, expr)
        match parent:
            case syntax.Assign() if parent.value is expr:
                for target in parent.targets:
                    self._store(target, place)
            case syntax.NamedExpr() if parent.value is expr:
                self._store(parent.target, place)
            case syntax.Return():
                self._return(parent, place)
            case Collection(kind="tuple"):
                index = next(i for i, element in enumerate(parent.elements) if element is expr)
                outer = record_around(self._file, parent)
                if isinstance(outer, syntax.Assign) and outer.value is not parent:
                    pass  # It is assigned here.
                elif isinstance(outer, syntax.Assign | syntax.Return):
                    self._pending.append((parent, (index, *place)))
                else:
                    self._escapes = True
            case _ if place:
                self._escapes = True
            case Attribute():
                self._read.append(parent)
            case Arg():
                self._hand(parent)
            case syntax.Conditional() if parent.test is not expr:
                self._pending.append((parent, ()))
            case syntax.Binary(op="or" | "and"):
                self._pending.append((parent, ()))
            case syntax.Assign() | syntax.ExprStatement() | syntax.If() | syntax.While() | syntax.Conditional():
                pass  # It is only tested, or dropped.
            case syntax.Compare() | syntax.Unary(op="not"):
                pass
            case syntax.Other(kind="f-string"):
                pass
            case syntax.Simple(kind="assert" | "del" | "global"):
                pass
            case _:
                self._escapes = True

    def _store(self, target: Expr, place: tuple[int, ...]) -> None:
        if isinstance(target, Collection):
            if not place or place[0] >= len(target.elements):
                self._escapes = True
            else:
                self._store(target.elements[place[0]], place[1:])
        elif place:
            self._escapes = True
        elif isinstance(target, Name):
            self._read_name(target.id, target.scope)
        elif isinstance(target, Attribute):
            for other in self._file.all(Attribute):
                if other.attr == target.attr and other is not target:
                    self._pending.append((other, ()))
        else:
            self._escapes = True

    def _read_name(self, name: str, scope: int) -> None:
        found = self._file.names.lookup(name, scope)
        key = (name, found[0].number) if found else (name, -1)
        if found is None or key in self._passed:
            return
        self._passed.add(key)
        for other in self._file.all(Name):
            if other.id == name:
                bound = self._file.names.lookup(name, other.scope)
                if bound is not None and bound[0] is found[0]:
                    self._pending.append((other, ()))

    def _return(self, statement: syntax.Return, place: tuple[int, ...]) -> None:
        function = self._file.function_around(statement)
        calls = () if function is None else calls_of(self._file, function)
        if not calls:
            self._escapes = True
        self._pending += [(call, place) for call in calls]

    def _hand(self, arg: Arg) -> None:
        call = record_around(self._file, arg)
        if not isinstance(call, Call):
            self._escapes = True
            return
        function = run_by(self._file, call)
        if function is None:
            self._handed.append((call, arg))
            return
        name = parameter_given(self._file, function, call, arg)
        if name is None:
            self._escapes = True
        else:
            self._read_name(name, function.scope)


def record_around(file: File, node: Node) -> Node | None:
    """The record that a record is directly part of; None for the statements of the module."""
    return _outside(file).of(node)


class _Outside:
    """The record around each record, worked out for one statement of the module at a time."""

    def __init__(self, body: tuple[Stmt, ...]) -> None:
        self._left = {statement.start: statement for statement in body}
        self._starts = [statement.start for statement in body]
        self._found: dict[int, Node] = {}

    def of(self, node: Node) -> Node | None:
        if id(node) not in self._found and self._left:
            at = bisect_right(self._starts, node.start) - 1
            statement = self._left.pop(self._starts[at], None) if at >= 0 else None
            if statement is not None:
                self._read(statement)
        return self._found.get(id(node))

    def _read(self, statement: Stmt) -> None:
        pending: list[Node] = [statement]
        while pending:
            node = pending.pop()
            if is_leaf(node):
                continue
            left = len(pending)
            put_below(node, pending)
            for child in pending[left:]:
                self._found[id(child)] = node


@lru_cache(maxsize=1)
def _outside(file: File) -> _Outside:
    return _Outside(file.code.body)
