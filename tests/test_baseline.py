"""Baselines: what is known already is left out, and recognised whatever happens around it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hplint.fingerprints import fingerprints
from hplint.model import Finding, Level, Position, Span
from hplint.source import Source
from tests.commands import hplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]

NAME = "hplint-baseline.json"
TEXT = "import torch\n\nx = RED\ny = BLUE\n"


@pytest.fixture
def train(project: Path) -> Path:
    """A file with two findings, both in the baseline."""
    file = project / "train.py"
    file.write_text(TEXT)
    written = hplint("check", "--write-baseline")
    assert written.exit_code == 0
    assert written.stderr == f"Wrote 2 findings to {NAME}.\n"
    assert written.stdout == "All clear: 1 file, besides 2 findings of the baseline.\n"
    return file


def new(*args: str) -> list[str]:
    """The codes that are reported with the baseline."""
    result = hplint("check", "--baseline", NAME, "--output-format", "json", *args)
    found = [finding["code"] for finding in json.loads(result.stdout)["findings"]]
    assert result.exit_code == (1 if found else 0)
    return found


def test_known_findings_are_quiet_and_new_ones_fail(train: Path) -> None:
    assert new() == []
    train.write_text(f"{TEXT}z = RED\n")
    assert new() == ["HP901"]
    said = hplint("check", "--baseline", NAME, "--output-format", "concise").stdout
    assert said.splitlines()[0].startswith("train.py:5:5: HP901")
    assert said.splitlines()[1] == (
        "Found 1 error in 1 file (1 fixable with --fix), besides 2 findings of the baseline."
    )
    report = json.loads(hplint("check", "--baseline", NAME, "--output-format", "json").stdout)
    assert (report["summary"]["error"], report["held_back"]) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "import torch\n# moved\n\n\n\nx = RED\n\ny = BLUE\n",
        "import torch\ny = BLUE\nx = RED\n",
        "import torch\nif x:\n    x  =  RED\n    y = BLUE  # said\n",
        "import torch as th, os\nother = 3\nx = RED\ny = BLUE\n",
        "import torch\r\nx = RED\r\ny = BLUE\r\n",
    ],
)
def test_a_finding_is_recognised_in_another_version_of_its_file(train: Path, text: str) -> None:
    train.write_text(text, newline="")
    assert new() == []


@pytest.mark.parametrize("line", ["z = RED", "x = RED, RED", "x = RED\nx = RED"])
def test_what_was_not_there_is_new(train: Path, line: str) -> None:
    train.write_text(TEXT.replace("x = RED", line))
    assert set(new()) == {"HP901"}


def test_the_same_line_again_is_one_more(train: Path) -> None:
    train.write_text(TEXT + "x = RED\n")
    assert new() == ["HP901"]


def test_another_file_has_its_own(train: Path) -> None:
    (train.parent / "other.py").write_text(TEXT)
    assert new() == ["HP901", "HP902"]


def test_what_is_gone_is_told(train: Path) -> None:
    train.write_text("import torch\n")
    result = hplint("check", "--baseline", NAME)
    assert result.exit_code == 0
    assert result.stderr == f"2 findings of the baseline are gone: write {NAME} anew with --write-baseline.\n"
    train.write_text("import torch\nx = RED\n")
    assert hplint("check", "--baseline", NAME).stderr.startswith("1 finding of the baseline is gone: ")


def test_nothing_is_told_to_be_gone_that_was_not_looked_for(train: Path) -> None:
    (train.parent / "other.py").write_text("import torch\n")
    assert hplint("check", "--baseline", NAME, "other.py").stderr == ""
    assert hplint("check", "--baseline", NAME, "--ignore", "HP901").stderr == ""
    train.unlink()
    assert hplint("check", "--baseline", NAME, "other.py").stderr.startswith("2 findings")


def test_a_part_of_the_project_is_written_anew_alone(train: Path) -> None:
    other = train.parent / "other.py"
    other.write_text("import torch\nRED\n")
    train.write_text("import torch\n")
    assert hplint("check", "--write-baseline", NAME, "other.py").stderr == f"Wrote 3 findings to {NAME}.\n"
    assert hplint("check", "--write-baseline", "train.py", "--", "other.py").exit_code == 2
    assert hplint("check", "--write-baseline").stderr == f"Wrote 1 finding to {NAME}.\n"


def test_the_file_does_not_tell_lines(train: Path) -> None:
    before = Path(NAME).read_bytes()
    train.write_text("\n\n" + TEXT)
    hplint("check", "--write-baseline")
    assert Path(NAME).read_bytes() == before
    document = json.loads(before)
    assert [list(each) for each in document["findings"]] == [["path", "code", "name", "fingerprint", "engine"]] * 2


def test_it_counts_from_its_own_folder(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = train.parent / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert hplint("check", "--baseline", f"../{NAME}", "..").exit_code == 0
    assert hplint("check", "--write-baseline", "own.json", "..").exit_code == 0
    assert json.loads(Path("own.json").read_text())["findings"][0]["path"] == "../train.py"
    assert hplint("check", "--baseline", "own.json", "..").exit_code == 0


def test_the_configuration_names_it(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = train.parent / "hplint.toml"
    settings.write_text(settings.read_text() + f'baseline = "{NAME}"\n')
    assert hplint("check").exit_code == 0
    assert NAME in hplint("config").stdout
    train.write_text(f"{TEXT}RED\n")
    assert hplint("check").exit_code == 1
    assert hplint("check", "--write-baseline").stderr == f"Wrote 3 findings to {NAME}.\n"
    (train.parent / "inner").mkdir()
    monkeypatch.chdir(train.parent / "inner")
    assert hplint("check", "..").exit_code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: no such file or directory: --write-baseline writes it"),
        ("{", "known.json is no baseline of hplint: it is not JSON"),
        ("[" * 100_000, "is no baseline of hplint"),
        ('{"lr": 0.1}', "known.json is no baseline of hplint"),
        ('{"hplint_baseline": 2, "findings": []}', "was written by a newer hplint"),
        ('{"hplint_baseline": 1, "findings": [{"path": 3}]}', "is damaged: write it anew"),
        ('{"hplint_baseline": 1}', "is damaged: write it anew"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_wrong_usage(train: Path, content: str | None, message: str) -> None:
    if content is not None:
        Path("known.json").write_text(content)
    result = hplint("check", "--baseline", "known.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize("name", ["train.py", ".", "config.json"])
def test_nothing_but_a_baseline_is_overwritten(train: Path, name: str) -> None:
    Path("config.json").write_text('{"lr": 0.1}')
    assert hplint("check", "--write-baseline", name).exit_code == 2
    assert Path("config.json").read_text() == '{"lr": 0.1}'
    assert train.read_text() == TEXT


@pytest.mark.parametrize("other", [["--diff"], ["-"], ["--baseline", NAME, f"--write-baseline={NAME}"]])
def test_contradictions(train: Path, other: list[str]) -> None:
    assert hplint("check", *other, "--write-baseline").exit_code == (0 if "--baseline" in other else 2)


def test_a_wrong_configuration_of_other_files_does_not_matter(train: Path) -> None:
    inner = train.parent / "inner"
    inner.mkdir()
    (inner / "hplint.toml").write_bytes(Path("hplint.toml").read_bytes())
    (inner / "a.py").write_text("import torch\n")
    Path("hplint.toml").write_text("nonsense = 3\n")
    assert hplint("check", "inner").exit_code == 0


def test_the_file_can_be_read_by_others(train: Path) -> None:
    assert Path(NAME).stat().st_mode == train.stat().st_mode


def test_a_folder_that_cannot_be_written_to(train: Path) -> None:
    result = hplint("check", "--write-baseline", "gone/known.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: gone/known.json cannot be written: No such file or directory\n"


def test_a_fault_of_hplint_is_never_known(project: Path) -> None:
    (project / "train.py").write_text("import torch\nCRASH\n")
    assert hplint("check", "--write-baseline").exit_code == 2
    assert hplint("check", "--baseline", NAME).exit_code == 2


def test_fingerprints_differ_and_need_no_text() -> None:
    at = Span(Position(1, 1), Position(1, 2))
    findings = [
        Finding("HP101", "one", Level.ERROR, "said", path, span)
        for path, span in [("a.py", at), ("a.py", at), ("b.py", at), ("a.py", None), (None, None), ("gone.py", at)]
    ]
    prints = fingerprints(findings, lambda path: Source(path, "x = '#'\n") if path != "gone.py" else None)
    assert len(set(prints)) == len(findings)
    assert [each[-2:] for each in prints[:2]] == [":1", ":2"]
    assert fingerprints(findings[::-1], lambda path: None)[0] == prints[-1]
