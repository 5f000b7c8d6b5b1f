"""Fenced examples of pages and case files: the code, what kind it is, and the findings that its comments ask for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hplint.model import Finding, Level
from hplint.rule import Rule

ROOT = Path(__file__).parent.parent

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"#\s*(?P<codes>HP\d{3}(?:[ ,]+HP\d{3})*)\s*$")


@dataclass(frozen=True)
class Example:
    """One fenced block: where it stands, its kind (``bad``, ``good``, ``case``), and the block ``fixed`` after it."""

    label: str
    kind: str
    code: str
    fixed: str | None = None

    @property
    def marks(self) -> Counter[tuple[int, str]]:
        """The (line, code) pairs that the comments of the example ask for."""
        found: Counter[tuple[int, str]] = Counter()
        for number, line in enumerate(self.code.splitlines(), start=1):
            if match := _MARK.search(line):
                found.update((number, code) for code in re.findall(r"HP\d{3}", match["codes"]))
        return found


def examples(text: str, label: str) -> list[Example]:
    """The Python examples of a Markdown text, in its order."""
    found: list[Example] = []
    for match in _FENCE.finditer(text):
        language, _, kind = match["info"].strip().partition(" ")
        if language != "python":
            continue
        if kind == "fixed":
            assert found, f"{label}: a fixed block follows the block that it is the repair of"
            found[-1] = Example(found[-1].label, found[-1].kind, found[-1].code, match["code"])
        else:
            found.append(Example(f"{label}#{len(found) + 1}", kind or "case", match["code"]))
    return found


def of_page(rule: Rule) -> list[Example]:
    """The examples of a rule's page."""
    return examples(rule.page, rule.name)


def of_cases() -> list[Example]:
    """The examples of every file in ``tests/rules``; the files are named after rules."""
    files = sorted((ROOT / "tests" / "rules").glob("*.md"))
    return [example for file in files for example in examples(file.read_text("utf-8"), file.name)]


def places(findings: Iterable[Finding]) -> Counter[tuple[int, str]]:
    """The (line, code) pairs of findings."""
    return Counter((finding.span.start.line if finding.span else 0, finding.code) for finding in findings)


def shown(findings: Iterable[Finding], marks: Counter[tuple[int, str]]) -> list[Finding]:
    """The findings that count for an example: pedantic ones only where a comment asks for them."""
    return [f for f in findings if f.level is not Level.PEDANTIC or any(mark in marks for mark in places([f]))]
