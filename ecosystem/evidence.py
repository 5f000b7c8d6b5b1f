"""The precision of rules on real code, as verdicts.toml gives it: hplint/evidence.toml, from which pages quote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ecosystem.linting import LEVELS
from ecosystem.packages import ROOT
from ecosystem.verdicts import Verdict

EVIDENCE = ROOT / "hplint" / "evidence.toml"
CORPUS = "hplint ecosystem"


@dataclass(frozen=True, slots=True)
class Precision:
    """Findings that both readers have judged, and those that both call true."""

    read: int
    true: int

    def __str__(self) -> str:
        return f"{self.true} of {self.read}" + (f" ({self.true / self.read:.0%})" if self.read else "")


def precision(verdicts: Iterable[Verdict]) -> Precision:
    """The precision that some verdicts give."""
    read = [verdict for verdict in verdicts if verdict.is_read]
    return Precision(len(read), sum(verdict.is_true for verdict in read))


def by_rule(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """The verdicts that both readers gave, a rule."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.is_read:
            found.setdefault(verdict.rule, []).append(verdict)
    return {rule: found[rule] for rule in sorted(found)}


def evidence(verdicts: list[Verdict]) -> str:
    """The text of evidence.toml."""
    lines = [
        "# How often findings on published code are true: `read` were judged by two readers, each alone, and both call",
        "# `true` so many of them. Written by `python -m ecosystem verdicts`.",
        "",
    ]
    read = [verdict for verdict in verdicts if verdict.is_read]
    packages = sorted({f"{verdict.package} {verdict.version}" for verdict in read})
    listed = ["packages = [", *(f'    "{package}",' for package in packages), "]"] if packages else ["packages = []"]
    lines += [f'corpus = "{CORPUS}"', *listed]
    for rule, ours in by_rule(verdicts).items():
        found = precision(ours)
        date = max(opinion.date for verdict in ours for opinion in verdict.opinions)
        lines += ["", f"[rules.{rule}]", f"read = {found.read}", f"true = {found.true}", f'date = "{date}"']
    return "\n".join(lines) + "\n"


def table(verdicts: list[Verdict]) -> str:
    """The precision of every rule and level, and of every level."""
    rows = []
    for rule, ours in by_rule(verdicts).items():
        for level in LEVELS:
            found = precision(verdict for verdict in ours if verdict.level == level)
            if found.read:
                rows.append(f"{rule:40} {level:9} {found}")
    for level in LEVELS:
        found = precision(verdict for verdict in verdicts if verdict.level == level)
        if found.read:
            rows.append(f"{'every rule':40} {level:9} {found}")
    return "\n".join(rows) if rows else "No finding has been judged by both readers."
