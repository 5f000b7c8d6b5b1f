"""Checking: two copies of hplint, one difference."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecosystem import trees
from ecosystem.__main__ import main
from ecosystem.check import MAX_LINES, differences, page
from ecosystem.linting import Finding, Result
from ecosystem.packages import Cache, Package, Problem
from tests.ecosystem.published import MISTAKE, listed, unpacked

TINY = Package("tiny", "1.0", "0" * 64, "a test")
FOUND = Finding("tiny", "train.py", 3, 8, "HP138", "letter-l-in-number", "error", "`le-5` is a name")


def test_equal_runs_differ_in_nothing() -> None:
    assert differences([FOUND, FOUND], [FOUND, FOUND]) == {}


def test_what_came_went_and_changed_is_told_apart() -> None:
    gone, new = replace(FOUND, line=10), replace(FOUND, line=20)
    other = replace(FOUND, message="another message")
    found = differences([FOUND, gone], [other, new])["letter-l-in-number"]
    assert (found.added, found.removed, found.changed) == ([new], [gone], [(FOUND, other)])


def test_of_two_equal_findings_one_can_go() -> None:
    assert differences([FOUND, FOUND], [FOUND])["letter-l-in-number"].removed == [FOUND]


def test_the_page_of_two_runs() -> None:
    base = [Result("tiny", 2, 0.5, (FOUND,))]
    here = [Result("tiny", 2, 0.7, (replace(FOUND, line=9), replace(FOUND, code="HP000", rule="internal-error")))]
    text = page(("main", "working tree"), (base, here))
    assert "**+2 −1 ~0 findings of 2 rules in 1 packages**" in text
    assert "- tiny: train.py:3: error: `le-5` is a name" in text
    assert "+ tiny: train.py:9: error: `le-5` is a name" in text
    assert "**hplint failed:**" in text
    assert text == page(("main", "working tree"), (base, here))


def test_the_page_of_equal_runs_says_so() -> None:
    run = [Result("tiny", 2, 0.5, (FOUND,))]
    text = page(("main", "working tree"), (run, run))
    assert "No finding came, went or changed" in text
    assert "<details>" not in text


def test_a_rule_that_is_gone_keeps_its_row() -> None:
    text = page(("a", "b"), ([Result("tiny", 1, 0.1, (FOUND,))], [Result("tiny", 1, 0.1, ())]))
    assert "| letter-l-in-number |  | 0 | 0 | +0 −1 ~0 |" in text


def test_long_lists_are_cut() -> None:
    many = tuple(replace(FOUND, line=number) for number in range(MAX_LINES + 7))
    text = page(("a", "b"), ([Result("tiny", 1, 0.1, ())], [Result("tiny", 1, 0.1, many)]))
    assert "and 7 more" in text


def test_a_run_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = Cache(tmp_path / "cache")
    unpacked(cache, TINY, {"train.py": MISTAKE, "other.py": ""})
    listing = listed(tmp_path / "packages.toml", TINY)
    command = ["--cache", str(cache.root), "--list", str(listing), "check", "--jobs", "1"]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "| letter-l-in-number | error | 1 | 1 |" in text
    [kept] = cache.findings.rglob("*.json")
    assert [found["path"] for found in json.loads(kept.read_text())["findings"]] == ["train.py"]
    assert main([*command, "--output", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text("utf-8") == text, "what is kept says the same"


def test_a_revision_is_a_copy_of_its_own(tmp_path: Path) -> None:
    base, here = trees.revision("HEAD", tmp_path / "base"), trees.working_tree(tmp_path / "here")
    for tree in (base, here):
        assert (tree.folder / "hplint" / "rules" / "__init__.py").is_file()
    assert base.title.startswith("HEAD (")
    assert trees.working_tree(tmp_path / "again").key == here.key


def test_no_such_revision(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no such revision"):
        trees.revision("no-such-branch", tmp_path)


def test_packages_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listing = listed(tmp_path / "packages.toml", TINY)
    assert main(["--cache", str(tmp_path / "cache"), "--list", str(listing), "check"]) == 2
    assert "not fetched yet: tiny" in capsys.readouterr().err
    assert main(["--cache", str(tmp_path / "cache"), "--list", str(listing), "check", "other"]) == 2
    assert "not in packages.toml: other" in capsys.readouterr().err


def test_advice_a_file_is_told() -> None:
    advice = [
        replace(FOUND, level="advice", path=path, line=line) for path, line in (("a.py", 1), ("b.py", 1), ("b.py", 2))
    ]
    text = page(("working tree",), ([Result("tiny", 40, 0.1, tuple(advice))],))
    assert (
        "Advice a file: median 0, 95th percentile 0; of the 2 files with any: median 1, 95th percentile 2, at most 2."
        in text
    )
    assert "Advice: none in any file." in page(("working tree",), ([Result("tiny", 40, 0.1, ())],))
