"""One line a finding: ``train.py:9:48: HP101 error: message (unexpected-argument) [*]``."""

from __future__ import annotations

from hplint.model import Finding, Span
from hplint.report import Report, summary
from hplint.report.style import LEVEL_COLOURS, Style, printable


def render(report: Report, *, color: bool = False) -> str:
    """The findings, then the summary."""
    style = Style(color)
    lines = [_line(finding, style, fixable=report.is_fixable(finding)) for finding in report.findings]
    return "".join(f"{line}\n" for line in [*lines, summary(report)])


def place(path: str | None, span: Span | None, style: Style) -> str:
    """``train.py:9:48``, in a notebook ``train.ipynb:cell 3:9:48``, as far as it is known."""
    shown = style(printable(path or "<unknown>"), "bold")
    if span is None:
        return shown
    cell = "" if span.cell is None else f"cell {span.cell}:"
    return f"{shown}:{cell}{span.start.line}:{span.start.column}"


def _line(finding: Finding, style: Style, *, fixable: bool) -> str:
    level = style(finding.level.value, LEVEL_COLOURS[finding.level])
    mark = f" {style('[*]', 'green')}" if fixable else ""
    where = place(finding.path, finding.span, style)
    return f"{where}: {finding.code} {level}: {printable(finding.message)} ({finding.name}){mark}"


def statistics(report: Report, *, color: bool = False) -> str:
    """One line a rule, the most frequent first."""
    style = Style(color)
    table = report.statistics()
    width = max((len(str(number)) for number, *_ in table), default=1)
    lines = [
        f"{number:>{width}}  {style(code, 'bold')}  {name}{style(' [*]', 'green') if fixable else ''}"
        for number, code, name, fixable in table
    ]
    return "".join(f"{line}\n" for line in [*lines, summary(report)])
