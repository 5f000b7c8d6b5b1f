"""Code out of a source of which a part is no Python.

The broken cells of a notebook are left out; in a script that is made of cells, IPython's own lines are masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from hplint.facts.syntax import Code
from hplint.parse import SyntaxProblem, TooComplex, parse, scan
from hplint.records import value_record
from hplint.source import Source

_CELL_MARK = re.compile(r"^# ?(?:%%|In\[|COMMAND -{10}|Databricks notebook source)", re.MULTILINE)
"""What starts a cell in a script: of Spyder, VS Code and Jupytext, of nbconvert, of Databricks."""


@value_record
class Readable:
    """A source as it was read. ``code`` is None where nothing can be; ``problems`` say where in its text and why."""

    source: Source
    code: Code | None
    problems: tuple[SyntaxProblem | TooComplex, ...] = ()
    broken_cells: int = 0


def readable(source: Source, read: Callable[[Source], Code]) -> Readable:
    """Read a source, or as much of it as can be; ``read`` raises what :mod:`hplint.parse` does."""
    try:
        return Readable(source, read(source))
    except (SyntaxProblem, TooComplex) as problem:
        found = _script(source) if source.notebook is None else _notebook(source)
        if found.source.text == source.text:
            return Readable(source, None, (problem,))
    try:
        return replace(found, code=read(found.source))
    except (SyntaxProblem, TooComplex) as other:
        return Readable(found.source, None, (other,))


def _script(source: Source) -> Readable:
    if not _CELL_MARK.search(source.text):
        return Readable(source, None)
    from hplint.notebooks.magics import masked

    text = masked(source.text)
    return Readable(source if text is None else replace(source, text=text, original=source.text), None)


def _notebook(source: Source) -> Readable:
    from hplint.notebooks.magics import masked

    assert source.notebook is not None
    changed: dict[int, str | None] = {}
    problems: list[tuple[int, SyntaxProblem | TooComplex]] = []
    for part in source.notebook.parts:
        number, text = part.cell.number, source.text[part.start : part.end]
        if (problem := _problem(text)) is None:
            continue
        changed[number] = masked(part.cell.source, automagic=True)
        if (other := changed[number]) is None or _problem(other) is not None:
            changed[number] = None
            problems.append((number, problem))
    notebook = source.notebook.with_code(changed)
    found = replace(source, text=notebook.code, original=notebook.original, notebook=notebook)
    placed = (type(each)(each.message, notebook.part_of(number).start + each.offset) for number, each in problems)
    return Readable(found, None, tuple(placed), len(problems))


def _problem(text: str) -> SyntaxProblem | TooComplex | None:
    """Why the text of a cell cannot be parsed."""
    from hplint.notebooks.program import lead

    before = lead(text)
    try:
        scan(before + text)
        parse(before + text + "\n")
    except (SyntaxProblem, TooComplex) as problem:
        return type(problem)(problem.message, min(max(problem.offset - len(before), 0), len(text)))
    return None
