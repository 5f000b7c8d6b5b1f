"""Every example of every page, and every case in tests/rules, linted under all rules; every fix tried."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable

import pytest

from hplint.engine import lint_text
from hplint.model import Edit, Finding
from hplint.registry import registry
from hplint.rule import Runtime
from tests.examples import Example, of_cases, of_page, places, shown

PATH = "example.py"
NAMES = {rule.name: rule for rule in registry().rules}
PAGES = [example for rule in NAMES.values() if not isinstance(rule.subject, Runtime) for example in of_page(rule)]
CASES = of_cases()

each_example = pytest.mark.parametrize("example", PAGES + CASES, ids=lambda example: example.label)


def offset(text: str, line: int, column: int) -> int:
    """Where a line and column lie in a text."""
    return sum(len(each) for each in text.splitlines(keepends=True)[: line - 1]) + column - 1


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits, last to first so that earlier places stay where they are."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        start, end = (offset(text, at.line, at.column) for at in (edit.span.start, edit.span.end))
        text = text[:start] + edit.text + text[end:]
    return text


def said(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """Codes and messages of findings, to compare texts whose lines have moved."""
    return Counter((finding.code, finding.message) for finding in findings)


def rule_of(example: Example) -> str:
    """The code of the rule that an example belongs to."""
    name = example.label.partition("#")[0]
    assert name in NAMES, f"no rule is called {name}"
    return NAMES[name].code


@each_example
def test_an_example_gives_the_findings_that_it_is_marked_with(example: Example) -> None:
    findings = shown(lint_text(example.code, PATH), example.marks)
    listing = "\n".join(f"{finding.span}: {finding.code} {finding.message}" for finding in findings)
    assert places(findings) == example.marks, listing


@pytest.mark.parametrize("example", PAGES, ids=lambda example: example.label)
def test_bad_examples_are_marked_and_good_ones_are_not(example: Example) -> None:
    if example.kind == "bad":
        assert rule_of(example) in {code for _, code in example.marks}
    else:
        assert not example.marks


@each_example
def test_each_fix_repairs_its_finding_and_breaks_nothing(example: Example) -> None:
    before = lint_text(example.code, PATH)
    for finding in before:
        if finding.fix is None:
            continue
        text = edited(example.code, finding.fix.edits)
        assert text != example.code, finding
        ast.parse(text)
        after = lint_text(text, PATH)
        codes = Counter(code for code, _ in said(after).elements())
        assert codes[finding.code] < Counter(f.code for f in before)[finding.code], f"still there: {finding}\n{text}"
        new = said(after) - said(before)
        assert not {code for code, _ in new} - {f.code for f in before}, (
            f"new after the fix of {finding}:\n{new}\n{text}"
        )


@pytest.mark.parametrize("example", [e for e in PAGES + CASES if e.fixed is not None], ids=lambda e: e.label)
def test_all_fixes_of_a_rule_give_the_fixed_text(example: Example) -> None:
    code, text = rule_of(example), example.code
    edits = [edit for f in lint_text(text, PATH) if f.code == code and f.fix is not None for edit in f.fix.edits]
    assert edited(text, edits) == example.fixed
