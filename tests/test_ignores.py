"""`--add-ignore`: comments where Python allows them, and nothing is left to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import hplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]

RED = "# hplint: ignore[found-red] TODO"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = RED\n", f"x = RED  {RED}\n"),
        ("x = RED", f"x = RED  {RED}"),
        ("x = RED   \n", f"x = RED  {RED}\n"),
        ("x = RED\r\ny = 1\r\n", f"x = RED  {RED}\r\ny = 1\r\n"),
        ("x = f(\n    RED,\n)\n", f"x = f(\n    RED,  {RED}\n)\n"),
        ("x = RED + \\\n    1\ny = 2\n", f"x = RED + \\\n    1  {RED}\ny = 2\n"),
        ("x = f(RED, \\\n    1,\n    2)\n", f"x = f(RED, \\\n    1,  {RED}\n    2)\n"),
        ('x = RED, """\na\n"""\n', f'x = RED, """\na\n"""  {RED}\n'),
        ('x = """\nRED\n"""\n', f'x = """\nRED\n"""  {RED}\n'),
        ('x = f"""\n{RED\n}\n"""\n', f'x = f"""\n{{RED\n}}\n"""  {RED}\n'),
        ('x = """a""", RED  # "said"\n', f'x = """a""", RED  # "said"  {RED}\n'),
        ("x = RED  # type: ignore\n", f"x = RED  # type: ignore  {RED}\n"),
        ("if RED:\n    pass\n", f"if RED:  {RED}\n    pass\n"),
        ("@RED\ndef f():\n    pass\n", f"@RED  {RED}\ndef f():\n    pass\n"),
        ("# RED\nx = 1\n", f"# RED  {RED}\nx = 1\n"),
        ("x = RED, RED\n", f"x = RED, RED  {RED}\n"),
        ("x = RED, BLUE\n", "x = RED, BLUE  # hplint: ignore[found-red, found-blue] TODO\n"),
        (
            "x = RED, BLUE  # hplint: ignore[found-blue] so it is\n",
            "x = RED, BLUE  # hplint: ignore[found-blue, found-red] so it is\n",
        ),
        (
            "x = RED, BLUE  # noqa: HP902 # fmt: skip\n",
            f"x = RED, BLUE  # noqa: HP902 # fmt: skip  {RED}\n",
        ),
        ("x = '# hplint: ignore[found-blue]', RED\n", f"x = '# hplint: ignore[found-blue]', RED  {RED}\n"),
        ("x = '\u4f60\U0001d538', RED\n", f"x = '\u4f60\U0001d538', RED  {RED}\n"),
    ],
)
def test_comments(project: Path, before: str, after: str) -> None:
    file = project / "a.py"
    head = "import torch\n"
    file.write_text(head + before, "utf-8", newline="")
    first = hplint("check", "--add-ignore")
    assert file.read_bytes().decode() == head + after
    assert (first.exit_code, first.stdout) == (0, "All clear: 1 file.\n")
    assert first.stderr == "Wrote comments into 1 file.\n"
    second = hplint("check", "--add-ignore")
    assert (second.exit_code, second.stdout, second.stderr) == (0, "All clear: 1 file.\n", "")
    assert file.read_bytes().decode() == head + after


def test_the_reason(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    assert hplint("check", "--add-ignore", "--reason", "as in the paper").exit_code == 0
    assert (project / "a.py").read_text().endswith("RED  # hplint: ignore[found-red] as in the paper\n")


@pytest.mark.parametrize(
    "options",
    [
        ["--reason", "x"],
        ["--add-ignore", "--reason", "two\nlines"],
        ["--add-ignore", "--reason", "# hplint: file-ignore[ALL]"],
        ["--add-ignore", "--reason", " "],
        ["--add-ignore", "--fix"],
        ["--add-ignore", "--diff"],
        ["--add-ignore", "-"],
    ],
)
def test_contradictions(project: Path, options: list[str]) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    assert hplint("check", *options).exit_code == 2
    assert (project / "a.py").read_text() == "import torch\nRED\n"


def test_the_encoding_of_a_file_is_kept_or_the_file_is_left_alone(project: Path) -> None:
    text = "# coding: latin-1\nimport torch\nx = '\xe9', RED\n".encode("latin-1")
    (project / "a.py").write_bytes(text)
    left = hplint("check", "--add-ignore", "--reason", "\u20ac")
    assert left.exit_code == 1
    assert "a.py: no comment written, because its encoding cannot hold the reason" in left.stderr
    assert (project / "a.py").read_bytes() == text
    assert hplint("check", "--add-ignore").exit_code == 0
    assert (project / "a.py").read_bytes() == text[:-1] + f"  {RED}\n".encode()


def test_what_is_wrong_with_a_file_or_its_suppressions_stays(project: Path) -> None:
    (project / "a.py").write_text("import torch (\nRED\n")
    (project / "b.py").write_text("import torch\nx = 1  # hplint: ignore[found-red]\n")
    result = hplint("check", "--add-ignore", "--output-format", "concise")
    assert result.exit_code == 1
    assert "HP001" in result.stdout
    assert "HP004" in result.stdout
    assert "comments" not in result.stderr
    assert (project / "b.py").read_text() == "import torch\nx = 1  # hplint: ignore[found-red]\n"


def test_what_the_baseline_knows_gets_no_comment(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    hplint("check", "--write-baseline")
    (project / "a.py").write_text("import torch\nRED\nBLUE\n")
    assert hplint("check", "--add-ignore", "--baseline", "hplint-baseline.json").exit_code == 0
    assert (project / "a.py").read_text() == "import torch\nRED\nBLUE  # hplint: ignore[found-blue] TODO\n"


def test_real_findings(project: Path, root: Path) -> None:
    for file in sorted((root / "fixtures" / "seed").glob("*.py")):
        (project / file.name).write_bytes(file.read_bytes())
    assert hplint("check").exit_code == 1
    assert hplint("check", "--add-ignore").exit_code == 0
    assert hplint("check").stdout.startswith("All clear")
