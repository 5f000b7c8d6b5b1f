"""The cells of a notebook as one program, and the way from places in it to places in its cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from keyword import iskeyword

from hplint.notebooks.documents import Cell, python_cells, with_source
from hplint.notebooks.magics import masked
from hplint.records import value_record

_UNPARSABLE = {0: "\x01", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
"""What no parser can be handed, and what it gets instead: a syntax error, or a character as long."""
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_COMMENT = re.compile(r"#[^\r\n]*")
_ANY = re.compile(r"[^\r\n]")
_INDENTED = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*[ \t]+[^\s#]")
_BLOCK = "if True:\n"


@value_record
class Part:
    """A cell in the program: from ``start`` up to ``end``."""

    cell: Cell
    start: int
    end: int


@value_record
class Notebook:
    """A notebook: its JSON, and its Python cells as one program.

    ``code`` is the program with IPython's lines masked, ``original`` the same with these as they are.
    """

    document: str
    code: str
    original: str
    parts: tuple[Part, ...]

    def part_at(self, offset: int) -> Part:
        """The cell that an offset of the program is in, or that it ends."""
        starts = [part.start for part in self.parts]
        return self.parts[max(bisect_right(starts, offset) - 1, 0)]

    def part_of(self, number: int) -> Part:
        """The place of a cell in the program.

        Raises:
            ValueError: no cell of the program has that number.
        """
        for part in self.parts:
            if part.cell.number == number:
                return part
        raise ValueError(f"cell {number} is not in the program")

    def with_code(self, changed: Mapping[int, str | None]) -> Notebook:
        """The notebook with other code in some cells, by number: of the same length, None where there is none."""
        return _assembled(
            self.document,
            [(part.cell, changed.get(part.cell.number, self.code[part.start : part.end])) for part in self.parts],
        )

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> Notebook:
        """The notebook after edits of its program, which are ``(start, end, text)`` and do not overlap."""
        of_cells: dict[int, str] = {}
        for start, end, text in sorted(edits, reverse=True):
            part = self.part_at(start)
            source = of_cells.get(part.cell.number, part.cell.source)
            first, last = start - part.start, min(end, part.end) - part.start
            source = source[:first] + text + source[last:]
            if not text and end >= part.end and not part.cell.source.endswith(("\n", "\r")):
                source = source.rstrip("\r\n")  # What is gone was the last line, and that has no end.
            of_cells[part.cell.number] = source
        document = self.document
        for part in reversed(self.parts):
            if part.cell.number in of_cells:
                document = with_source(document, part.cell, of_cells[part.cell.number])
        return read_notebook(document)


def read_notebook(document: str) -> Notebook:
    """The program of a notebook.

    Raises:
        hplint.notebooks.documents.NoNotebook: the text is no notebook of format 4.
    """
    masks = ((cell, masked(cell.source)) for cell in python_cells(document) if cell.source)
    return _assembled(document, [(cell, text.translate(_UNPARSABLE)) for cell, text in masks if text is not None])


def _assembled(document: str, cells: Iterable[tuple[Cell, str | None]]) -> Notebook:
    """The program of cells with the code of each, None for one whose code cannot be read."""
    code: list[str] = []
    original: list[str] = []
    parts: list[Part] = []
    at = 0
    for cell, text in cells:
        before, (shown, after) = ("", _unknown(cell.source)) if text is None else (lead(text), (text, ""))
        at += len(before)
        parts.append(Part(cell, at, at + len(cell.source)))
        code += before, shown, after, "\n"
        original += before, cell.source, after, "\n"
        at += len(cell.source) + len(after) + 1
    return Notebook(document, "".join(code), "".join(original), tuple(parts))


def lead(text: str) -> str:
    """What stands before the code of a cell: IPython takes away the indentation that a whole cell has."""
    return _BLOCK if _INDENTED.match(text) else ""


def _unknown(source: str) -> tuple[str, str]:
    """A cell that cannot be read: nothing in its place, and behind it a call that may do anything with its names."""
    names = dict.fromkeys(name for name in _NAME.findall(_COMMENT.sub("", source)) if not iskeyword(name))
    return _ANY.sub(" ", source), f"\n__cell__({', '.join(names)})"
