"""Places as editors count them: lines from 0, columns in the units of the encoding that was agreed on."""

from __future__ import annotations

from lsprotocol import types as lsp

from hplint.model import Position, Span
from hplint.source import Source

_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""The codec whose bytes count columns, and the bytes of one unit."""


class Places:
    """Converts the places of one text, or of one cell of a notebook, whose lines the editor counts from its start."""

    def __init__(self, source: Source, encoding: str | None, cell: int | None = None) -> None:
        """Raises ValueError for a cell that is not in the program of the notebook."""
        self._source = source
        self._codec, self._width = _UNITS.get(encoding or "", _UNITS["utf-16"])
        self._cell = cell
        self._above, self._end = 0, len(source.text)
        if source.notebook is not None and cell is not None:
            part = source.notebook.part_of(cell)
            self._above, self._end = source.position(part.start).line - 1, part.end

    def position(self, at: Position) -> lsp.Position:
        """A place of hplint's as the editor counts."""
        before = self._line(at.line)[: at.column - 1 + self._mark(at.line)]
        return lsp.Position(at.line - 1, self._units(before))

    def range(self, span: Span | None) -> lsp.Range:
        """A span of hplint's; the start of the text for a finding without a place."""
        if span is None:
            return lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        return lsp.Range(self.position(span.start), self.position(span.end))

    def of_offsets(self, start: int, end: int) -> lsp.Range:
        """The range between two offsets."""
        return self.range(self._source.span(start, end))

    def offset(self, at: lsp.Position) -> int:
        """The offset that an editor means; one beyond a line or the text is at its end."""
        number = at.line + 1
        starts = self._source.line_starts
        if number + self._above > len(starts):
            return self._end
        line = self._line(number)
        before = line.encode(self._codec, "surrogatepass")[: at.character * self._width]
        column = len(before.decode(self._codec, "ignore"))
        return min(starts[at.line + self._above] + max(column - self._mark(number), 0), self._end)

    def _line(self, number: int) -> str:
        """A line as the editor has it: with the byte order mark, which hplint leaves out."""
        if self._cell is not None:
            return self._source.shown_line(number, self._cell)
        return "\ufeff" * self._mark(number) + self._source.line(number)

    def _mark(self, number: int) -> int:
        return int(self._source.bom and number == 1)

    def _units(self, text: str) -> int:
        return len(text.encode(self._codec, "surrogatepass")) // self._width
