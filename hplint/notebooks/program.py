"""The cells of a notebook as one program, and the way from places in it to places in its cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from hplint.notebooks.documents import Cell, python_cells, with_source
from hplint.notebooks.magics import masked
from hplint.records import value_record

_UNPARSABLE = {0: "\x01", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
"""What no parser can be handed, and what it gets instead: a syntax error, or a character as long."""
_RUN = re.compile(r"[^\r\n]+")
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

    def lead(self, part: Part) -> str:
        """What the program has in front of a cell of which every line is indented."""
        return _BLOCK if self.code.endswith(_BLOCK, 0, part.start) else ""

    def with_code(self, changed: Iterable[tuple[Part, str | None]]) -> Notebook:
        """The same program with other code in some cells: of the same length, None for none."""
        code = self.code
        for part, new in changed:
            new = _RUN.sub(lambda run: " " * len(run.group()), part.cell.source) if new is None else new
            code = code[: part.start] + new + code[part.end :]
        return Notebook(self.document, code, self.original, self.parts)

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> Notebook:
        """The notebook after edits of its program, which are ``(start, end, text)`` and do not overlap."""
        of_cells: dict[int, str] = {}
        for start, end, text in sorted(edits, reverse=True):
            part = self.part_at(start)
            source = of_cells.get(part.cell.number, part.cell.source)
            first, last = start - part.start, min(end, part.end) - part.start
            source = source[:first] + text + source[last:]
            if end > part.end and not part.cell.source.endswith(("\n", "\r")):
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
    code: list[str] = []
    original: list[str] = []
    parts: list[Part] = []
    at = 0
    for cell in python_cells(document):
        source = cell.source
        text = masked(source)
        if text is None or not source:
            continue
        if _INDENTED.match(text):  # IPython takes away the indentation that a whole cell has.
            code.append(_BLOCK)
            original.append(_BLOCK)
            at += len(_BLOCK)
        parts.append(Part(cell, at, at + len(source)))
        code += text.translate(_UNPARSABLE), "\n"
        original += source, "\n"
        at += len(source) + 1
    return Notebook(document, "".join(code), "".join(original), tuple(parts))
