"""The commands: options, exit codes, standard input, and what is said of wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hplint import __version__
from hplint.batch import lint_paths
from hplint.engine import State, lint_file, lint_text
from hplint.hyperparameters import rows
from hplint.model import Level
from hplint.registry import registry
from hplint.rule import Rule
from hplint.settings import Overrides, Settings, SettingsFinder, default_settings
from tests.commands import codes, hplint
from tests.conftest import RunHplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]

ADAM = "import torch\n\noptimizer = torch.optim.Adam(net.parameters(), lr=1e-3, momentum=0.9)\n"


@pytest.fixture
def train(project: Path) -> Path:
    """A file with an error, a warning and a pedantic remark."""
    path = project / "train.py"
    path.write_text("import torch\nRED\nBLUE\nGREY\n", "utf-8")
    return path


# --- check


def test_a_mistake_is_found_in_a_fresh_process(tmp_path: Path, run_hplint: RunHplint) -> None:
    (tmp_path / "train.py").write_text(ADAM)
    result = run_hplint("check", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.startswith("train.py:3:57: error[unexpected-argument] HP101 `Adam` has no `momentum`")
    assert "3 | optimizer = torch.optim.Adam(" in result.stdout


def test_nothing_found(project: Path) -> None:
    (project / "train.py").write_text("import torch\n")
    result = hplint("check", "train.py")
    assert (result.exit_code, result.output) == (0, "All clear: 1 file.\n")


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["--ignore", "error"], 1),
        (["--ignore", "error,warning"], 0),
        (["--ignore", "error", "--fail-level", "error"], 0),
        (["--select", "found-grey"], 0),
        (["--select", "found-grey", "--fail-level", "pedantic"], 1),
        (["--select", "found-grey", "--fail-level", "advice"], 0),
        (["--select", "no-such-rule"], 2),
        (["--output-format", "json"], 1),
        (["no-such-file.py"], 2),
        (["--exit-zero", "no-such-file.py"], 2),
    ],
)
def test_exit_codes(train: Path, options: list[str], exit_code: int) -> None:
    assert hplint("check", *options).exit_code == exit_code


def test_the_fail_level_of_the_configuration_governs_its_files(train: Path) -> None:
    (train.parent / "hplint.toml").write_text('plugins = ["marker"]\nfail-level = "error"\n')
    train.write_text("import torch\nBLUE\n")
    assert hplint("check").exit_code == 0
    assert hplint("check", "--fail-level", "warning").exit_code == 1


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], "HP901 HP902"),
        (["--select", "HP901"], "HP901"),
        (["--select", "HP901,found-blue"], "HP901 HP902"),
        (["--select", "HP901", "--select", "found-blue"], "HP901 HP902"),
        (["--select", "markers", "--ignore", "HP901"], "HP902"),
        (["--select", "warning"], "HP902"),
        (["--select", "dye"], "HP901 HP902"),
        (["--extend-select", "pedantic"], "HP901 HP902 HP903"),
        (["--select", "ALL"], "HP901 HP902 HP903"),
        (["--select", "HP903"], "HP903"),
    ],
)
def test_selection(train: Path, options: list[str], found: str) -> None:
    assert codes(*options) == found.split()


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], {"error": 1, "advice": 1, "pedantic": 0}),
        (["--select", "shades"], {"error": 1, "advice": 1, "pedantic": 0}),
        (["--select", "found-shade"], {"error": 1, "advice": 1, "pedantic": 1}),
        (["--extend-select", "pedantic"], {"error": 1, "advice": 1, "pedantic": 1}),
        (["--select", "ALL", "--ignore", "pedantic"], {"error": 1, "advice": 1, "pedantic": 0}),
    ],
)
def test_pedantic_findings_of_a_rule_that_is_on(train: Path, options: list[str], found: dict[str, int]) -> None:
    train.write_text("import torch\nSHADE_HARD, SHADE_SOFT, SHADE_FAINT\n")
    document = json.loads(hplint("check", "--output-format", "json", *options).stdout)
    assert document["summary"] == {"files": 1, "warning": 0, **found}


def test_the_same_finding_twice_is_said_once(project: Path) -> None:
    (project / "a.py").write_text("import torch\nECHO\n")
    assert codes() == ["HP913"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["chekc"], "there is no command `chekc`: did you mean `check`?"),
        (["train"], "there is no command `train`"),
        (["check", "--selcet", "x"], "No such option"),
        (["check", "--config", "a.toml", "--isolated"], "'a.toml' does not exist"),
        (["check", "--config", "hplint.toml", "--isolated"], "--config and --isolated exclude each other"),
        (["check", "-", "a.py"], "`-` (standard input) cannot be checked together with other paths"),
        (["check", "--output-format", "xml"], "'xml' is not one of"),
        (["check", "--jobs", "0"], "0 is not in the range"),
        (["check", "--watch", "-"], "standard input cannot be watched"),
    ],
)
def test_wrong_usage(project: Path, args: list[str], message: str) -> None:
    result = hplint(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message.lower() in result.stderr.lower()


def test_a_wrong_configuration_given_for_all(project: Path) -> None:
    (project / "bad.toml").write_text("x = 1")
    for args in (["check", "--config", "bad.toml"], ["config", "--config", "bad.toml"]):
        result = hplint(*args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "error: bad.toml: `x` is no setting of hplint\n"


def test_configuration_from_elsewhere_and_none(train: Path) -> None:
    (train.parent / "ci.toml").write_text('plugins = ["marker"]\nignore = ["HP901"]\n')
    assert codes("--config", "ci.toml") == ["HP902"]
    assert codes("--isolated") == []


def test_standard_input(project: Path) -> None:
    result = hplint("check", "-", "--output-format", "concise", input="import torch\nRED\n")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.startswith("<stdin>:2:1: HP901 error")
    (project / "sub").mkdir()
    (project / "sub" / "hplint.toml").write_text('plugins = ["marker"]\nignore = ["HP901"]\n')
    result = hplint("check", "-", "--stdin-filename", "sub/x.py", input=b"import torch\nRED, BLUE\n")
    assert result.stdout.startswith("sub/x.py:2:6: warning[found-blue] HP902")
    assert "2 | RED, BLUE\n" in result.stdout
    result = hplint("check", "-", input=b"\xff")
    assert "<stdin>:1:1: error[unreadable] HP002 is not UTF-8" in result.stdout
    named = ["--stdin-filename", "build/x.py"]
    assert hplint("check", "-", *named, input="import torch\nRED\n").exit_code == 1
    assert hplint("check", "-", *named, "--force-exclude", input="import torch\nRED\n").exit_code == 0
    (project / "sub" / "hplint.toml").write_text("x = 1\n")
    assert hplint("check", "-", "--stdin-filename", "sub/x.py", input="").exit_code == 2


def test_output_does_not_depend_on_the_number_of_processes(project: Path) -> None:
    for number in range(40):
        (project / f"f{number}.py").write_text("import torch\n" + "RED, BLUE\n" * (number % 3))
    alone = hplint("check", "--output-format", "json", "--jobs", "1")
    assert alone.exit_code == 1
    assert hplint("check", "--output-format", "json", "--jobs", "3").stdout == alone.stdout
    paths = [finding["path"] for finding in json.loads(alone.stdout)["findings"]]
    assert paths == sorted(paths)


def test_help_and_version() -> None:
    for args in ([], ["check"], ["rule"], ["explain"], ["config"]):
        result = hplint(*args, "--help")
        assert result.exit_code == 0
        assert "Usage: hplint" in result.stdout
    assert hplint("--version").stdout == f"hplint {__version__}\n"


def test_the_module_runs(run_hplint: RunHplint) -> None:
    assert run_hplint("--version").stdout == f"hplint {__version__}\n"


# --- rule, explain


def test_the_list_of_rules(project: Path) -> None:
    result = hplint("rule")
    assert result.exit_code == 0
    for rule in registry().rules:
        assert f"  {rule.code}  {rule.name} " in result.stdout
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.startswith("  HP")}
    assert " fix " in lines["HP101"]
    assert " fix " not in lines["HP001"]
    listed = json.loads(hplint("rule", "--output-format", "json").stdout)
    assert [rule["code"] for rule in listed] == sorted(rule["code"] for rule in listed)
    assert {"HP901", *(rule.code for rule in registry().rules)} <= {rule["code"] for rule in listed}


@pytest.mark.parametrize("rule", registry().rules, ids=lambda rule: rule.name)
def test_every_page_can_be_shown(rule: Rule) -> None:
    result = hplint("rule", rule.name)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{rule.name} (")
    assert "```" not in result.stdout
    assert hplint("rule", rule.code).stdout == result.stdout
    assert hplint("explain", rule.name).stdout == result.stdout


def test_pages_survive_the_removal_of_docstrings(tmp_path: Path) -> None:
    command = [sys.executable, "-OO", "-m", "hplint", "rule", "HP101"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert registry().by_name["HP101"].summary in done.stdout


def test_a_rule_that_does_not_exist() -> None:
    result = hplint("rule", "unexpected-arg")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: `unexpected-arg` is no rule: did you mean `unexpected-argument`?\n"


def test_explain_a_hyperparameter() -> None:
    row = rows()[0]
    result = hplint("explain", row.name)
    assert result.exit_code == 0
    assert row.title in result.stdout
    result = hplint("explain", "lerning-rate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: `lerning-rate` is no rule and no hyperparameter: did you mean `learning-rate`?\n"


# --- from Python


def test_lint_text_finds_what_every_rule_has_to_say() -> None:
    assert "HP101" in [finding.code for finding in lint_text(ADAM)]
    assert lint_text("") == []
    assert [finding.code for finding in lint_text("import torch\nx = (\n")] == ["HP001"]
    assert [finding.code for finding in lint_text("\0")] == ["HP001"]


def test_lint_file_says_how_far_it_got(train: Path) -> None:
    settings: Settings = default_settings()
    states = {"import torch\n": State.PARSED, "x = 1\n": State.PASSED_OVER, "import torch (": State.FAILED}
    for text, state in states.items():
        train.write_text(text)
        assert lint_file(str(train), settings).state is state
    assert lint_file("gone.py").state is State.FAILED


def test_lint_paths(train: Path) -> None:
    run = lint_paths([str(train), "gone.py"], SettingsFinder(Overrides()))
    assert [finding.code for finding in run.findings] == ["HP901", "HP902"]
    assert [result.path for result in run.results] == ["train.py"]
    assert run.results[0].fail_level is Level.WARNING
    assert run.problems == ("gone.py: no such file or folder",)
