"""How many epochs a program has planned, read from the loop around the one over its batches."""

from __future__ import annotations

import ast
import linecache
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType, FunctionType

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
_LONGEST = 10_000
"""Lines of a file that is read."""


@dataclass(frozen=True, slots=True)
class EpochLoop:
    """The loop over epochs: how often it is to run, and whether nothing in it can end it sooner.

    ``inside`` are the functions that it calls on the way to the batches, and ``code`` with ``lines`` its own body.
    """

    epochs: int
    certain: bool
    code: CodeType
    lines: range
    inside: tuple[CodeType, ...]

    def is_at(self, other: EpochLoop) -> bool:
        """Whether it is the same loop of the program, and runs as often."""
        return (self.code, self.lines, self.epochs) == (other.code, other.lines, other.epochs)

    def builds(self, code: CodeType, line: int) -> bool:
        """Whether something that is built at a line is built anew each time."""
        return code in self.inside or (code is self.code and line in self.lines)


def epoch_loop(frames: Iterable[FrameType]) -> EpochLoop | None:
    """The loop over a range of epochs around the loop over batches that starts in the first frame."""
    inside: list[CodeType] = []
    certain = True
    for number, frame in enumerate(frames):
        loops = list(_loops(frame))
        line = frame.f_lineno
        if number == 0:
            heads = [each for each in loops if isinstance(each, ast.For) and _spans(each.iter, line)]
            if not heads:
                return None
            certain = not _ends_early(heads[-1])
            loops = loops[: loops.index(heads[-1])]
        if loops:
            return _read(loops[-1], frame, certain=certain, inside=tuple(inside))
        inside.append(frame.f_code)
    return None


def _read(
    loop: ast.For | ast.While, frame: FrameType, *, certain: bool, inside: tuple[CodeType, ...]
) -> EpochLoop | None:
    if isinstance(loop, ast.While):
        return None
    epochs = _turns(loop.iter, frame)
    if epochs is None or epochs < 1:
        return None
    lines = range(loop.body[0].lineno, (loop.end_lineno or loop.lineno) + 1)
    return EpochLoop(epochs, certain and not _ends_early(loop), frame.f_code, lines, inside)


def _loops(frame: FrameType) -> Iterator[ast.For | ast.While]:
    """The loops of a function around the line at which it is, from the outermost."""
    tree = _tree(frame.f_code.co_filename)
    line, first = frame.f_lineno, frame.f_code.co_firstlineno
    at: ast.AST | None = tree
    found: list[ast.For | ast.While] = []
    while at is not None:
        if isinstance(at, (ast.For, ast.While)):
            found.append(at)
        elif isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef)) and _first_line(at) == first:
            found.clear()
        at = next((each for each in _statements(at) if each.lineno <= line <= (each.end_lineno or 0)), None)
    yield from found


def _spans(node: ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from _statements(child)


@lru_cache(maxsize=64)
def _tree(file: str) -> ast.Module | None:
    lines = linecache.getlines(file)
    if not lines or len(lines) > _LONGEST:
        return None
    try:
        return ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _ends_early(loop: ast.AST) -> bool:
    """Whether something in a loop may leave it: a ``break`` of its own, a ``return``, an exit."""
    pending = list(ast.iter_child_nodes(loop))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Return, ast.Break)):
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("exit", "quit", "sys.exit", "os._exit"):
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        # A loop inside that is left early makes epochs shorter, which counts as well.
        pending.extend(ast.iter_child_nodes(node))
    return False


def _turns(node: ast.expr, frame: FrameType) -> int | None:
    """How often a ``for`` runs over a range, behind a progress bar or not."""
    if isinstance(node, ast.Call) and node.args:
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in ("tqdm", "track", "progress_bar", "master_bar"):
            return _turns(node.args[0], frame)
        if name in ("range", "trange") and len(node.args) <= 3:
            limits = [_number(each, frame) for each in node.args]
            known = [each for each in limits if each is not None]
            if len(known) < len(limits) or (len(known) == 3 and known[2] == 0):
                return None
            return len(range(*known))
        return None
    value = _value(node, frame)
    return len(value) if isinstance(value, range) else None


def _number(node: ast.expr, frame: FrameType) -> int | None:
    value = _value(node, frame)
    return value if isinstance(value, int) else None


def _value(node: ast.expr, frame: FrameType) -> object:
    """The value of a plain expression; nothing of the user's is called for it."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        stored = {} if isinstance(type(owner).__getattribute__, FunctionType) else getattr(owner, "__dict__", {})
        return stored[node.attr] if node.attr in stored else vars(type(owner)).get(node.attr)
    if isinstance(node, ast.Subscript):
        owner, key = _value(node.value, frame), _value(node.slice, frame)
        if type(owner) is list and isinstance(key, int) and -len(owner) <= key < len(owner):
            return owner[key]
        return owner.get(key) if type(owner) is dict and isinstance(key, str) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _number(node.operand, frame)
        return -number if number is not None else None
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _number(node.left, frame), _number(node.right, frame)
        if left is None or right is None or (right == 0 and isinstance(node.op, ast.FloorDiv)):
            return None
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "int" and len(node.args) == 1:
        value = _value(node.args[0], frame)
        if isinstance(value, str):
            return int(value) if value.isdecimal() else None
        return int(value) if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)) else None
    return None
