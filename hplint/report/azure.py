"""Logging commands of Azure Pipelines: ``##vso[task.logissue type=error;sourcepath=train.py;…]message``."""

from __future__ import annotations

from hplint.model import Finding, Level
from hplint.report import Report, in_cell, summary
from hplint.report.style import printable

_TYPES = {Level.ERROR: "error", Level.WARNING: "warning", Level.ADVICE: "warning", Level.PEDANTIC: "warning"}
_ESCAPED = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A", "]": "%5D", ";": "%3B"})
"""What would end a command, or one of its properties, early."""


def render(report: Report) -> str:
    """A command for each finding, then the summary, which stays in the log as it is."""
    commands = [_command(finding, report) for finding in report.findings]
    return "".join(f"{line}\n" for line in [*commands, summary(report)])


def _command(finding: Finding, report: Report) -> str:
    properties = {"type": _TYPES[finding.level], "sourcepath": printable(report.path_of(finding))}
    if finding.span is not None and finding.cell is None:
        properties |= {"linenumber": str(finding.span.start.line), "columnnumber": str(finding.span.start.column)}
    properties["code"] = finding.code
    written = "".join(f"{name}={value.translate(_ESCAPED)};" for name, value in properties.items())
    message = f"{in_cell(finding)}{printable(finding.message)} ({finding.name})"
    return f"##vso[task.logissue {written}]{message.translate(_ESCAPED)}"
