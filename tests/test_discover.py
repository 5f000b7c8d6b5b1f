"""Which files are found: folders, exclusions, ignore files, links, duplicates."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hplint.discover import discover
from hplint.patterns import Patterns
from hplint.settings import SettingsFinder
from tests.commands import hplint


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def found(*paths: str, force_exclude: bool = False) -> list[str]:
    return [target.path for target in discover(paths or (".",), SettingsFinder(), force_exclude=force_exclude).targets]


def test_folders_are_searched_for_python_and_notebooks_only(tree: Path) -> None:
    make(tree, "b.py", "a.pyi", "c.txt", "d.ipynb", "pkg/deep/e.py", "x.py/inner.py", ".#lock.py")
    assert found() == ["a.pyi", "b.py", "d.ipynb", "pkg/deep/e.py", "x.py/inner.py"]


def test_each_file_once_and_named_files_whatever_they_are_called(tree: Path) -> None:
    make(tree, "a.py", "script", "sub/b.py")
    assert found("a.py", "./a.py", ".", "sub/../script", str(tree / "a.py")) == ["a.py", "script", "sub/b.py"]


def test_paths_outside_the_working_directory_are_absolute(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tree, "a.py", "sub/b.py")
    monkeypatch.chdir(tree / "sub")
    assert found("..") == [(tree / "a.py").as_posix(), "b.py"]


def test_usual_folders_of_other_peoples_code_are_left_out(tree: Path) -> None:
    make(tree, ".venv/a.py", "venv/a.py", "x/node_modules/a.py", "build/a.py", "dist/a.py", "lib/site-packages/a.py")
    make(tree, "rebuild/a.py", ".git/hooks/a.py", "__pycache__/a.py")
    assert found() == ["rebuild/a.py"]
    assert found("build") == ["build/a.py"]


def test_exclude(tree: Path) -> None:
    make(tree, "a.py", "old/b.py", "gen/c.py", "gen/d_gen.py", "src/gen/e.py", "build/f.py")
    (tree / "hplint.toml").write_text('exclude = ["old", "*_gen.py", "src/gen"]\n')
    assert found() == ["a.py", "build/f.py", "gen/c.py"]
    assert found("old/b.py") == ["old/b.py"]
    assert found("old/b.py", "gen/c.py", "old", force_exclude=True) == ["gen/c.py"]
    (tree / "hplint.toml").write_text('extend-exclude = ["/gen"]\n')
    assert found() == ["a.py", "old/b.py", "src/gen/e.py"]


def test_exclude_is_relative_to_its_configuration(tree: Path) -> None:
    make(tree, "a/x.py", "a/b/x.py", "b/x.py")
    (tree / "a" / "hplint.toml").write_text('exclude = ["b/x.py"]\n')
    assert found() == ["a/x.py", "b/x.py"]


def test_gitignore(tree: Path) -> None:
    make(tree, "a.py", "out/b.py", "keep/out/c.py", "sub/a.py", "sub/d.py", "sub/skip.py", "sub/e.py/f.py")
    (tree / ".gitignore").write_text("# comment\n\nout/\n!keep/out/\nskip.py\n")
    (tree / "sub" / ".gitignore").write_text("/a.py\n!skip.py\ne.py/\n")
    assert found() == ["a.py", "keep/out/c.py", "sub/d.py", "sub/skip.py"]
    assert found("out/b.py") == ["out/b.py"]


def test_ignore_files_above_count_within_a_repository(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tree, "repo/src/a.py", "repo/src/b.py", "repo/src/c.py")
    (tree / ".gitignore").write_text("*.py\n")
    (tree / "repo" / ".gitignore").write_text("/src/a.py\n")
    monkeypatch.chdir(tree / "repo" / "src")
    assert found() == ["a.py", "b.py", "c.py"]
    (tree / "repo" / ".git" / "info").mkdir(parents=True)
    (tree / "repo" / ".git" / "info" / "exclude").write_text("b.py\n")
    assert found() == ["c.py"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links(tree: Path) -> None:
    make(tree, "real/a.py")
    (tree / "loop").symlink_to(tree)
    (tree / "linked").symlink_to(tree / "real")
    (tree / "b.py").symlink_to("real/a.py")
    (tree / "nowhere.py").symlink_to("gone.py")
    (tree / ".#b.py").symlink_to("user@host.1:2")
    assert found() == ["b.py", "nowhere.py", "real/a.py"]
    assert found("linked") == ["linked/a.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_met_on_the_way_is_not_waited_for(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    assert found() == []


def test_no_files_is_no_failure(tree: Path) -> None:
    result = hplint("check")
    assert (result.exit_code, result.stdout) == (0, "No Python files to check.\n")


# --- the patterns, against git


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        (["*.py"], "a/b.py", True),
        (["/*.py"], "a/b.py", False),
        (["a/*.py"], "a/b.py", True),
        (["a/*.py"], "x/a/b.py", False),
        (["**/a/b.py"], "x/y/a/b.py", True),
        (["**/a/b.py"], "a/b.py", True),
        (["a/**/b.py"], "a/b.py", True),
        (["a/**/b.py"], "a/x/y/b.py", True),
        (["a/**"], "a/x/b.py", True),
        (["a**/b.py"], "axx/b.py", True),
        (["b.py/"], "a/b.py", False),
        (["[ab].py"], "b.py", True),
        (["[!ab].py"], "b.py", False),
        (["[^ab].py"], "c.py", True),
        (["[]x].py"], "].py", True),
        (["\\!b.py"], "!b.py", True),
        (["\\#b.py"], "#b.py", True),
        (["#b.py"], "#b.py", False),
        (["b.py   "], "b.py", True),
        (["?.py"], "ab.py", False),
        (["*.py", "!b.py"], "b.py", False),
        (["!b.py", "*.py"], "b.py", True),
        (["b.p[y"], "b.py", False),
        (["a\\*.py"], "a*.py", True),
        (["a\\*.py"], "ab.py", False),
        (["/"], "b.py", False),
        ([""], "b.py", False),
    ],
)
def test_patterns(lines: list[str], path: str, ignored: bool) -> None:
    assert Patterns(lines).cover(path) is ignored


def test_many_stars_take_no_time() -> None:
    Patterns(["*a" * 40 + "b", "**/" * 40 + "x/*" + "*a" * 40]).cover("/".join(["a" * 250] * 40))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


PIECES = ("a", "b", "*", "**", "?", "/", "!", "[ab]", "[!a]", "\\a", "\\*", " ")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from(["a", "b", "ab", "ba", "bb"]), min_size=1, max_size=4), min_size=1, max_size=6),
)
def test_patterns_agree_with_git(repository: Path, lines: list[str], paths: list[list[str]]) -> None:
    (repository / ".gitignore").write_text("\n".join(lines) + "\n")
    names = ["/".join(parts) for parts in paths]
    command = ["git", "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(command, cwd=repository, input="\0".join(names).encode(), capture_output=True)
    by_git = set(done.stdout.decode().split("\0")) - {""}
    ours = Patterns(lines)
    assert {name for name in names if ours.cover(name)} == by_git, lines
