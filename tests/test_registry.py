"""Every rule keeps the house style: names, page, examples, messages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hplint import hyperparameters
from hplint.engine import lint_text
from hplint.registry import registry
from hplint.rule import Rule, Runtime
from tests.examples import ROOT, of_page

RULES = [rule for rule in registry().rules if rule.module.startswith("hplint.rules.")]
TOPICS = {path.parent.name for path in (ROOT / "rules").glob("*/__init__.py")}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def source(rule: Rule) -> Path:
    """The file of a rule."""
    return ROOT / Path(*rule.module.split(".")[1:]).with_suffix(".py")


def test_every_rule_file_is_found_and_holds_one_rule() -> None:
    files = {path for path in (ROOT / "rules").rglob("*.py") if path.name != "__init__.py"}
    assert sorted(source(rule) for rule in RULES) == sorted(files)


def test_codes_and_names_are_distinct() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


def test_codes_are_alike_and_given_once() -> None:
    codes = [rule.code for rule in RULES]
    assert all(re.fullmatch(r"HP[1-9]\d\d", code) for code in codes)
    assert len(set(codes)) == len(codes)


@each_rule
def test_name_file_function_and_folder_agree(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.name)
    topic, stem = rule.module.split(".")[-2:]
    assert stem == rule.name.replace("-", "_") == rule.check.__name__
    assert rule.topic == topic
    assert topic in TOPICS


@each_rule
def test_metadata(rule: Rule) -> None:
    assert re.fullmatch(r"\d+\.\d+", rule.since)
    assert rule.hyperparameter is None or rule.hyperparameter in {row.name for row in hyperparameters.rows()}


@each_rule
def test_page_has_a_title_and_its_sections(rule: Rule) -> None:
    title, blank, *_ = rule.page.splitlines()
    assert len(title) <= 80
    assert title.endswith(".")
    assert blank == ""
    assert rule.summary == title[:-1]
    headings = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)
    assert "Looks like it, is not" in headings
    assert headings[-1] == "References"


@each_rule
def test_page_has_both_kinds_of_examples(rule: Rule) -> None:
    kinds = [example.kind for example in of_page(rule)]
    if isinstance(rule.subject, Runtime):
        assert set(kinds) == {"runtime"}, "the text does not tell, so the examples are not linted"
    else:
        assert set(kinds) == {"bad", "good"}
        innocent = rule.page.partition("## Looks like it, is not")[2].partition("## References")[0]
        assert "```python good" in innocent


@each_rule
def test_nothing_is_left_to_do(rule: Rule) -> None:
    cases = ROOT / "tests" / "rules" / f"{rule.name}.md"
    assert "TODO" not in source(rule).read_text("utf-8")
    assert not cases.exists() or "TODO" not in cases.read_text("utf-8")


@each_rule
def test_the_code_of_a_rule_is_short(rule: Rule) -> None:
    text = source(rule).read_text("utf-8")
    kept = [node for node in ast.parse(text).body[1:] if not isinstance(node, (ast.Import, ast.ImportFrom))]
    code = "\n".join(ast.get_source_segment(text, node) or "" for node in kept)
    assert sum(1 for line in code.splitlines() if line.strip()) <= 80


@each_rule
def test_messages_read_like_the_others(rule: Rule) -> None:
    for example in of_page(rule):
        for finding in lint_text(example.code, "example.py"):
            said = [finding.message, *(related.message for related in finding.related)]
            for message in said:
                assert message, finding
                assert "\n" not in message
                assert not message.endswith((".", "!")), message
                assert not re.search(r"\b(please|detected|avoid)\b", message, re.IGNORECASE), message
            if finding.fix is not None:
                assert finding.fix.title[:1].islower(), finding.fix.title
                assert not finding.fix.title.endswith("."), finding.fix.title
            if finding.code == rule.code:
                assert "`" in finding.message, f"names no symbol of the user: {finding.message}"
