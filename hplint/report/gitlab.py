"""GitLab's code quality report, a subset of Code Climate's format."""

from __future__ import annotations

import json
from typing import Any

from hplint.fingerprints import fingerprints
from hplint.model import Finding, Level, Position, Span
from hplint.report import Report, SourceOf, in_cell

_SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "major", Level.ADVICE: "minor", Level.PEDANTIC: "info"}
_START = Span(Position(1, 1), Position(1, 1))


def render(report: Report, source_of: SourceOf) -> str:
    """All findings; GitLab compares the fingerprints of two branches to tell what a merge request adds and resolves."""
    prints = fingerprints(report.findings, source_of)
    issues = [_issue(finding, each, report) for finding, each in zip(report.findings, prints, strict=True)]
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, fingerprint: str, report: Report) -> dict[str, Any]:
    span = finding.span if finding.span and finding.cell is None else _START
    return {
        "description": f"{finding.code} {in_cell(finding)}{finding.message}",
        "check_name": finding.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.level],
        "location": {
            "path": report.path_of(finding),
            "positions": {"begin": span.start._asdict(), "end": span.end._asdict()},
        },
    }
