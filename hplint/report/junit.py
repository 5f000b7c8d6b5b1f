"""JUnit's XML, which most CI servers show as test results: a file is a suite, a finding a test."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from hplint.model import Finding
from hplint.report import Report
from hplint.report.concise import place
from hplint.report.style import Style, printable


def render(report: Report) -> str:
    """All findings. Those below the fail level are skipped tests, so that they are seen and fail nothing."""
    ordered = sorted(report.findings, key=report.path_of)
    root = ElementTree.Element("testsuites", {"name": "hplint"} | _numbers(ordered, report))
    for path, group in groupby(ordered, key=report.path_of):
        findings = list(group)
        suite = ElementTree.SubElement(root, "testsuite", {"name": printable(path)} | _numbers(findings, report))
        for finding in findings:
            _case(suite, finding, path, fails=report.fails(finding))
    if not ordered:  # Some servers take a report without a test for a mistake.
        suite = ElementTree.SubElement(root, "testsuite", {"name": "hplint"} | _numbers([], report))
        ElementTree.SubElement(suite, "testcase", {"name": "no findings", "classname": "hplint", "time": "0"})
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _numbers(findings: list[Finding], report: Report) -> dict[str, str]:
    failures = sum(map(report.fails, findings))
    skipped = len(findings) - failures
    numbers = {"tests": len(findings) or 1, "failures": failures, "errors": 0, "skipped": skipped, "time": 0}
    return {name: str(number) for name, number in numbers.items()}


def _case(suite: ElementTree.Element, finding: Finding, path: str, *, fails: bool) -> None:
    style = Style(False)
    attributes = {"name": f"{finding.code} {finding.name}", "classname": printable(path), "time": "0"}
    if finding.path is not None:
        attributes["file"] = printable(path)
        if finding.span is not None and finding.cell is None:
            attributes["line"] = str(finding.span.start.line)
    case = ElementTree.SubElement(suite, "testcase", attributes)
    kind = "failure" if fails else "skipped"
    message = printable(finding.message)
    result = ElementTree.SubElement(case, kind, {"message": message, "type": finding.level.value})
    lines = [f"{place(finding.path, finding.span, style)}: {finding.level.value}: {message}"]
    for related in finding.related:
        lines.append(f"{place(related.path, related.span, style)}: {printable(related.message)}")
    result.text = "\n".join(lines)
