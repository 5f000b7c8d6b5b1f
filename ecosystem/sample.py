"""Findings for a reader to judge: few of each rule, drawn by a hash, so that nobody chooses them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from ecosystem.linting import Finding, Sources
from ecosystem.packages import Package
from ecosystem.verdicts import Verdict, text_hash

BEFORE, AFTER = 6, 5
"""Lines of source shown before and after that of a finding: twelve in all."""


def drawn(findings: Iterable[Finding], sources: Sources, count: int) -> list[Finding]:
    """At most ``count`` findings of each rule, in the order of their hashes; the hash does not see where lines move."""
    rules: dict[str, list[tuple[str, Finding]]] = {}
    for finding in sorted(findings):
        rules.setdefault(finding.rule, []).append((_order(finding, sources.line(finding)), finding))
    return [finding for rule in sorted(rules) for _, finding in sorted(rules[rule])[:count]]


def _order(finding: Finding, line: str) -> str:
    parts = (finding.package, finding.path, finding.code, line, finding.message)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def shown(findings: list[Finding], sources: Sources) -> str:
    """The findings with their source, for reading."""
    return "\n".join(line for number, finding in enumerate(findings, 1) for line in _shown(number, finding, sources))


def _shown(number: int, finding: Finding, sources: Sources) -> Iterator[str]:
    lines = sources.lines(finding)
    first, last = max(1, finding.line - BEFORE), min(len(lines), finding.line + AFTER)
    width = len(str(last))
    yield f"── {number} {finding.rule} ({finding.level})  {finding.place}"
    yield f"   {finding.message}"
    for line in range(first, last + 1):
        yield f"{'>' if line == finding.line else ' '} {line:{width}} │ {lines[line - 1]}"
    yield ""


def to_fill(findings: list[Finding], sources: Sources, packages: dict[str, Package]) -> list[Verdict]:
    """Verdicts without a verdict, for a reader to complete."""
    return [
        Verdict(
            rule=finding.rule,
            level=finding.level,
            package=finding.package,
            version=packages[finding.package].version,
            path=finding.path,
            line=finding.line,
            text=text_hash(sources.line(finding)),
        )
        for finding in findings
    ]
