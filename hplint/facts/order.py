"""Which of two records runs first, as far as the shape of the code tells: branches, loops and functions around both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.journeys import record_around
from hplint.facts.syntax import Node
from hplint.facts.tree import inside

if TYPE_CHECKING:
    from hplint.facts.file import File

_FUNCTIONS = (syntax.FunctionDef, syntax.Lambda, syntax.ClassDef)


def runs_before(file: File, first: Node, second: Node) -> bool:
    """Whether a record has run whenever a later one of the same function runs: it stands in no branch of its own."""
    around, beyond = blocks_around(file, first), blocks_around(file, second)
    return first.end <= second.start and beyond[: len(around)] == around and not _enters_function(beyond[len(around) :])


def loop_between(file: File, outer: Node, inner: Node) -> Node | None:
    """The loop that ``inner`` runs in again and again while ``outer``, which runs before it, runs once."""
    around = blocks_around(file, outer)
    for block, _ in blocks_around(file, inner)[len(around) :]:
        if isinstance(block, syntax.For | syntax.While):
            return block
    return None


def blocks_around(file: File, node: Node) -> list[tuple[Node, int]]:
    """What may run a record not at all, or more than once, outermost first: each block with the part it stands in."""
    found: list[tuple[Node, int]] = []
    outer = record_around(file, node)
    while outer is not None:
        place = _part(outer, node)
        if place is not None:
            found.append((outer, place))
        outer = record_around(file, outer)
    return found[::-1]


def _part(outer: Node, node: Node) -> int | None:
    """Where in a block a record stands; None where it runs exactly when the block does."""
    match outer:
        case syntax.If() | syntax.For() | syntax.While():
            head = outer.iter if isinstance(outer, syntax.For) else outer.test
            return None if inside(node, head) else 1 if any(inside(node, each) for each in outer.body) else 2
        case syntax.Try():
            for at, (_, body) in enumerate(outer.handlers, 3):
                if any(inside(node, each) for each in body):
                    return at
            return None
        case syntax.Match():
            return next((at for at, (_, body) in enumerate(outer.cases, 1) if any(inside(node, s) for s in body)), None)
        case syntax.Conditional():
            return None if inside(node, outer.test) else 1 if inside(node, outer.body) else 2
        case syntax.Binary(op="and" | "or"):
            return None if inside(node, outer.left) else 1
        case syntax.Comprehension():
            return None if inside(node, outer.generators[0].iter) else 1
    return 0 if isinstance(outer, _FUNCTIONS) else None


def _enters_function(blocks: list[tuple[Node, int]]) -> bool:
    return any(isinstance(block, _FUNCTIONS) for block, _ in blocks)
