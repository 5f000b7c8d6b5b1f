"""The machine's format: a contract, described by schema.json. Added keys keep the version."""

from __future__ import annotations

import json
from typing import Any

from hplint.model import Finding, Fix, Level, Position, Related, Span
from hplint.report import Report

SCHEMA_VERSION = 1


def render(report: Report, *, statistics: bool = False) -> str:
    """All findings and their numbers as one document."""
    return json.dumps(document(report, statistics=statistics), indent=2) + "\n"


def document(report: Report, *, statistics: bool = False) -> dict[str, Any]:
    """The same as a value."""
    counts = {level.value: report.count(level) for level in Level}
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {"files": report.files, **counts},
        "held_back": report.known,
    }
    if statistics:
        found["statistics"] = [
            {"number": number, "code": code, "name": name, "fixable": fixable}
            for number, code, name, fixable in report.statistics()
        ]
    return found


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "level": finding.level.value,
        "message": finding.message,
        "engine": finding.engine.value,
        "path": finding.path,
        **_span(finding.span),
        "hyperparameter": finding.hyperparameter,
        "url": None,
        "related": [_related(related) for related in finding.related],
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _related(related: Related) -> dict[str, Any]:
    return {"path": related.path, **_span(related.span), "message": related.message}


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"path": edit.path, **_span(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safety": fix.safety.value, "edits": edits}


def _span(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"cell": None, "start": None, "end": None}
    return {"cell": span.cell, "start": _position(span.start), "end": _position(span.end)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}
