"""What a change of hplint changes in its findings, as a page for the person who reviews it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ecosystem.linting import INTERNAL_ERROR, LEVELS, Finding, Result

MAX_LINES = 200
"""Findings listed a rule; more are counted."""


@dataclass(slots=True)
class Difference:
    """What came, what went, and what says something else at the same place (as it was, as it is)."""

    added: list[Finding] = field(default_factory=list)
    removed: list[Finding] = field(default_factory=list)
    changed: list[tuple[Finding, Finding]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    @property
    def counts(self) -> str:
        return f"+{len(self.added)} −{len(self.removed)} ~{len(self.changed)}"


def differences(base: Iterable[Finding], here: Iterable[Finding]) -> dict[str, Difference]:
    """The difference of two runs over the same packages, a rule; rules without any are left out."""
    before, after = Counter(base), Counter(here)
    gone, new = sorted((before - after).elements()), sorted((after - before).elements())
    found: dict[str, Difference] = {}
    at: dict[tuple[object, ...], list[Finding]] = {}
    for finding in gone:
        at.setdefault(_where(finding), []).append(finding)
    for finding in new:
        ours = found.setdefault(finding.rule, Difference())
        others = at.get(_where(finding))
        if others:
            ours.changed.append((others.pop(0), finding))
        else:
            ours.added.append(finding)
    for left in at.values():
        for finding in left:
            found.setdefault(finding.rule, Difference()).removed.append(finding)
    return {rule: found[rule] for rule in sorted(found)}


def _where(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.package, finding.path, finding.line, finding.column


# --- the page


def page(titles: tuple[str, ...], runs: tuple[list[Result], ...]) -> str:
    """A page of Markdown: one run, or two and their difference. The last run is that of the working tree."""
    here = runs[-1]
    findings = [[finding for result in run for finding in result.findings] for run in runs]
    files = sum(result.files for result in here)
    seconds = " and ".join(f"{sum(result.seconds for result in run):.0f} s" for run in runs)
    parts = [f"# hplint over {len(here)} packages", "", f"{' → '.join(titles)}: {files} files, {seconds}."]
    changes = differences(findings[0], findings[1]) if len(runs) > 1 else {}
    if len(runs) > 1:
        parts += ["", _headline(changes)]
    parts += _internal_errors(findings[-1])
    for rule, change in changes.items():
        parts += ["", f"<details><summary>{rule}: {change.counts}</summary>", "", "```diff"]
        parts += _shortened(list(_lines(change)))
        parts += ["```", "", "</details>"]
    parts += ["", *_totals(findings[-1], changes, compares=len(runs) > 1)]
    parts += ["", _advice(findings[-1], files)]
    parts += ["", *_packages(here)]
    return "\n".join(parts) + "\n"


def _headline(changes: dict[str, Difference]) -> str:
    if not changes:
        return "**No finding came, went or changed.**"
    total = Difference()
    for change in changes.values():
        total.added += change.added
        total.removed += change.removed
        total.changed += change.changed
    every = [*total.added, *total.removed, *(after for _, after in total.changed)]
    packages = len({finding.package for finding in every})
    return f"**{total.counts} findings of {len(changes)} rules in {packages} packages** (+ came, − went, ~ changed)"


def _lines(change: Difference) -> Iterator[str]:
    for finding in change.removed:
        yield f"- {_shown(finding)}"
    for finding in change.added:
        yield f"+ {_shown(finding)}"
    for before, after in change.changed:
        yield f"- {_shown(before)}"
        yield f"+ {_shown(after)}"


def _shown(finding: Finding) -> str:
    return f"{finding.place}: {finding.level}: {finding.message}"


def _shortened(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MAX_LINES else [*lines[:MAX_LINES], f"  and {len(lines) - MAX_LINES} more"]


def _internal_errors(findings: list[Finding]) -> list[str]:
    failed = [finding for finding in findings if finding.code == INTERNAL_ERROR]
    if not failed:
        return []
    return ["", "**hplint failed:**", "", *(f"- {finding.place}: {finding.message}" for finding in failed)]


def _totals(findings: list[Finding], changes: dict[str, Difference], *, compares: bool) -> list[str]:
    """A row a rule and level, then a row a level."""
    change = ("change |", "-: |") if compares else ("", "")
    rows = [f"| rule | level | findings | packages |{change[0]}", f"| :- | :- | -: | -: |{change[1]}"]
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.level), []).append(finding)
    for gone in changes.keys() - {rule for rule, _ in groups}:
        groups[gone, ""] = []
    told: set[str] = set()
    for (rule, level), ours in sorted(groups.items(), key=lambda item: (item[0][0], _rank(item[0][1]))):
        row = f"| {rule} | {level} | {len(ours)} | {len({finding.package for finding in ours})} |"
        if compares:
            row += f" {changes[rule].counts if rule in changes and rule not in told else ''} |"
        told.add(rule)
        rows.append(row)
    counts = Counter(finding.level for finding in findings)
    listed = ", ".join(f"{counts[level]} {level}" for level in LEVELS)
    return [*rows, "", f"In all {len(findings)}: {listed}."]


def _advice(findings: list[Finding], files: int) -> str:
    """How much advice a file gets: over all files that are linted, and over those that get any."""
    counts = sorted(Counter((each.package, each.path) for each in findings if each.level == "advice").values())
    every = [0] * (files - len(counts)) + counts
    if not counts:
        return "Advice: none in any file."
    over = (f"median {_quantile(each, 50)}, 95th percentile {_quantile(each, 95)}" for each in (every, counts))
    return f"Advice a file: {next(over)}; of the {len(counts)} files with any: {next(over)}, at most {counts[-1]}."


def _quantile(ordered: list[int], percent: int) -> int:
    """The smallest count that so many percent of the files do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _packages(results: list[Result]) -> list[str]:
    rows = ["| package | files | seconds | findings |", "| :- | -: | -: | -: |"]
    rows += [f"| {each.package} | {each.files} | {each.seconds:.1f} | {len(each.findings)} |" for each in results]
    return rows
