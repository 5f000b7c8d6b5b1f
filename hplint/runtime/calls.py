"""Calls in the user's code, found by the name of what is called; nothing is run for it."""

from __future__ import annotations

import ast
import dis
import linecache
import sys
from collections.abc import Collection, Iterator
from types import CodeType

from torch.nn import Module, Sequential

from hplint.runtime.places import Place
from hplint.runtime.world import World


def calls_in(code: CodeType, names: Collection[str], *, returned: bool = False) -> Iterator[Place]:
    """The calls of functions and methods with these names, inner functions included. None on Python 3.10.

    ``returned``: only those whose result the function returns as it is.
    """
    if sys.version_info < (3, 11):
        return
    instructions = list(dis.get_instructions(code))
    for number, load in enumerate(instructions):
        if not load.opname.startswith("LOAD_") or load.argval not in names or load.positions is None:
            continue
        start = load.positions.lineno, load.positions.col_offset
        for later, call in enumerate(instructions[number + 1 :], number + 2):
            at = call.positions
            if call.opname.startswith("CALL") and at is not None and (at.lineno, at.col_offset) == start:
                if not returned or instructions[later].opname == "RETURN_VALUE":
                    yield Place(code, call.offset, at.lineno or code.co_firstlineno)
                break
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from calls_in(constant, names, returned=returned)


def argument(call: Place | None, position: int, keyword: str) -> Place | None:
    """An argument of a call, as a place of its own; None where the text does not tell, or on Python 3.10."""
    if call is None or sys.version_info < (3, 11):
        return None
    start, end = call.span.start, call.span.end
    lines = [linecache.getline(call.file, line).rstrip("\r\n") for line in range(start.line, end.line + 1)]
    lines[-1] = lines[-1][: end.column - 1]
    lines[0] = lines[0][start.column - 1 :]
    try:
        node = ast.parse("(" + "\n".join(lines) + ")", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.Call) or not all(map(str.isascii, lines)):
        return None
    plain = [each for each in node.args if not isinstance(each, ast.Starred)]
    by_name = {each.arg: each.value for each in node.keywords}
    value = plain[position] if len(plain) == len(node.args) > position else by_name.get(keyword)
    return None if value is None else _instruction_of(call, value, start.column - 2)


def _instruction_of(call: Place, value: ast.expr, shift: int) -> Place | None:
    """The instruction that a part of a call's text became; ``shift`` is by how much its first line was moved."""

    def moved(line: int | None, column: int | None) -> tuple[int | None, int | None]:
        return None if line is None else line + call.span.start.line - 1, (column or 0) + (shift if line == 1 else 0)

    first, last = moved(value.lineno, value.col_offset), moved(value.end_lineno, value.end_col_offset)
    found = None
    for each in dis.get_instructions(call.code):
        at = each.positions
        if at is not None and ((at.lineno, at.col_offset), (at.end_lineno, at.end_col_offset)) == (first, last):
            found = each
    return None if found is None else Place(call.code, found.offset, first[0] or call.line)


def user_forwards(world: World) -> Iterator[CodeType]:
    """The code of ``forward`` of the modules that the user has written, in models that ran."""
    for kind in {type(part) for root in world.roots() for part in root.modules()}:
        code = _forward(world, kind)
        if code is not None:
            yield code


def _forward(world: World, kind: type[Module]) -> CodeType | None:
    code = getattr(kind.forward, "__code__", None)
    return code if isinstance(code, CodeType) and code.co_filename in world.finder.seen else None


def layers(world: World, kinds: tuple[type[Module], ...]) -> Iterator[Place]:
    """Where layers of these classes are called by their names, else built, in models that ran."""
    for root in world.roots():
        owned = [(owner, name, part) for owner in root.modules() for name, part in owner.named_children()]
        for owner, name, part in [(None, "", root), *owned]:
            if isinstance(part, kinds):
                place = where_called(world, owner, name, part)
                if place is not None:
                    yield place


def where_called(world: World, owner: Module | None, name: str, part: Module) -> Place | None:
    """Where a layer is called by its name in its owner's ``forward``, else where it was built."""
    code = _forward(world, type(owner)) if owner is not None else None
    called = list(calls_in(code, (name,))) if code is not None else []
    return called[0] if len(called) == 1 else world.place_of(part)


def is_the_users(world: World, kind: type[Module]) -> bool:
    """Whether the user has written the ``forward`` of a class, and it has run."""
    return _forward(world, kind) is not None


def the_one(world: World, names: Collection[str], kinds: tuple[type[Module], ...], place: Place | None) -> Place | None:
    """Where an operation was written that made the input of the loss at ``place``; None where that is not certain."""
    given = argument(place, 0, "input")
    if place is not None and given in set(calls_in(place.code, names)):
        return given
    last = {where for root in world.roots() if (where := _last(world, root, kinds)) is not None}
    if len(last) == 1:
        return last.pop()
    found = set(layers(world, kinds))
    codes = {*user_forwards(world), *(() if place is None else (place.code,))}
    for code in codes:
        found.update(calls_in(code, names))
    if len(found) > 1:
        found = {each for code in codes for each in calls_in(code, names, returned=True)}
    return found.pop() if len(found) == 1 else None


def _last(world: World, root: Module, kinds: tuple[type[Module], ...]) -> Place | None:
    """Where the last layer of a chain of layers was built."""
    at = root
    while isinstance(at, Sequential) and len(at):
        at = at[-1]
    return world.place_of(at) if at is not root and isinstance(at, kinds) else None
