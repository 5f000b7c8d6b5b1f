"""Ways to write findings down, one module a format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hplint.model import Finding, Level, Safety
from hplint.source import Source

if TYPE_CHECKING:
    from hplint.rule import Rule

SourceOf = Callable[[str], "Source | None"]
"""The text behind a path, for excerpts; None when it cannot be read."""


RuleOf = Callable[[Finding], "Rule | None"]
"""The rule that made a finding; None when it is not known here."""


def _fails_by_default(finding: Finding) -> bool:
    return finding.level.weight >= Level.WARNING.weight


@dataclass(frozen=True)
class Report:
    """All that a format may tell. ``unsafe``: unsafe fixes are asked for, so they count as fixable.

    ``subject`` is what was looked at where that is not files: a run of a program, whose own file is ``home``.
    ``known`` counts the findings of a baseline, which are left out. ``fails`` tells whether a finding is at or above
    the fail level.
    """

    findings: tuple[Finding, ...]
    files: int
    unsafe: bool = False
    subject: str | None = None
    home: str | None = None
    known: int = 0
    fails: Callable[[Finding], bool] = _fails_by_default

    def path_of(self, finding: Finding) -> str:
        """Where to show a finding in formats that show nothing without a file."""
        return finding.path or self.home or "."

    def is_fixable(self, finding: Finding) -> bool:
        """Whether ``--fix`` would repair it."""
        return finding.fix is not None and (self.unsafe or finding.fix.safety is Safety.SAFE)

    def count(self, level: Level) -> int:
        """How many findings have a level."""
        return sum(finding.level is level for finding in self.findings)

    def statistics(self) -> list[tuple[int, str, str, bool]]:
        """(number, code, name, whether some are fixable) of each rule that found something, the most frequent first."""
        numbers = Counter((finding.code, finding.name) for finding in self.findings)
        fixable = {finding.code for finding in self.findings if self.is_fixable(finding)}
        ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
        return [(number, code, name, code in fixable) for (code, name), number in ordered]


def in_cell(finding: Finding) -> str:
    """The place in a notebook in words, for formats that have lines of files only; empty outside of notebooks."""
    return f"cell {finding.cell}, line {finding.span.start.line}: " if finding.span and finding.cell else ""


_NOUNS = {
    Level.ERROR: ("error", "errors"),
    Level.WARNING: ("warning", "warnings"),
    Level.ADVICE: ("piece of advice", "pieces of advice"),
    Level.PEDANTIC: ("pedantic remark", "pedantic remarks"),
}


def summary(report: Report) -> str:
    """One sentence on the whole run."""
    files = report.subject or _number(report.files, "file", "files")
    if not report.files:
        return "No Python files to check."
    if not report.findings:
        return f"All clear: {files}{_known(report)}."
    parts = [_number(number, *nouns) for level, nouns in _NOUNS.items() if (number := report.count(level))]
    found = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Found {found} in {files}{_fixable(report)}{_known(report)}."


def _fixable(report: Report) -> str:
    fixable = sum(report.is_fixable(finding) for finding in report.findings)
    unsafe = sum(finding.fix is not None for finding in report.findings) - fixable
    fix = "--fix" if report.subject is None else "hplint check --fix"
    parts = [f"{fixable} fixable with {fix}"] if fixable else []
    if unsafe:
        parts.append(f"{unsafe} more with --unsafe-fixes" if fixable else f"{unsafe} fixable with {fix} --unsafe-fixes")
    return f" ({', '.join(parts)})" if parts else ""


def _known(report: Report) -> str:
    return f", besides {_number(report.known, 'finding', 'findings')} of the baseline" if report.known else ""


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
