"""Bad input: each gives one clear message and the right exit code, and the other files are checked all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hplint import source
from hplint.source import Source, Unreadable, from_bytes, from_text
from tests.commands import hplint
from tests.conftest import RunHplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]

OTHER = "other.py"


@pytest.fixture
def folder(project: Path) -> Path:
    """A project with one good file in which something is found."""
    (project / OTHER).write_text("import torch\nBLUE\n", "utf-8")
    return project


def check(*args: str) -> tuple[int, list[str], str]:
    """Exit code, lines of the report but its summary, and standard error. The good file must have been checked."""
    result = hplint("check", "--output-format", "concise", *args)
    *lines, summary = result.stdout.splitlines()
    assert f"{OTHER}:2:1: HP902 warning: `BLUE` is here (found-blue)" in lines
    lines.remove(f"{OTHER}:2:1: HP902 warning: `BLUE` is here (found-blue)")
    assert summary.startswith("Found ")
    return result.exit_code, lines, result.stderr


def test_a_missing_path(folder: Path) -> None:
    assert check("gone.py", "gone", ".") == (
        2,
        [],
        "error: gone.py: no such file or folder\nerror: gone: no such file or folder\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_a_link_that_leads_nowhere(folder: Path) -> None:
    (folder / "bad.py").symlink_to("gone.py")
    assert check() == (1, ["bad.py: HP002 error: cannot be read: no such file or directory (unreadable)"], "")
    assert check("bad.py", OTHER)[0] == 1


def test_a_file_without_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.py").write_text("import torch\n")
    (folder / "bad.py").chmod(0)
    opened = open

    def refuse(path: str, *args: str, **options: str) -> object:
        if os.path.basename(path) == "bad.py":  # The administrator, who may run this, is let in otherwise.
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(source, "open", refuse, raising=False)
    assert check() == (1, ["bad.py: HP002 error: cannot be read: permission denied (unreadable)"], "")


def test_a_folder_that_cannot_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad").mkdir()
    listed = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "bad":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert check() == (1, ["bad: HP002 error: cannot be read: is a directory (unreadable)"], "")


def test_a_folder_called_like_a_file(folder: Path) -> None:
    (folder / "bad.py").mkdir()
    assert check("bad.py", OTHER) == (1, [], "")


def test_a_syntax_error(folder: Path) -> None:
    (folder / "bad.py").write_text("import torch\n\nx = (1,\ny = 2\n")
    code, lines, errors = check()
    assert (code, len(lines), errors) == (1, 1, "")
    assert lines[0].startswith("bad.py:3:5: HP001 error: ")
    assert lines[0].endswith("(syntax-error)")


def test_bytes_that_are_no_utf_8(folder: Path) -> None:
    (folder / "bad.py").write_bytes(b"import torch\n# \xc3\xa4 \xff\n")
    expected = "bad.py:2:5: HP002 error: is not UTF-8: byte 0xff at offset 18 (line 2) (unreadable)"
    assert check() == (1, [expected], "")
    shown = hplint("check", "bad.py").stdout
    assert shown.startswith("bad.py:2:5: error[unreadable] HP002 is not UTF-8")


def test_an_encoding_that_does_not_exist(folder: Path) -> None:
    (folder / "bad.py").write_bytes(b"# coding: klingon\nimport torch\n")
    expected = "bad.py:1:1: HP002 error: names an encoding that cannot be used: unknown encoding: klingon (unreadable)"
    assert check() == (1, [expected], "")


@pytest.mark.parametrize("encoding", ["hex", "undefined", "rot13", "zlib"])
def test_an_encoding_that_gives_no_text(folder: Path, encoding: str) -> None:
    (folder / "bad.py").write_bytes(f"# coding: {encoding}\nimport torch\n".encode())
    code, lines, errors = check()
    assert (code, len(lines), errors) == (1, 1, "")
    assert lines[0].startswith(f"bad.py:1:1: HP002 error: cannot be decoded as {encoding}")


def test_utf_16(folder: Path) -> None:
    (folder / "bad.py").write_bytes("import torch\n".encode("utf-16"))
    assert check()[1] == ["bad.py:1:1: HP002 error: is not UTF-8: byte 0xff at offset 0 (line 1) (unreadable)"]


def test_a_null_character(folder: Path) -> None:
    (folder / "bad.py").write_bytes(b"import torch\nx = '\0'\n")
    expected = "bad.py:2:6: HP001 error: a Python file cannot hold a null character (syntax-error)"
    assert check() == (1, [expected], "")


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"\x0c\n", b"# torch", b"import torch \\"])
def test_next_to_nothing(folder: Path, data: bytes) -> None:
    (folder / "bad.py").write_bytes(data)
    assert check()[0] == 1
    assert len(check()[1]) == (1 if data.endswith(b"\\") else 0)


def test_a_file_of_5_mb(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.py").write_bytes(b"import torch\n" + b"x = 1\n" * 850_000)
    message = "is larger than `max-file-size` (2000000 bytes) and was not read (too-complex)"
    assert check() == (1, [f"bad.py: HP003 warning: {message}"], "")
    (folder / "hplint.toml").write_text('plugins = ["marker"]\nmax-file-size = 20\n')
    assert [line for line in check()[1] if line.startswith("bad.py")]


@pytest.mark.parametrize(
    "text",
    ["x = " + "(" * 3000 + ")" * 3000, "x = " + "[" * 3000, "x = " + "-" * 5000 + "1", "x = 1" + " + 1" * 5000],
    ids=["brackets", "open brackets", "signs", "sums"],
)
def test_what_is_nested_too_deep(folder: Path, text: str) -> None:
    (folder / "bad.py").write_text(f"import torch\n{text}\n")
    code, lines, errors = check()
    assert (code, len(lines), errors) == (1, 1, "")
    assert lines[0].startswith("bad.py:2:")
    assert "HP003 warning: " in lines[0]


def test_mark_and_line_ends_of_windows(folder: Path) -> None:
    (folder / "bad.py").write_bytes(b"\xef\xbb\xbfimport torch\r\n\r\nx = '\xe2\x82\xac', RED\r\n")
    assert check() == (1, ["bad.py:3:10: HP901 error: `RED` is here (found-red) [*]"], "")


def test_a_rule_that_raises(folder: Path) -> None:
    (folder / "bad.py").write_text("import torch\nCRASH, RED\n")
    code, lines, errors = check()
    assert code == 2
    assert errors == ""
    assert len(lines) == 3
    assert lines[0].startswith(
        "bad.py: HP000 error: the rule `broken-rule` (HP905) failed: KeyError: 'a bug in a rule'"
    )
    assert "hplint_marker_rules.py:" in lines[0]
    assert [line.split()[1] for line in lines] == ["HP000", "HP905", "HP901"]
    assert check("--exit-zero")[0] == 2
    assert check("--ignore", "failures")[0] == 1


def test_a_rule_that_points_out_of_the_file(folder: Path) -> None:
    (folder / "bad.py").write_text("import torch\nELSEWHERE\n")
    code, lines, _ = check()
    assert code == 2
    assert "(HP912) failed: ValueError: a finding must point into the checked file, not into other.py" in lines[0]


def test_a_file_that_ends_its_process(folder: Path) -> None:
    for number in range(20):
        (folder / f"f{number:02}.py").write_text(
            "import torch\nRED\n" if number != 7 else "import torch\nKILL_WORKER\n"
        )
    code, lines, errors = check("--jobs", "2")
    assert (code, errors) == (1, "")
    assert [line for line in lines if "HP901" not in line] == [
        "f07.py: HP003 warning: ended the process that was checking it, so it was not checked (too-complex)"
    ]
    assert len(lines) == 20


NO_NOTEBOOKS = {
    "": "a.ipynb: HP002 error: is no notebook that can be read: it is empty (unreadable)",
    "{}": "a.ipynb: HP002 error: is no notebook that can be read: it has no `cells` (unreadable)",
    "[]": "a.ipynb:1:1: HP002 error: is no notebook that can be read: it is no JSON object (unreadable)",
    '{"cells": [': "a.ipynb:1:12: HP002 error: is no notebook that can be read: cell 1 is no JSON object (unreadable)",
    '{"cells": [],\n<<<<': "a.ipynb:2:1: HP002 error: is no notebook that can be read: it is no valid JSON: "
    "expecting property name enclosed in double quotes (unreadable)",
    '{"cells": [{"source": 3}]}': "a.ipynb:1:23: HP002 error: is no notebook that can be read: "
    "the source of cell 1 is no text (unreadable)",
    '{"worksheets": [], "nbformat": 3}': "a.ipynb: HP002 error: is no notebook that can be read: "
    "format 3 is not read: `jupyter nbconvert --to notebook` (unreadable)",
    '{"x": ' + "[" * 100_000: "a.ipynb: HP002 error: is no notebook that can be read: "
    "its JSON is nested too deep (unreadable)",
}


@pytest.mark.parametrize("text", NO_NOTEBOOKS, ids=range(len(NO_NOTEBOOKS)))
def test_what_is_called_a_notebook_and_is_none(folder: Path, text: str) -> None:
    (folder / "a.ipynb").write_text(text)
    assert check() == (1, [NO_NOTEBOOKS[text]], "")


def test_names_that_no_terminal_should_see(folder: Path) -> None:
    name = "a\x1b[31m\n.py"
    (folder / name).write_text("import torch\nRED  # \x1b[2J \u202e\n")
    result = hplint("check", name)
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert json.loads(hplint("check", "--output-format", "json", name).stdout)["findings"][0]["path"] == name


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="file names are text there")
def test_a_name_that_is_no_text(folder: Path, run_hplint: RunHplint) -> None:
    name = os.fsdecode(b"\xff.py")
    (folder / name).write_text("import torch\nRED\n")
    for style in ("full", "concise", "json", "github"):
        result = run_hplint("check", "--output-format", style, cwd=folder)
        assert (result.returncode, result.stderr) == (1, "")
        assert "\\udcff.py" in result.stdout


def test_a_terminal_without_the_characters(folder: Path, run_hplint: RunHplint) -> None:
    (folder / OTHER).write_text("import torch\nRED  # \u4f60\n", "utf-8")
    result = run_hplint("check", cwd=folder, env={"PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stderr) == (1, "")
    assert "RED  # \\u4f60" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_a_reader_that_goes_away(folder: Path) -> None:
    (folder / OTHER).write_text("import torch\n" + "RED\n" * 4_000)
    done = subprocess.run(
        ["bash", "-c", "set -o pipefail; python -m hplint check | head -1"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.stdout.startswith("other.py:2:1: error[found-red]")
    assert done.stderr == ""


# --- sources


@pytest.mark.parametrize(
    ("data", "text", "encoding", "bom"),
    [
        (b"", "", "utf-8", False),
        (b"\xef\xbb\xbfx\r\ny\rz\n", "x\r\ny\rz\n", "utf-8", True),
        (b"# coding: latin-1\n\xe4", "# coding: latin-1\n\xe4", "iso-8859-1", False),
        (
            b"#!x\n# vim: set fileencoding=cp1252 :\n\x80",
            "#!x\n# vim: set fileencoding=cp1252 :\n\u20ac",
            "cp1252",
            False,
        ),
        (b"x\n\n# coding: latin-1\n\xc3\xa4", "x\n\n# coding: latin-1\n\xe4", "utf-8", False),
        (b"\xef\xbb\xbf# coding: utf-8\n", "# coding: utf-8\n", "utf-8", True),
    ],
)
def test_decoding(data: bytes, text: str, encoding: str, bom: bool) -> None:
    found = from_bytes(data, "a.py")
    assert (found.text, found.encoding, found.bom) == (text, encoding, bom)
    assert found.encoded() == data


def test_a_mark_that_contradicts_its_encoding() -> None:
    with pytest.raises(Unreadable, match="names an encoding that cannot be used") as raised:
        from_bytes(b"\xef\xbb\xbf# coding: latin-1\n", "a.py")
    assert raised.value.code == "HP002"


def test_lines_end_where_python_ends_them() -> None:
    found = from_text("a\r\nb\x0cc\u2028d\re\n\U0001d538f", "a.py")
    places = [(found.position(offset).line, found.position(offset).column) for offset in (0, 1, 2, 3, 5, 8, 9, 11, 12)]
    assert places == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 3), (2, 6), (3, 1), (4, 1), (4, 2)]
    assert all(found.offset(found.position(offset)) == offset for offset in range(len(found.text) + 1))
    assert [found.line(number) for number in range(6)] == ["", "a", "b\x0cc\u2028d", "e", "\U0001d538f", ""]
    assert found.newline == "\r\n"
    assert from_text("x").newline == "\n"
    for offset in (-1, len(found.text) + 1):
        with pytest.raises(ValueError, match="outside"):
            found.position(offset)
    with pytest.raises(ValueError, match="before it starts"):
        found.span(3, 2)


def test_what_is_worth_parsing() -> None:
    assert all(map(source.is_relevant, ["import torch", "from torch.nn import x", "a.weight_decay = 1", "# lightning"]))
    assert not any(map(source.is_relevant, ["import torchless", "pytorch", "x = 1", "", "alr"]))
    assert Source("a.py", "").line_starts == [0]
