"""Which comments suppress what, and what is said of those that suppress nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hplint.engine import lint_text
from hplint.model import Finding
from hplint.settings import Settings, SettingsFinder
from tests.commands import hplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]


@pytest.fixture
def settings(project: Path) -> Settings:
    """The settings of the project with the plugin."""
    return SettingsFinder().for_folder(str(project))


def lint(text: str, settings: Settings) -> list[tuple[str, int]]:
    """The (code, line) pairs of a text's findings; ``import torch`` is put on its first line."""
    return [(f.code, f.span.start.line if f.span else 0) for f in lint_text(f"import torch; {text}", "a.py", settings)]


def complaints(text: str, settings: Settings) -> list[Finding]:
    return [f for f in lint_text(f"import torch; {text}", "a.py", settings) if f.code == "HP004"]


# --- what counts


@pytest.mark.parametrize(
    "comment",
    [
        "# hplint: ignore[HP901]",
        "# hplint: ignore[found-red]",
        "#hplint:ignore[found-red]",
        "# hplint:  ignore [ found-red ] because it is a test",
        "# hplint: ignore[found-red,HP902]",
        "# noqa: HP901",
        "# noqa:HP901 because",
        "# NOQA: E501,HP901",
        "# noqa: E501 HP901",
        "# type: ignore  # hplint: ignore[found-red]",
        "# hplint: ignore[HP902]  # noqa: HP901",
    ],
)
def test_forms_that_count(settings: Settings, comment: str) -> None:
    assert [code for code, _ in lint(f"RED  {comment}\n", settings) if code == "HP901"] == []


@pytest.mark.parametrize(
    "comment",
    [
        "# hplint: ignore",
        "# hplint: ignore[]",
        "# hplint: ignore[HP902]",
        "# hplint ignore[HP901]",
        "# say hplint: ignore[HP901]",
        "# hplint: ignored[HP901]",
        "# hplint: ignore[markers]",
        "# hplint: ignore[HP9011]",
        "# noqa",
        "# noqa: E501",
        "# noqa: HP9011",
        "# noqa HP901",
        '; "# hplint: ignore[HP901]"',
        '; """# noqa: HP901"""',
    ],
)
def test_forms_that_count_for_nothing(settings: Settings, comment: str) -> None:
    assert ("HP901", 1) in lint(f"RED {comment}\n", settings)


def test_any_line_of_the_statement(settings: Settings) -> None:
    call = "\nx = f(\n    RED,{0}\n    # note{1}\n    b,\n){2}\ny = RED{3}\n"
    comment = "  # hplint: ignore[found-red]"
    for at in range(3):
        assert lint(call.format(*(comment if n == at else "" for n in range(4))), settings) == [("HP901", 7)]
    assert lint(call.format("", "", "", comment), settings) == [("HP901", 3)]
    assert lint(f"\nRED \\\n    + 1{comment}\n", settings) == []
    assert lint(f'\nx = """\nRED\n"""{comment}\n', settings) == []


def test_of_a_compound_statement_only_the_head(settings: Settings) -> None:
    comment = "  # hplint: ignore[found-red]"
    assert lint(f"\nfor x in RED:{comment}\n    pass\n", settings) == []
    assert lint(f"\nfor x in (\n    RED\n):{comment}\n    pass\n", settings) == []
    assert ("HP901", 2) in lint(f"\nfor x in RED:\n    pass{comment}\n", settings)
    assert ("HP901", 3) in lint(f"\nfor x in y:{comment}\n    RED\n", settings)
    assert lint(f"\nif x:\n    pass\nelif RED:{comment}\n    pass\n", settings) == []


def test_decorators_belong_to_what_they_decorate(settings: Settings) -> None:
    text = "\n@a\n@RED\nclass C:  # hplint: ignore[found-red]\n    RED = 1\n"
    assert lint(text, settings) == [("HP901", 5)]


@pytest.mark.parametrize("line", ["# hplint: file-ignore[found-red] reason", "    # hplint: file-ignore[HP902, HP901]"])
def test_file_ignore(settings: Settings, line: str) -> None:
    assert "HP901" not in {code for code, _ in lint(f"RED\nif x:\n    RED\n{line}\nRED\n", settings)}


def test_with_the_line_ends_of_all_systems(settings: Settings) -> None:
    for end in ("\n", "\r\n", "\r"):
        text = "x\nRED\nRED  # noqa: HP901\nRED\n".replace("\n", end)
        assert lint(text, settings) == [("HP901", 2), ("HP901", 4)]


def test_a_suppressed_finding_changes_neither_exit_code_nor_summary(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED = 1  # hplint: ignore[found-red]\n")
    result = hplint("check")
    assert (result.exit_code, result.stdout) == (0, "All clear: 1 file.\n")


def test_that_a_file_does_not_parse_is_not_suppressed(settings: Settings) -> None:
    assert [code for code, _ in lint("x = (\n# hplint: file-ignore[syntax-error, found-red]\n", settings)] == ["HP001"]


# --- what is said of those that count for nothing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x  # hplint: ignore\n", "`hplint: ignore` names no rule and counts for nothing"),
        ("x\n# hplint: file-ignore\n", "`hplint: file-ignore` names no rule and counts for nothing"),
        ("x  # hplint: ignore[]\n", "`hplint: ignore` names no rule and counts for nothing"),
        ("RED  # hplint: file-ignore[HP901]\n", "`hplint: file-ignore` counts only on a line of its own"),
        ("x  # hplint: ignore[foundred]\n", "`foundred` is no rule: did you mean `found-red`?"),
        ("x  # noqa: HP999\n", "`HP999` is no rule"),
        ("x  # hplint: ignore[found-red]\n", "`found-red` finds nothing here that is to be suppressed"),
        ("x  # noqa: HP901\n", "`HP901` finds nothing here that is to be suppressed"),
        ("x\n# hplint: ignore[HP901]\nRED\n", "`HP901` finds nothing here that is to be suppressed"),
        ("x\n# hplint: file-ignore[HP901]\n", "`HP901` finds nothing in this file that is to be suppressed"),
        ("x  # hplint: ignore[HP901, HP902]\n", "`HP901` and `HP902` finds nothing here that is to be suppressed"),
        ("RED  # hplint: ignore[HP901, HP902]\n", "`HP902` finds nothing here that is to be suppressed"),
        ("x  # hplint: ignore[HP004]\n", "`HP004` finds nothing here that is to be suppressed"),
    ],
)
def test_complaints(settings: Settings, text: str, message: str) -> None:
    found = complaints(text, settings)
    assert message in [finding.message for finding in found]
    assert all(finding.level.value == "warning" for finding in found)


@pytest.mark.parametrize(
    "text",
    [
        "x  # noqa\n",
        "x  # noqa: E501\n",
        "x  # noqa: HP1\n",
        "x = '# hplint: ignore[HP901]'\n",
        "x  # hplint is a linter\n",
        "x  # hplint: ignore[eps-rounds-to-zero]\n",
        "loss.backward()  # hplint: ignore[missing-zero-grad]\n",
        "x  # hplint: ignore[HP901, HP004]\n",
        "x\n# hplint: file-ignore[unused-suppression]\ny  # hplint: ignore[HP901]\n",
        "GREY  # hplint: ignore[found-grey]\n",
        "SHADE_FAINT  # hplint: ignore[found-shade]\n",
    ],
)
def test_no_complaints(settings: Settings, text: str) -> None:
    assert complaints(text, settings) == []


def test_a_rule_that_is_not_on_is_not_unused(project: Path) -> None:
    text = "import torch\nx  # hplint: ignore[found-red]\n"
    (project / "a.py").write_text(text)
    assert "HP004" in hplint("check").stdout
    assert hplint("check", "--ignore", "found-red").exit_code == 0
    assert hplint("check", "--select", "found-blue,HP004").exit_code == 0
    (project / "hplint.toml").write_text('plugins = ["marker"]\nper-file-ignores = { "a.py" = ["HP901"] }\n')
    assert hplint("check").exit_code == 0
    (project / "hplint.toml").write_text('plugins = ["marker"]\nlevels = { HP004 = "advice" }\n')
    result = hplint("check", "--output-format", "concise")
    assert (result.exit_code, "HP004 advice:" in result.stdout) == (0, True)


def test_files_that_are_passed_over_are_looked_at_too(settings: Settings) -> None:
    assert [f.code for f in lint_text("x = 1  # hplint: ignore[found-red]\n", "a.py", settings)] == ["HP004"]


# --- the fix


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # hplint: ignore[HP901] reason #3\ny\n", "x = 1\ny\n"),
        ("x = 1  # hplint: ignore[HP901]", "x = 1"),
        ("x = 1\n    # hplint: ignore[HP901]\r\ny\n", "x = 1\ny\n"),
        ("x = 1\n# hplint: file-ignore[HP901]", "x = 1\n"),
        ("RED  # hplint: ignore[HP902 , HP901] why\n", "RED  # hplint: ignore[HP901] why\n"),
        ("RED  # hplint: ignore[HP902, HP901, HP904]\n", "RED  # hplint: ignore[HP901]\n"),
        ("x  # noqa: E501, HP901, W1\n", "x  # noqa: E501, W1\n"),
        ("x  # noqa: HP901,HP902\n", "x\n"),
        ("x  # noqa: HP901  # type: ignore\n", "x  # type: ignore\n"),
        ("x  # type: ignore  # noqa: HP901\n", "x  # type: ignore\n"),
        ("x  # hplint: ignore[foundred]\n", "x  # hplint: ignore[foundred]\n"),
        ("x  # hplint: ignore\n", "x  # hplint: ignore\n"),
    ],
)
def test_the_fix_removes_what_is_unused(project: Path, before: str, after: str) -> None:
    path = project / "a.py"
    path.write_bytes(f"import torch; {before}".encode())
    hplint("check", "--fix", "--ignore", "markers", "--extend-select", "HP901,HP902,HP904")
    text = path.read_bytes().decode()
    assert re.sub("GREEN", "RED", text) == f"import torch; {after}"
