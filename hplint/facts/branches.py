"""Which branches of which conditions a record stands in, and whether it runs whenever another one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.syntax import For, If, Match, Node, Stmt, Try, While
from hplint.facts.tree import inside

if TYPE_CHECKING:
    from hplint.facts.file import File

Branch = tuple[int, int]
"""Where a statement starts that may skip what is in it, and which of its blocks it is."""


def branches(file: File, node: Node) -> frozenset[Branch]:
    """The blocks around a record that need not run."""
    found: set[Branch] = set()
    for statement in file.all(If):
        if inside(node, statement):
            found |= _block(statement, node, (statement.body, statement.orelse))
    loops: tuple[For | While, ...] = (*file.all(For), *file.all(While))
    for loop in loops:
        if inside(node, loop):
            found |= _block(loop, node, (loop.body, loop.orelse))
    for guarded in file.all(Try):
        if inside(node, guarded):
            found |= _block(guarded, node, (guarded.body, *(body for _, body in guarded.handlers), guarded.orelse))
    for choice in file.all(Match):
        if inside(node, choice):
            found |= _block(choice, node, tuple(body for _, body in choice.cases))
    return frozenset(found)


def _block(statement: Node, node: Node, blocks: tuple[tuple[Stmt, ...], ...]) -> set[Branch]:
    return {
        (statement.start, number) for number, block in enumerate(blocks) if any(inside(node, inner) for inner in block)
    }
