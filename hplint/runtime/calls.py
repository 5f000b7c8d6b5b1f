"""Calls in the user's code, found by the name of what is called; nothing is run for it."""

from __future__ import annotations

import dis
import sys
from collections.abc import Collection, Iterator
from types import CodeType

from torch.nn import Module

from hplint.runtime.places import Place
from hplint.runtime.world import World


def calls_in(code: CodeType, names: Collection[str]) -> Iterator[Place]:
    """The calls of functions and methods with these names, inner functions included. None on Python 3.10."""
    if sys.version_info < (3, 11):
        return
    instructions = list(dis.get_instructions(code))
    for number, load in enumerate(instructions):
        if not load.opname.startswith("LOAD_") or load.argval not in names or load.positions is None:
            continue
        start = load.positions.lineno, load.positions.col_offset
        for call in instructions[number + 1 :]:
            at = call.positions
            if call.opname.startswith("CALL") and at is not None and (at.lineno, at.col_offset) == start:
                yield Place(code, call.offset, at.lineno or code.co_firstlineno)
                break
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from calls_in(constant, names)


def user_forwards(world: World) -> Iterator[CodeType]:
    """The code of ``forward`` of the modules that the user has written, in models that ran."""
    kinds = {type(part) for root in world.roots() for part in root.modules()}
    for kind in kinds:
        code = getattr(kind.forward, "__code__", None)
        if isinstance(code, CodeType) and code.co_filename in world.finder.seen:
            yield code


def built_at(world: World, kinds: tuple[type[Module], ...]) -> Iterator[Place]:
    """Where modules of these classes were built that models which ran consist of."""
    for root in world.roots():
        for part in root.modules():
            place = world.place_of(part) if isinstance(part, kinds) else None
            if place is not None:
                yield place


def the_one(world: World, names: Collection[str], kinds: tuple[type[Module], ...], place: Place | None) -> Place | None:
    """Where an operation was written that came before something at ``place``; None unless there is just one."""
    found = set(built_at(world, kinds))
    last = {where for root in world.roots() if (where := _last(world, root, kinds)) is not None}
    if len(last) == 1:
        return last.pop()
    for code in {*user_forwards(world), *(() if place is None else (place.code,))}:
        found.update(calls_in(code, names))
    return found.pop() if len(found) == 1 else None


def _last(world: World, root: Module, kinds: tuple[type[Module], ...]) -> Place | None:
    """Where the last layer of a chain of layers was built."""
    from torch.nn import Sequential

    at = root
    while isinstance(at, Sequential) and len(at):
        at = at[-1]
    return world.place_of(at) if at is not root and isinstance(at, kinds) else None
