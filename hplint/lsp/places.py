"""Places as editors count them: lines from 0, columns in the units of the encoding that was agreed on."""

from __future__ import annotations

from lsprotocol import types as lsp

from hplint.model import Position, Span
from hplint.source import Source

_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""The codec whose bytes count columns, and the bytes of one unit."""


class Places:
    """Converts the places of one text."""

    def __init__(self, source: Source, encoding: str | None) -> None:
        self._source = source
        self._codec, self._width = _UNITS.get(encoding or "", _UNITS["utf-16"])

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
        if number > len(self._source.line_starts):
            return len(self._source.text)
        line = self._line(number)
        before = line.encode(self._codec, "surrogatepass")[: at.character * self._width]
        column = len(before.decode(self._codec, "ignore"))
        return self._source.line_starts[at.line] + max(column - self._mark(number), 0)

    def _line(self, number: int) -> str:
        """A line as the editor has it: with the byte order mark, which hplint leaves out."""
        return "\ufeff" * self._mark(number) + self._source.line(number)

    def _mark(self, number: int) -> int:
        return int(self._source.bom and number == 1)

    def _units(self, text: str) -> int:
        return len(text.encode(self._codec, "surrogatepass")) // self._width
