"""The full format: each finding with the lines it points at, related places and what its fix would do."""

from __future__ import annotations

import unicodedata

from hplint.model import Finding, Safety, Span
from hplint.report import Report, SourceOf, summary
from hplint.report.concise import place
from hplint.report.style import LEVEL_COLOURS, Style, printable
from hplint.source import Source

WIDTH = 120
"""Columns that an excerpt may take; longer lines are clipped around what they are shown for."""
_TAB = 4
_CLIPPED = "…"


def render(report: Report, source_of: SourceOf, *, color: bool = False, hint: bool = True, links: bool = False) -> str:
    """The findings, then the summary; with ``links`` their places can be clicked in a terminal."""
    style = Style(color, links=links)
    blocks = ["\n".join([*_finding(finding, report, source_of, style), ""]) for finding in report.findings]
    end = summary(report)
    if report.findings and hint:
        end += f"\nRun {style('hplint rule NAME', 'bold')} to see what a rule is about."
    return "".join(f"{block}\n" for block in [*blocks, end])


def _finding(finding: Finding, report: Report, source_of: SourceOf, style: Style) -> list[str]:
    colour = LEVEL_COLOURS[finding.level]
    head = style(f"{finding.level.value}[{finding.name}]", colour, "bold")
    lines = [
        f"{place(finding.path, finding.span, style)}: {head} {finding.code} {style(printable(finding.message), 'bold')}"
    ]
    spans = [finding.span] if finding.span else []
    gutter = max((len(str(span.end.line)) for span in (*spans, *(each.span for each in finding.related))), default=1)
    margin = " " * gutter
    bar = style("|", "blue")
    source = source_of(finding.path) if finding.path and spans else None
    if source is not None:
        lines.append(f"{margin} {bar}")
        lines += _excerpt(source, spans[0], "^", colour, gutter, style)
    for related in finding.related:
        where = place(related.path, related.span, Style(False))
        lines.append(f"{margin} {style('=', 'blue')} {where}: {printable(related.message)}")
        source = source_of(related.path)
        if source is not None:
            lines += _excerpt(source, related.span, "-", "blue", gutter, style)
    if finding.fix is not None:
        mark = f" {style('[*]', 'green')}" if report.is_fixable(finding) else ""
        unsafe = " (unsafe)" if finding.fix.safety is Safety.UNSAFE else ""
        lines.append(f"{margin} {style('=', 'blue')} fix: {printable(finding.fix.title)}{unsafe}{mark}")
    return lines


def _excerpt(source: Source, span: Span, mark: str, colour: str, gutter: int, style: Style) -> list[str]:
    """The first and the last line of a span, what it covers marked beneath."""
    first, last = span.start.line, span.end.line
    if last > first and span.end.column == 1:
        last -= 1  # It ends with the end of a line.
    bar = style("|", "blue")
    lines = []
    for number in (first,) if first == last else (first, last):
        text = source.shown_line(number, span.cell)
        start = span.start.column - 1 if number == first else len(text) - len(text.lstrip())
        end = span.end.column - 1 if number == span.end.line else len(text)
        if not text.strip() and number == first == last:
            continue
        shown, before, under = _layout(text, start, max(end, start), WIDTH - gutter - 3)
        if number == last > first + 1:
            lines.append(f"{style('.' * max(gutter, 3), 'blue')}")
        lines.append(f"{style(f'{number:>{gutter}}', 'blue')} {bar} {shown}".rstrip())
        lines.append(f"{' ' * gutter} {bar} {' ' * before}{style(mark * under, colour, 'bold')}")
    return lines


def _layout(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """A line as a terminal shows it, with the columns before and under the stretch from ``start`` to ``end``."""
    cells: list[str] = []
    columns: list[int] = []  # Where each character begins, and where the last one ends.
    column = 0
    for char in line:
        cell = " " * (_TAB - column % _TAB) if char == "\t" else printable(char)
        cells.append(cell)
        columns.append(column)
        column += len(cell) if len(cell) != 1 else columns_of(char)
    columns.append(column)
    start, end = min(start, len(line)), min(end, len(line))
    first, last = _window(columns, start, end, width)
    left, right = _CLIPPED if first else "", _CLIPPED if last < len(line) else ""
    shown = left + "".join(cells[first:last]) + right
    before = len(left) + columns[start] - columns[first]
    under = columns[min(end, last)] - columns[start]
    return shown, before, max(under, 1)


def _window(columns: list[int], start: int, end: int, width: int) -> tuple[int, int]:
    """The part of a line to show: all of it if it fits, else from a little before ``start``."""
    length = len(columns) - 1
    if columns[-1] <= width:
        return 0, length
    room = width - 2 * len(_CLIPPED)
    wanted = min(columns[end] - columns[start], room)
    begin_at = max(0, columns[start] - (room - wanted) // 2)
    begin_at = min(begin_at, max(0, columns[-1] - room))
    first = next(at for at in range(length + 1) if columns[at] >= begin_at)
    last = max(at for at in range(first, length + 1) if columns[at] <= columns[first] + room)
    return min(first, start), last


def columns_of(char: str) -> int:
    """How many columns a terminal gives a character."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
