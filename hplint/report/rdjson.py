"""Reviewdog's diagnostic format, which becomes comments on a pull request with changes to accept."""

from __future__ import annotations

import json
from typing import Any

from hplint.model import Finding, Fix, Level, Position, Span
from hplint.report import Report, SourceOf, in_cell
from hplint.source import Source

_SEVERITIES = {Level.ERROR: "ERROR", Level.WARNING: "WARNING", Level.ADVICE: "INFO", Level.PEDANTIC: "INFO"}


def render(report: Report, source_of: SourceOf) -> str:
    """All findings, fixes as suggestions."""
    diagnostics = [_diagnostic(finding, report, source_of) for finding in report.findings]
    return json.dumps({"source": {"name": "hplint"}, "diagnostics": diagnostics}, indent=2) + "\n"


def _diagnostic(finding: Finding, report: Report, source_of: SourceOf) -> dict[str, Any]:
    path = report.path_of(finding)
    source = source_of(path) if finding.span else None
    found: dict[str, Any] = {
        "message": in_cell(finding) + finding.message,
        "severity": _SEVERITIES[finding.level],
        "code": {"value": f"{finding.code} {finding.name}"},
        "location": _location(path, finding.span, source),
    }
    if finding.related:
        found["related_locations"] = [
            {"message": each.message, "location": _location(each.path, each.span, source_of(each.path))}
            for each in finding.related
        ]
    fix = finding.fix
    if fix is not None and source is not None and finding.cell is None and {edit.path for edit in fix.edits} == {path}:
        found["suggestions"] = [_suggestion(fix, source)]
    return found


def _suggestion(fix: Fix, source: Source) -> dict[str, Any]:
    """A fix as one change from its first edit to its last: each suggestion is accepted for itself."""
    edits = sorted((source.offset(edit.span.start), source.offset(edit.span.end), edit.text) for edit in fix.edits)
    at = first = edits[0][0]
    text = ""
    for start, end, new in edits:
        text += source.text[at:start] + new
        at = end
    return {"range": _range(source.span(first, at), source), "text": text}


def _location(path: str, span: Span | None, source: Source | None) -> dict[str, Any]:
    return {"path": path, "range": _range(span, source)} if span and span.cell is None else {"path": path}


def _range(span: Span, source: Source | None) -> dict[str, Any]:
    return {"start": _position(span.start, source), "end": _position(span.end, source)}


def _position(position: Position, source: Source | None) -> dict[str, int]:
    """A position with its column counted in bytes of UTF-8."""
    line, column = position
    if source is None:
        return {"line": line}
    return {"line": line, "column": len(source.line(line)[: column - 1].encode("utf-8", "surrogatepass")) + 1}
