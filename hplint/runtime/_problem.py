"""What a check saw, and the finding that it becomes under the rule's own code, name and level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hplint.model import Engine, Finding, Level
from hplint.registry import registry


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule's name and what is said; ``level`` and ``hyperparameter`` are the rule's own unless given."""

    rule: str
    message: str
    level: Level | None = None
    hyperparameter: str | None = None


def findings(problems: Iterable[Problem]) -> list[Finding]:
    """The findings for problems, worst first, without those that are off by default."""
    found = [_finding(problem) for problem in problems]
    kept = [finding for finding in found if finding.level is not Level.PEDANTIC]
    return sorted(kept, key=lambda finding: (-finding.level.weight, finding.sort_key()))


def _finding(problem: Problem) -> Finding:
    rule = registry().get(problem.rule)
    if rule is None:
        raise LookupError(f"no rule is called {problem.rule}")
    return Finding(
        code=rule.code,
        name=rule.name,
        level=problem.level or rule.level,
        message=problem.message,
        path=None,
        span=None,
        engine=Engine.RUNTIME,
        hyperparameter=problem.hyperparameter or rule.hyperparameter,
    )
