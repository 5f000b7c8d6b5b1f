"""SARIF 2.1.0, which GitHub's code scanning and many others read.

What GitHub asks of a file beyond the standard is kept too: relative URIs, one place a result, an end to each region,
descriptions of at most 1024 characters, and a fingerprint that lets it follow a finding from commit to commit.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from hplint import __version__
from hplint.fingerprints import fingerprints
from hplint.model import Finding, Fix, Level, Position, Span
from hplint.report import Report, RuleOf, SourceOf, in_cell
from hplint.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/hplint/hplint"
LONGEST = 1024
"""Characters of a description."""
_ROOT = "%SRCROOT%"
_ROOT_IS = "The folder that hplint was started in."
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.ADVICE: "note", Level.PEDANTIC: "note"}
_SEVERITIES = {
    Level.ERROR: "error",
    Level.WARNING: "warning",
    Level.ADVICE: "recommendation",
    Level.PEDANTIC: "recommendation",
}
_PRECISIONS = {Level.ERROR: "very-high", Level.WARNING: "high", Level.ADVICE: "medium", Level.PEDANTIC: "low"}
_ABSOLUTE = re.compile(r"(?:[A-Za-z]:)?/")
_START = Span(Position(1, 1), Position(1, 1))


def render(report: Report, source_of: SourceOf, rule_of: RuleOf) -> str:
    """All findings as one run."""
    return json.dumps(document(report, source_of, rule_of), indent=2) + "\n"


def document(report: Report, source_of: SourceOf, rule_of: RuleOf) -> dict[str, Any]:
    """The same as a value."""
    rules = {finding.code: _rule(finding, rule_of(finding)) for finding in report.findings}
    order = {code: at for at, code in enumerate(sorted(rules))}
    results = [
        _result(finding, fingerprint, report) | {"ruleIndex": order[finding.code]}
        for finding, fingerprint in zip(report.findings, fingerprints(report.findings, source_of), strict=True)
    ]
    run = {
        "tool": {
            "driver": {
                "name": "hplint",
                "semanticVersion": __version__,
                "informationUri": HOME,
                "rules": [rules[code] for code in order],
            }
        },
        # Services keep one result for each id and commit: those of a run must not take the place of a check's.
        "automationDetails": {"id": "hplint/" if report.subject is None else "hplint-run/"},
        "invocations": [{"executionSuccessful": all(finding.code != "HP000" for finding in report.findings)}],
        "originalUriBaseIds": {_ROOT: {"description": {"text": _ROOT_IS}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding, rule: Rule | None) -> dict[str, Any]:
    """What is told of the rule of a finding: little, where the rule is not known here."""
    found: dict[str, Any] = {"id": finding.code, "name": finding.name}
    if rule is None:
        text = f"{finding.name} ({finding.code})"
        return found | {"shortDescription": {"text": text}, "fullDescription": {"text": text}, "help": {"text": text}}
    tags = {rule.topic, rule.library, *([rule.hyperparameter] if rule.hyperparameter else [])}
    return found | {
        "shortDescription": {"text": _shortened(f"{rule.summary}.")},
        "fullDescription": {"text": _shortened(_first_paragraph(rule.page) or f"{rule.summary}.")},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {
            "precision": _PRECISIONS[rule.level],
            "problem.severity": _SEVERITIES[rule.level],
            "tags": sorted(tags),
        },
    }


def _first_paragraph(page: str) -> str:
    """What a page says below its title, before its first example."""
    below = page.partition("\n")[2].strip()
    paragraph = below.partition("\n\n")[0]
    return "" if paragraph.startswith(("#", "```")) else " ".join(paragraph.split())


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _result(finding: Finding, fingerprint: str, report: Report) -> dict[str, Any]:
    path = report.path_of(finding)
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.level],
        "message": {"text": in_cell(finding) + finding.message},
        "locations": [_location(path, finding.span or _START)],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        "properties": {"engine": finding.engine.value, "hyperparameter": finding.hyperparameter},
    }
    if finding.related:
        found["relatedLocations"] = [
            _location(each.path, each.span) | {"id": number, "message": {"text": each.message}}
            for number, each in enumerate(finding.related, 1)
        ]
    if finding.fix is not None and finding.fix.edits and finding.cell is None:
        found["fixes"] = [_fix(finding.fix)]
    return found


def _location(path: str, span: Span) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(span)}}


def _artifact(path: str) -> dict[str, str]:
    """A path as a URI: relative to the root, or of its own where it lies outside."""
    if _ABSOLUTE.match(path):
        slash = "" if path.startswith("/") else "/"
        return {"uri": f"file://{slash}{quote(path, safe='/:')}"}
    return {"uri": quote(path, safe="/"), "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, Any]:
    if span.cell is not None:
        span = _START  # SARIF knows no cells: the message names it.
    (line, column), (end_line, end_column) = span.start, span.end
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(fix: Fix) -> dict[str, Any]:
    paths = dict.fromkeys(edit.path for edit in fix.edits)
    changes = [
        {
            "artifactLocation": _artifact(path),
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                for edit in fix.edits
                if edit.path == path
            ],
        }
        for path in paths
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}
