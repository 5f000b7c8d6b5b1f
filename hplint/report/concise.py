"""One line a finding: ``train.py:9:48: HP101 error: message (unexpected-argument) [*]``."""

from __future__ import annotations

from hplint.model import Finding, Span
from hplint.report import Report, summary
from hplint.report.style import LEVEL_COLOURS, Style, printable


def render(report: Report, *, color: bool = False, links: bool = False) -> str:
    """The findings, then the summary; with ``links`` their places can be clicked in a terminal."""
    style = Style(color, links=links)
    lines = [_line(finding, style, fixable=report.is_fixable(finding)) for finding in report.findings]
    return "".join(f"{line}\n" for line in [*lines, summary(report)])


def place(path: str | None, span: Span | None, style: Style) -> str:
    """``train.py:9:48``, in a notebook ``train.ipynb:cell 3:9:48``, as far as it is known."""
    shown = style(printable(path or "<unknown>"), "bold")
    if span is not None:
        cell = "" if span.cell is None else f"cell {span.cell}:"
        shown += f":{cell}{span.start.line}:{span.start.column}"
    return style.linked(shown, path) if path else shown


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
