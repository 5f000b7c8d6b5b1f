"""Workflow commands of GitHub Actions, which shows them as annotations: ``::error file=train.py,line=9,…::message``."""

from __future__ import annotations

from hplint.model import Finding, Level
from hplint.report import Report, summary
from hplint.report.concise import place
from hplint.report.style import Style, printable

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.ADVICE: "notice", Level.PEDANTIC: "notice"}
_VALUE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _VALUE | str.maketrans({":": "%3A", ",": "%2C"})
"""What would end a command, or one of its properties, early."""


def render(report: Report) -> str:
    """A command for each finding, then the summary, which GitHub leaves in the log as it is."""
    return "".join(f"{line}\n" for line in [*map(_command, report.findings), summary(report)])


def _command(finding: Finding) -> str:
    properties = {**_place(finding), "title": f"{finding.code} {finding.name}"}
    written = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.level]} {written}::{_message(finding).translate(_VALUE)}"


def _place(finding: Finding) -> dict[str, str]:
    """Where to show it. GitHub refuses columns where the first and the last line differ, and knows no cells."""
    if finding.path is None:
        return {}
    if finding.span is None or finding.cell is not None:
        return {"file": printable(finding.path)}
    start, end = finding.span.start, finding.span.end
    file, line = printable(finding.path), str(start.line)
    if start.line == end.line:
        column, until = str(start.column), str(end.column)
        return {"file": file, "line": line, "col": column, "endLine": line, "endColumn": until}
    last = end.line - 1 if end.column == 1 else end.line
    return {"file": file, "line": line, "endLine": str(last)}


def _message(finding: Finding) -> str:
    """What is said, with the place: the log shows nothing but the message. Related places have a line each."""
    lines = [f"{place(finding.path, finding.span, Style(False))}: {printable(finding.message)}"]
    for related in finding.related:
        lines.append(f"{place(related.path, related.span, Style(False))}: {printable(related.message)}")
    return "\n".join(lines)
