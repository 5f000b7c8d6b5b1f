"""Every example of every page, and every case in tests/rules, linted under all rules; every fix tried."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from hplint.engine import Outcome, lint_source, lint_text
from hplint.fix import apply, fix_source
from hplint.model import Finding, Level
from hplint.registry import registry
from hplint.rule import Runtime
from hplint.settings import everything
from hplint.source import Source, from_text
from tests.examples import Example, of_cases, of_page, places, shown

PATH = "example.py"
NAMES = {rule.name: rule for rule in registry().rules}
PAGES = [example for rule in NAMES.values() if not isinstance(rule.subject, Runtime) for example in of_page(rule)]
CASES = of_cases()

each_example = pytest.mark.parametrize("example", PAGES + CASES, ids=lambda example: example.label)


def codes(findings: Iterable[Finding]) -> Counter[str]:
    """How often each code occurs, to compare texts whose lines have moved."""
    return Counter(finding.code for finding in findings)


def said(findings: Iterable[Finding]) -> str:
    """Findings, one a line."""
    return "\n".join(f"{finding.span}: {finding.code} {finding.message}" for finding in findings)


def lint(source: Source) -> Outcome:
    """What all rules say of a text."""
    return lint_source(source, everything())


def rule_of(example: Example) -> str:
    """The code of the rule that an example belongs to."""
    name = example.label.partition("#")[0].removesuffix(".md")
    assert name in NAMES, f"no rule is called {name}"
    return NAMES[name].code


def test_every_case_file_is_named_after_a_rule() -> None:
    assert {example.label.partition(".md#")[0] for example in CASES} <= NAMES.keys()


@each_example
def test_an_example_gives_the_findings_that_it_is_marked_with(example: Example) -> None:
    findings = shown(lint_text(example.code, PATH), example.marks)
    assert places(findings) == example.marks, said(findings)


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
        fixed, count = apply(from_text(example.code, PATH), [finding.fix])
        text = fixed.text
        assert count == 1
        assert text != example.code, finding
        ast.parse(text)
        after = lint_text(text, PATH)
        assert codes(after)[finding.code] < codes(before)[finding.code], f"still there: {finding}\n{text}"
        new = codes(each for each in after if each.level is not Level.PEDANTIC) - codes(before)
        assert not new, f"new after the fix of {finding}:\n{said(after)}\n{text}"


@each_example
def test_fixing_twice_changes_nothing_more(example: Example) -> None:
    first = fix_source(from_text(example.code, PATH), lint, unsafe=True)
    assert first.message is None
    ast.parse(first.source.text)
    again = fix_source(first.source, lint, unsafe=True)
    assert again.change is None
    assert again.count == 0


@pytest.mark.parametrize("example", [e for e in PAGES + CASES if e.fixed is not None], ids=lambda e: e.label)
def test_all_fixes_of_a_rule_give_the_fixed_text(example: Example) -> None:
    code = rule_of(example)

    def lint_one(source: Source) -> Outcome:
        outcome = lint(source)
        return replace(outcome, findings=tuple(finding for finding in outcome.findings if finding.code == code))

    assert fix_source(from_text(example.code, PATH), lint_one, unsafe=True).source.text == example.fixed
