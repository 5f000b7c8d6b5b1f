"""What is printed: the formats, statistics, colours; and the JSON Schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hplint.commands.output import COUNTED, FORMATS
from hplint.model import Edit, Engine, Finding, Fix, Level, Position, Related, Safety, Span
from hplint.report import Report, concise, github, summary, text
from hplint.report import json as json_report
from hplint.report.rules import markdown
from hplint.report.style import Style, printable
from hplint.source import Source
from tests.commands import hplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]

SCHEMA = json.loads(Path(json_report.__file__).with_name("schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def span(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(Position(line, column), Position(end_line, end_column))


def finding(at: Span | None, level: Level = Level.ERROR, **more: Any) -> Finding:
    return Finding("HP101", "unexpected-argument", level, "`x` is wrong", "a.py", at, **more)


def full(code: str, at: Span | None, **more: Any) -> str:
    """The excerpt of one finding, without its head and the summary."""
    report = Report((finding(at, **more),), 1)
    return "\n".join(text.render(report, lambda path: Source(path, code), hint=False).splitlines()[1:-2])


# --- full


def test_full_points_at_the_place() -> None:
    assert full("a = 1\nb = f(x=2)\n", span(2, 7, 2, 10)) == "  |\n2 | b = f(x=2)\n  |       ^^^"


def test_the_head_of_a_finding() -> None:
    report = Report((finding(span(2, 7, 2, 10)), finding(None)), 1)
    rendered = text.render(report, lambda path: None)
    assert rendered == (
        "a.py:2:7: error[unexpected-argument] HP101 `x` is wrong\n\n"
        "a.py: error[unexpected-argument] HP101 `x` is wrong\n\n"
        "Found 2 errors in 1 file.\nRun hplint rule NAME to see what a rule is about.\n"
    )


def test_full_shows_related_places_and_the_fix() -> None:
    related = (Related("b.py", span(12, 1, 12, 2), "`lr` set here"),)
    fix = Fix("replace it by `1`", (Edit("a.py", span(1, 1, 1, 2), "1"),), Safety.SAFE)
    code = "x\n" * 12
    assert full(code, span(1, 1, 1, 2), related=related, fix=fix) == (
        "   |\n 1 | x\n   | ^\n   = b.py:12:1: `lr` set here\n12 | x\n   | -\n   = fix: replace it by `1` [*]"
    )


@pytest.mark.parametrize(
    ("code", "at", "expected"),
    [
        ("\tx\ty = 1\n", span(1, 4, 1, 5), "1 |     x   y = 1\n  |         ^"),
        ("'\u4f60\u597d' + x\n", span(1, 8, 1, 9), "1 | '\u4f60\u597d' + x\n  |          ^"),
        ("'e\u0301' + x\n", span(1, 8, 1, 9), "1 | 'e\u0301' + x\n  |       ^"),
        ("'\x1b[1m' x\n", span(1, 8, 1, 9), "1 | '\\x1b[1m' x\n  |           ^"),
        ("f(\n    1,\n    2,\n)\n", span(1, 1, 4, 2), "1 | f(\n  | ^^\n...\n4 | )\n  | ^"),
        ("f(\n    1)\n", span(1, 2, 2, 7), "1 | f(\n  |  ^\n2 |     1)\n  |     ^^"),
        ("x = 1\n", span(1, 1, 2, 1), "1 | x = 1\n  | ^^^^^"),
        ("x = \n", span(1, 5, 1, 5), "1 | x =\n  |     ^"),
        ("x\n", span(9, 1, 9, 4), ""),
        ("", span(1, 1, 1, 1), ""),
        ("a\r\nb\rc\n", span(3, 1, 3, 2), "3 | c\n  | ^"),
    ],
)
def test_excerpts(code: str, at: Span, expected: str) -> None:
    assert full(code, at).partition("\n")[2] == expected


def test_long_lines_are_clipped_around_the_place() -> None:
    code = "x = [" + "1, " * 500 + "RED, " + "2, " * 500 + "]\n"
    at = code.index("RED") + 1
    _, line, marks = full(code, span(1, at, 1, at + 3)).splitlines()
    assert len(line) <= text.WIDTH
    assert line[4] == line[-1] == "…"
    assert line[marks.index("^") : marks.rindex("^") + 1] == "RED"
    assert line.index("RED") > 40


@pytest.mark.parametrize("at", [span(1, 1, 1, 1000), span(1, 400, 1, 1000), span(1, 999, 1, 1000)])
def test_a_place_longer_than_the_screen(at: Span) -> None:
    _, line, marks = full("y" * 999 + "\n", at).splitlines()
    assert len(line) <= text.WIDTH
    assert len(marks) <= text.WIDTH
    assert marks.rstrip().endswith("^")


# --- concise, statistics, summary


def test_concise() -> None:
    fix = Fix("do it", (Edit("a.py", span(1, 1, 1, 2), "1"),), Safety.UNSAFE)
    findings = (finding(None), finding(span(3, 1, 3, 2), Level.ADVICE, fix=fix))
    assert concise.render(Report(findings, 2)) == (
        "a.py: HP101 error: `x` is wrong (unexpected-argument)\n"
        "a.py:3:1: HP101 advice: `x` is wrong (unexpected-argument)\n"
        "Found 1 error and 1 piece of advice in 2 files (1 fixable with --fix --unsafe-fixes).\n"
    )
    assert concise.render(Report(findings, 2, unsafe=True)).splitlines()[1].endswith(" [*]")


@pytest.mark.parametrize(
    ("levels", "files", "expected"),
    [
        ([], 0, "No Python files to check."),
        ([], 1, "All clear: 1 file."),
        ([], 12, "All clear: 12 files."),
        ([Level.WARNING], 1, "Found 1 warning in 1 file."),
        (
            [Level.ERROR] * 2 + [Level.WARNING] + [Level.ADVICE] * 3,
            12,
            "Found 2 errors, 1 warning and 3 pieces of advice in 12 files.",
        ),
        ([Level.PEDANTIC] * 2, 1, "Found 2 pedantic remarks in 1 file."),
    ],
)
def test_summary(levels: list[Level], files: int, expected: str) -> None:
    assert summary(Report(tuple(finding(None, level) for level in levels), files)) == expected


def test_summary_of_fixes() -> None:
    safe, unsafe = (Fix("do it", (), safety) for safety in (Safety.SAFE, Safety.UNSAFE))
    report = Report(tuple(finding(None, fix=fix) for fix in (safe, unsafe, unsafe, None)), 1)
    assert summary(report).endswith("(1 fixable with --fix, 2 more with --unsafe-fixes).")


def test_statistics(project: Path) -> None:
    (project / "a.py").write_text("import torch\nBLUE, RED, BLUE\n" + "GREY\n" * 12)
    result = hplint("check", "--statistics", "--extend-select", "pedantic")
    assert result.stdout == (
        "12  HP903  found-grey\n 2  HP902  found-blue\n 1  HP901  found-red [*]\n"
        "Found 1 error, 2 warnings and 12 pedantic remarks in 1 file (1 fixable with --fix, 2 more"
        " with --unsafe-fixes).\n"
    )
    document = json.loads(hplint("check", "--statistics", "--output-format", "json").stdout)
    VALIDATOR.validate(document)
    assert document["statistics"][0] == {"number": 2, "code": "HP902", "name": "found-blue", "fixable": False}


@pytest.mark.parametrize("form", sorted({*FORMATS} - {*COUNTED}))
def test_statistics_do_not_replace_a_report_in_silence(project: Path, form: str) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    result = hplint("check", "--statistics", "--output-format", form)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"--statistics does not go with --output-format {form}" in result.stderr


# --- JSON


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_json(project: Path) -> None:
    (project / "a.py").write_text("import torch\nx = '\U0001d538', BLUE\n", "utf-8")
    result = hplint("check", "--output-format", "json")
    document = json.loads(result.stdout)
    VALIDATOR.validate(document)
    assert result.stderr == ""
    place = {"start": {"line": 2, "column": 10}, "end": {"line": 2, "column": 14}}
    edit = {"path": "a.py", "cell": None, **place, "text": "GREEN"}
    torch = {"start": {"line": 1, "column": 8}, "end": {"line": 1, "column": 13}}
    assert document == {
        "schema_version": 1,
        "findings": [
            {
                "code": "HP902",
                "name": "found-blue",
                "level": "warning",
                "message": "`BLUE` is here",
                "engine": "static",
                "path": "a.py",
                "cell": None,
                **place,
                "hyperparameter": None,
                "url": None,
                "related": [{"path": "a.py", "cell": None, **torch, "message": "torch is imported here"}],
                "fix": {"title": "write `GREEN`", "safety": "unsafe", "edits": [edit]},
            }
        ],
        "summary": {"files": 1, "error": 0, "warning": 1, "advice": 0, "pedantic": 0},
        "held_back": 0,
    }


def test_json_without_findings_and_without_places(project: Path) -> None:
    assert json.loads(hplint("check", "--output-format", "json").stdout)["findings"] == []
    live = finding(None, engine=Engine.RUNTIME, hyperparameter="learning-rate")
    VALIDATOR.validate(json_report.document(Report((live,), 1)))


# --- GitHub


def command(at: Span | None, level: Level = Level.ERROR, **more: Any) -> str:
    """The workflow command of one finding."""
    first, *rest = github.render(Report((finding(at, level, **more),), 1)).splitlines()
    assert len(rest) == 1, "a command is one line; the summary is the other"
    return first


@pytest.mark.parametrize(
    ("level", "name"),
    [(Level.ERROR, "error"), (Level.WARNING, "warning"), (Level.ADVICE, "notice"), (Level.PEDANTIC, "notice")],
)
def test_github(level: Level, name: str) -> None:
    assert command(span(2, 7, 2, 10), level) == (
        f"::{name} file=a.py,line=2,col=7,endLine=2,endColumn=10,title=HP101 unexpected-argument"
        "::a.py:2:7: `x` is wrong"
    )


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, "file=a.py"),
        (span(2, 7, 4, 3), "file=a.py,line=2,endLine=4"),
        (span(2, 7, 4, 1), "file=a.py,line=2,endLine=3"),
        (span(2, 7, 3, 1), "file=a.py,line=2,endLine=2"),
    ],
)
def test_github_has_columns_within_a_line_only(at: Span | None, expected: str) -> None:
    assert command(at).startswith(f"::error {expected},title=HP101 unexpected-argument::a.py:")


def test_github_appends_related_places() -> None:
    related = (Related("b.py", span(12, 1, 12, 2), "`lr` set here"), Related("c.py", span(3, 4, 3, 9), "50% of it"))
    said = command(span(1, 1, 1, 2), related=related).rpartition("::")[2]
    assert said == "a.py:1:1: `x` is wrong%0Ab.py:12:1: `lr` set here%0Ac.py:3:4: 50%25 of it"


def test_github_escapes_what_would_end_a_command() -> None:
    odd = Finding("HP101", "unexpected-argument", Level.ERROR, "a, b: 5%\x1b[1m", "x,y:z%\r\n::.py", span(1, 1, 1, 2))
    properties, said = github.render(Report((odd,), 1)).splitlines()[0].removeprefix("::error ").split("::", 1)
    assert properties.startswith("file=x%2Cy%3Az%25\\r\\n%3A%3A.py,line=1,")
    assert said == "x,y:z%25\\r\\n::.py:1:1: a, b: 5%25\\x1b[1m"


def test_github_on_the_command_line(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    result = hplint("check", "--output-format", "github")
    commands = [line for line in result.stdout.splitlines() if line.startswith("::")]
    assert result.exit_code == 1
    assert len(commands) == len(json.loads(hplint("check", "--output-format", "json").stdout)["findings"]) > 0
    assert re.fullmatch(r"Found .* in .*\.", result.stdout.splitlines()[-1])


# --- colours


@pytest.mark.parametrize(
    ("options", "env", "colored"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
@pytest.mark.parametrize("style", ["full", "concise", "json", "github"])
def test_colours(
    project: Path, monkeypatch: pytest.MonkeyPatch, style: str, options: list[str], env: dict[str, str], colored: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    (project / "a.py").write_text("import torch\nRED\n")
    assert ("\x1b[" in hplint("check", "--output-format", style, *options).stdout) is (
        colored and style in ("full", "concise")
    )


def test_colours_do_not_change_the_text() -> None:
    report = Report((finding(span(1, 1, 1, 2), related=(Related("a.py", span(1, 1, 1, 2), "here"),)),), 1)
    plain = text.render(report, lambda path: Source(path, "x\n"))
    colored = text.render(report, lambda path: Source(path, "x\n"), color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain != colored
    assert Style(True)("x", "red", "bold") == "\x1b[31;1mx\x1b[0m"


def test_printable() -> None:
    assert printable("a \u00e4\u4f60\u00a0") == "a \u00e4\u4f60\u00a0"
    assert printable("\x1b[1m\r\n\u202e") == "\\x1b[1m\\r\\n\\u202e"


def test_output_file(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED  # \u4f60\n", "utf-8")
    result = hplint("check", "--output-file", "out.txt", "--color", "auto")
    assert (result.exit_code, result.output) == (1, "")
    written = (project / "out.txt").read_text("utf-8")
    assert "RED  # \u4f60" in written
    assert "\x1b" not in written
    result = hplint("check", "--output-file", "no/such/folder/out.txt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: no/such/folder/out.txt cannot be written: No such file or directory\n"


# --- Markdown


def test_markdown() -> None:
    source = """Title `code here`.

Words that
go on.

## Heading

- one
  more
- two

```python bad
x = (

    1)
```

| a | b |
|---|---|
"""
    assert markdown(source, width=20) == (
        "Title `code here`.\n\nWords that go on.\n\nHEADING\n\n- one more\n- two\n\n"
        "  bad:\n    x = (\n\n        1)\n\n| a | b |\n|---|---|\n"
    )
