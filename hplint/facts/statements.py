"""Statements that stand alone on their lines: which one a call makes up, and where it may be moved to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hplint.facts.syntax import Assign, ExprStatement, For, FunctionDef, If, Node, Return, Stmt, Try, While, With
from hplint.facts.tree import inside

if TYPE_CHECKING:
    from hplint.facts.file import File

Block: TypeAlias = For | While | FunctionDef


def statement_of(file: File, node: Node) -> ExprStatement | Assign | None:
    """The statement that consists of an expression, or assigns it."""
    statements: list[ExprStatement | Assign] = [*file.all(ExprStatement), *file.all(Assign)]
    return next((each for each in statements if each is node or each.value is node), None)


def moved_before(file: File, node: Node, anchor: Node) -> tuple[tuple[int, int, str], ...] | None:
    """The edits (start, end, text) that move the statement of ``node`` before that of ``anchor``.

    None unless both stand alone on their lines, equally deep, with nothing less deep between them.
    """
    moved, fixed = statement_of(file, node), statement_of(file, anchor)
    if moved is None or fixed is None:
        return None
    lines, place = _lines(file.text, moved), _lines(file.text, fixed)
    if lines is None or place is None:
        return None
    text = file.text[lines[0] : lines[1]]
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    first, last = min(lines[0], place[0]), max(lines[1], place[1])
    between = [line for line in file.text[first:last].splitlines() if line.strip()]
    if not all(line.startswith(indent) for line in between) or not _indented_by(file.text, place[0], indent):
        return None
    return (place[0], place[0], text if text.endswith("\n") else text + "\n"), (lines[0], lines[1], "")


def line_beside(file: File, node: Node, line: str, *, after: bool) -> tuple[int, int, str] | None:
    """The edit that puts a line of code before or after the statement of ``node``; None unless that stands alone."""
    whole = isinstance(node, For | FunctionDef | If | With | Try | While | Return)
    statement = node if whole else statement_of(file, node)
    place = None if statement is None else _lines(file.text, statement)
    if statement is None or place is None:
        return None
    indent = file.text[place[0] : statement.start]
    if not after:
        return place[0], place[0], f"{indent}{line}\n"
    ends = file.text[: place[1]].endswith("\n")
    return place[1], place[1], f"{indent}{line}\n" if ends else f"\n{indent}{line}"


def _lines(text: str, statement: Node) -> tuple[int, int] | None:
    """From the start of the statement's first line to the start of the line after its last."""
    start = text.rfind("\n", 0, statement.start) + 1
    end = text.find("\n", statement.end)
    end = len(text) if end < 0 else end + 1
    rest = text[statement.end : end].strip()
    alone = not text[start : statement.start].strip() and (not rest or rest.startswith("#"))
    return (start, end) if alone else None


def _indented_by(text: str, start: int, indent: str) -> bool:
    return text.startswith(indent, start) and not text.startswith((" ", "\t"), start + len(indent))


def moved_behind(file: File, node: Node, anchor: Node, block: Block) -> tuple[tuple[int, int, str], ...] | None:
    """The edits that move the statement of ``node`` behind the one, of the same block, that ``anchor`` stands in.

    An ``if`` that guards nothing else moves as a whole. None unless both stand alone on their lines.
    """
    moved: Stmt | None = block
    fixed: Stmt | None = block
    while moved is fixed:
        if not isinstance(moved, For | While | FunctionDef | With | If | Try):
            return None
        body = moved.body
        moved, fixed = _holding(body, node), _holding(body, anchor)
    if moved is None or fixed is None or not _is_all(moved, node):
        return None
    lines, place = _lines(file.text, moved), _lines(file.text, fixed)
    if lines is None or place is None:
        return None
    text = file.text[lines[0] : lines[1]]
    text = text if text.endswith("\n") else text + "\n"
    ends = file.text[: place[1]].endswith("\n")
    return (lines[0], lines[1], ""), (place[1], place[1], text if ends else "\n" + text[:-1])


def _holding(body: tuple[Stmt, ...], node: Node) -> Stmt | None:
    return next((each for each in body if inside(node, each)), None)


def _is_all(statement: Stmt, node: Node) -> bool:
    """Whether a statement does nothing but what ``node`` does."""
    while isinstance(statement, If) and len(statement.body) == 1 and not statement.orelse:
        statement = statement.body[0]
    return isinstance(statement, ExprStatement) and statement.value is node
