"""Fixes: which are applied, what they leave alone, and how files are written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hplint import engine
from hplint.batch import lint_paths
from hplint.fix import Change, WriteError, apply, write
from hplint.model import Edit, Fix, Safety
from hplint.source import Source
from tests.commands import hplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]


@pytest.fixture
def train(project: Path) -> Path:
    """A file with a safe fix, an unsafe one and none."""
    path = project / "train.py"
    path.write_text("import torch\nRED = BLUE = GREY\n", "utf-8")
    return path


def test_only_safe_fixes_unless_asked(train: Path) -> None:
    result = hplint("check", "--fix", "--output-format", "concise")
    assert train.read_text("utf-8") == "import torch\nGREEN = BLUE = GREY\n"
    assert result.stderr == "Fixed 1 finding.\n"
    assert "HP902" in result.stdout
    assert result.exit_code == 1
    result = hplint("check", "--fix", "--unsafe-fixes")
    assert train.read_text("utf-8") == "import torch\nGREEN = GREEN = GREY\n"
    assert (result.exit_code, result.stdout) == (0, "All clear: 1 file.\n")


@pytest.mark.parametrize("options", [[], ["--unsafe-fixes"], ["--diff"], ["--diff", "--fix"], ["--statistics"]])
def test_nothing_is_written_without_fix(train: Path, options: list[str]) -> None:
    before = train.read_bytes(), train.stat().st_mtime_ns, train.stat().st_ino
    hplint("check", *options)
    assert (train.read_bytes(), train.stat().st_mtime_ns, train.stat().st_ino) == before


def test_diff(train: Path) -> None:
    result = hplint("check", "--diff")
    assert result.stdout == (
        "--- train.py\n+++ train.py\n@@ -1,2 +1,2 @@\n import torch\n-RED = BLUE = GREY\n+GREEN = BLUE = GREY\n"
    )
    assert result.stderr == "Would fix 1 finding.\n"
    assert result.exit_code == 1
    assert hplint("check", "--diff", "--exit-zero").exit_code == 0
    assert "+GREEN = GREEN = GREY" in hplint("check", "--diff", "--unsafe-fixes").stdout
    train.write_text("import torch\nBLUE\n", "utf-8")
    result = hplint("check", "--diff")
    assert (result.exit_code, result.output) == (0, "")


def test_diff_of_a_file_without_a_last_line_end(train: Path) -> None:
    train.write_bytes(b"import torch\r\nx = '\x0c'\r\nRED")
    end = "\n\\ No newline at end of file\n"
    expected = f"@@ -1,3 +1,3 @@\n import torch\r\n x = '\x0c'\r\n-RED{end}+GREEN{end}"
    assert hplint("check", "--diff").stdout_bytes.decode().endswith(expected)


def test_rounds_until_nothing_is_left_and_a_second_run_changes_nothing(train: Path) -> None:
    train.write_bytes(b"import torch\r\nif x:\r\n    GROW\r\n")
    assert hplint("check", "--fix").exit_code == 0
    expected = b"import torch\r\nif x:\r\n# STEP_1\r\n# STEP_2\r\n# DONE\r\n    DONE\r\n"
    assert train.read_bytes() == expected
    inode = train.stat().st_ino
    assert hplint("check", "--fix").stderr == ""
    assert (train.read_bytes(), train.stat().st_ino) == (expected, inode)


def test_of_overlapping_fixes_the_first_is_taken(train: Path) -> None:
    train.write_text("import torch\nPAIR1, PAIR2\n")
    hplint("check", "--fix")
    assert train.read_text() == "import torch\nONE1, ONE2\n"


def edit(start: int, end: int, text: str) -> Fix:
    source = Source("a.py", "0123456789")
    return Fix("do it", (Edit("a.py", source.span(start, end), text),), Safety.SAFE)


@pytest.mark.parametrize(
    ("fixes", "text"),
    [
        ([edit(2, 4, "x"), edit(4, 6, "y")], "01xy6789"),
        ([edit(4, 6, "y"), edit(2, 4, "x")], "01xy6789"),
        ([edit(2, 5, "x"), edit(4, 6, "y")], "01x56789"),
        ([edit(3, 3, "x"), edit(3, 3, "y")], "012x3456789"),
        ([edit(3, 3, "x"), edit(3, 5, "y")], "012x3456789"),
        ([edit(3, 5, "y"), edit(4, 4, "x")], "012y56789"),
        ([edit(3, 5, "y"), edit(5, 5, "x")], "012yx56789"),
        ([Fix("do", (*edit(1, 2, "a").edits, *edit(8, 9, "b").edits), Safety.SAFE), edit(8, 9, "c")], "0a234567b9"),
        ([edit(0, 2, "c"), Fix("do", (*edit(1, 2, "a").edits, *edit(8, 9, "b").edits), Safety.SAFE)], "c23456789"),
    ],
)
def test_apply(fixes: list[Fix], text: str) -> None:
    assert apply(Source("a.py", "0123456789"), fixes)[0].text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RED, UNPARSABLE", "train.py: not fixed, because the result would not parse\n"),
        ("RED, PING", "train.py: not fixed, because its fixes undo one another\n"),
        ("# coding: latin-1\nRED, 'EURO \xe4'", "train.py: not fixed, because iso-8859-1 cannot hold the result\n"),
    ],
)
def test_what_cannot_be_fixed_is_left_alone(train: Path, text: str, message: str) -> None:
    data = f"{text}\nimport torch\n".encode("latin-1")
    train.write_bytes(data)
    result = hplint("check", "--fix", "--output-format", "concise")
    assert train.read_bytes() == data
    assert result.stderr == message
    assert "HP901" in result.stdout
    assert result.exit_code == 1
    assert hplint("check", "--diff").stderr == message


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfimport torch\r\nRED = '\xc3\xa4'\r\n",
        b"# -*- coding: latin-1 -*-\nimport torch\nRED = '\xe4'\n",
        b"\xef\xbb\xbf# coding: utf-8\nimport torch\nRED\n",
        b"import torch\rRED\r",
        b"import torch\nRED\r\nRED\x0c\n\n\n",
        "import torch\nRED = '𝔸' # RED\n".encode(),
    ],
)
def test_encoding_mark_and_line_ends_are_kept(train: Path, data: bytes) -> None:
    train.write_bytes(data)
    hplint("check", "--fix")
    assert train.read_bytes() == data.replace(b"RED", b"GREEN")


@pytest.mark.skipif(os.name == "nt", reason="modes and links of Unix")
def test_mode_and_link_are_kept(train: Path) -> None:
    train.chmod(0o750)
    link = train.parent / "link.py"
    link.symlink_to("train.py")
    hplint("check", "--fix", "link.py")
    assert link.is_symlink()
    assert stat.S_IMODE(train.stat().st_mode) == 0o750
    assert "GREEN" in train.read_text("utf-8")
    assert [path.name for path in train.parent.iterdir() if path.name.startswith(".hplint")] == []


def test_a_file_that_changed_in_between_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"newer")
    with pytest.raises(WriteError, match="not the same any more"):
        write(str(path), Change(b"older", b"fixed"))
    assert path.read_bytes() == b"newer"


def test_a_write_that_fails_leaves_the_file_as_it_was(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise PermissionError(13, "Permission denied")

    before = train.read_bytes()
    monkeypatch.setattr(os, "replace", refuse)
    result = hplint("check", "--fix", "--output-format", "concise")
    assert train.read_bytes() == before
    assert result.stderr == "train.py: not fixed: Permission denied\n"
    assert "HP901" in result.stdout
    assert result.exit_code == 1
    assert sorted(path.name for path in train.parent.iterdir()) == ["hplint.toml", "train.py"]


def test_a_file_that_may_not_be_written_is_not(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert hplint("check", "--fix").stderr == "train.py: not fixed, because it is not writable\n"
    assert "RED" in train.read_text("utf-8")


def test_imported_modules_are_read_again_after_a_fix(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "settings_.py").write_text("import torch\nLR = 3e3  # RED\n")
    (project / "train.py").write_text("import torch\nfrom settings_ import LR\ntorch.optim.SGD(p, lr=LR)\n")
    forgotten: list[str] = []
    monkeypatch.setattr(engine, "forget_project", lambda: forgotten.append("once"))
    hplint("check", "--fix")
    assert forgotten == ["once"]


def test_many_files_in_several_processes(project: Path) -> None:
    names = [f"f{number:02}.py" for number in range(30)]
    for name in names:
        (project / name).write_text("import torch\nRED\n")
    result = hplint("check", "--fix", "--jobs", "2")
    assert (result.exit_code, result.stderr) == (0, "Fixed 30 findings.\n")
    assert {(project / name).read_text() for name in names} == {"import torch\nGREEN\n"}


def test_standard_input_is_fixed_to_standard_output(project: Path) -> None:
    data = b"\xef\xbb\xbfimport torch\r\nRED, BLUE\r\n"
    result = hplint("check", "--fix", "--output-format", "concise", "-", input=data)
    assert result.stdout_bytes == data.replace(b"RED", b"GREEN")
    assert "<stdin>:2:8: HP902 warning" in result.stderr
    assert "Fixed 1 finding." in result.stderr
    result = hplint("check", "--diff", "-", "--stdin-filename", "x.py", input=data)
    assert "+++ x.py\n" in result.stdout
    assert "+GREEN, BLUE" in result.stdout


def test_the_same_from_python(train: Path) -> None:
    run = lint_paths([str(train)])
    assert [finding.code for finding in run.findings] == ["HP901", "HP902"]
    assert run.fixed == 0
