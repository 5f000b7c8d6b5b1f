"""Statements that stand alone on their lines: which one a call makes up, and where it may be moved to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.syntax import Assign, ExprStatement, Node

if TYPE_CHECKING:
    from hplint.facts.file import File


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
