"""Whole training scripts: every finding that a comment asks for is there, and no other.

A comment that ends in codes (``# HP101 HP109``, words may come first) asks for one finding of each on its line.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from hplint.engine import lint_file
from hplint.model import Finding, Level
from hplint.registry import registry
from hplint.rule import Runtime

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
SCRIPTS = sorted(FIXTURES.rglob("*.py"))
CLEAN = [script for script in SCRIPTS if FIXTURES / "clean" in script.parents]

_CODES = re.compile(r"(?:\bHP\d{3}[ ,]*)+$")


def name(script: Path) -> str:
    """A script's path below the fixtures: what test ids show."""
    return script.relative_to(FIXTURES).as_posix()


def marks(script: Path) -> Counter[tuple[int, str]]:
    """The (line, code) pairs that the comments of a script ask for."""
    found: Counter[tuple[int, str]] = Counter()
    for token in tokenize.generate_tokens(io.StringIO(script.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT and (codes := _CODES.search(token.string)):
            found.update((token.start[0], code) for code in re.findall(r"HP\d{3}", codes[0]))
    return found


@cache
def findings(script: Path) -> tuple[Finding, ...]:
    """What hplint says of a script by default."""
    return lint_file(str(script)).findings


def line(finding: Finding) -> int:
    """The line that a finding starts on."""
    assert finding.span is not None
    return finding.span.start.line


each_script = pytest.mark.parametrize("script", SCRIPTS, ids=name)


@each_script
def test_a_script_gives_the_findings_that_it_is_marked_with(script: Path) -> None:
    found = Counter((line(finding), finding.code) for finding in findings(script))
    listing = "\n".join(f"{name(script)}:{line(each)}: {each.code} {each.message}" for each in findings(script))
    missing, surplus = marks(script) - found, found - marks(script)
    assert found == marks(script), f"missing {sorted(missing)}, not marked {sorted(surplus)}\n{listing}"


@pytest.mark.parametrize("script", CLEAN, ids=name)
def test_a_clean_script_has_no_error_and_no_warning(script: Path) -> None:
    assert [each for each in findings(script) if each.level not in (Level.ADVICE, Level.PEDANTIC)] == []


def test_every_static_rule_is_found_in_a_script() -> None:
    planted = {code for script in SCRIPTS for _, code in marks(script)}
    rules = [rule for rule in registry().rules if not isinstance(rule.subject, Runtime)]
    on = {rule.code for rule in rules if rule.level is not Level.PEDANTIC and rule.code > "HP100"}
    assert on - planted == set()
    assert planted <= {rule.code for rule in rules}


def test_the_command_line_reports_the_same() -> None:
    options = ["--isolated", "--output-format", "json"]
    command = [sys.executable, "-m", "hplint", "check", *options, "fixtures"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8")
    assert run.returncode == 1, run.stderr
    reported = Counter(
        (each["path"], each["start"]["line"], each["code"]) for each in json.loads(run.stdout)["findings"]
    )
    marked = Counter(
        (script.relative_to(ROOT).as_posix(), *mark) for script in SCRIPTS for mark in marks(script).elements()
    )
    assert reported == marked


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        ("momentum.py", "HP101", "momentum=0.9"),
        ("regularization.py", "HP101", "momentum=0.9"),
        ("regularization.py", "HP138", "le-5"),
        ("hidden_layers.py", "HP131", "self.fc1"),
        ("learning_rate.py", "HP110", "optim.Adam"),
    ],
)
def test_a_slip_of_the_seed_is_underlined_where_it_stands(script: str, code: str, text: str) -> None:
    path = FIXTURES / "seed" / script
    (finding,) = (each for each in findings(path) if each.code == code)
    assert finding.span is not None
    start, end = finding.span.start, finding.span.end
    assert start.line == end.line
    assert path.read_text("utf-8").splitlines()[start.line - 1][start.column - 1 : end.column - 1] == text


@pytest.mark.parametrize(
    ("script", "code", "word"),
    [
        ("momentum.py", "HP101", "betas"),
        ("regularization.py", "HP138", "1e-5"),
        ("hidden_layers.py", "HP131", "fcl"),
        ("learning_rate.py", "HP110", "0.001"),
        ("no_dropout.py", "HP136", "Net"),
    ],
)
def test_what_is_said_of_the_seed_names_the_repair(script: str, code: str, word: str) -> None:
    (finding,) = (each for each in findings(FIXTURES / "seed" / script) if each.code == code)
    assert word in finding.message + (finding.fix.title if finding.fix else "")
