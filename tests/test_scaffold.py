"""`hplint new`: what it makes holds to the house style from the start, and it never overwrites."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from hplint import scaffold
from hplint.model import Level
from hplint.registry import registry
from tests.commands import hplint
from tests.examples import examples

COPIED = ("hplint", "rules", "tests/rules", "changes", "pyproject.toml")


@pytest.fixture
def tree(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the checkout; the working directory."""
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*args: str) -> Result:
    """What ``hplint new ARGS`` prints."""
    return hplint("new", *args)


def next_code() -> str:
    """The code after the last."""
    return f"HP{max(int(rule.code[2:]) for rule in registry().rules) + 1}"


def everything(folder: Path) -> dict[str, bytes]:
    """All files of a folder, with what they hold."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_it_makes_the_files(tree: Path) -> None:
    before = everything(tree)
    result = new("some-new-rule", "--topic", "optimizer", "--level", "advice", "--hyperparameter", "learning-rate")
    code = next_code()
    made = ["rules/optimizer/some_new_rule.py", "tests/rules/some-new-rule.md", "changes/+some-new-rule.md"]
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[: len(made)] == made
    assert f"{code} is `some-new-rule`" in result.stdout
    after = everything(tree)
    assert sorted(after.keys() - before.keys()) == sorted(made)
    assert {path: after[path] for path in before} == before
    rule = after[made[0]].decode()
    assert f'"{code}",\n    "some-new-rule",\n    level=Level.ADVICE,\n    topic="optimizer",\n' in rule
    assert '    hyperparameter="learning-rate",\n' in rule
    assert f"{code} (`some-new-rule`)" in after[made[2]].decode()
    assert b"\r" not in b"".join(after[path] for path in made)


def test_from_a_folder_inside_and_with_a_code(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "rules" / "loop")
    assert new("some-new-rule", "--topic", "loop", "--code", "HP901").exit_code == 0
    rule = (tree / "rules" / "loop" / "some_new_rule.py").read_text("utf-8")
    assert '"HP901",' in rule
    assert "level=Level.WARNING" in rule
    assert "hyperparameter" not in rule


def test_codes_go_on_counting(tree: Path) -> None:
    assert new("rule-one", "--topic", "data").exit_code == 0
    assert f"HP{int(next_code()[2:]) + 1} is `rule-two`" in new("rule-two", "--topic", "data").stdout


def test_what_it_makes_passes_ruff_and_mypy_and_loads(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    longest = "a-rule-with-a-name-of-fifty-characters-which-is-it"
    assert len(longest) == 50
    assert new(longest, "--topic", "optimizer", "--hyperparameter", "hidden-layers-and-units").exit_code == 0
    assert new("some-new-rule", "--topic", "architecture", "--level", "error").exit_code == 0
    made = [f"rules/optimizer/{longest.replace('-', '_')}.py", "rules/architecture/some_new_rule.py"]
    mypy = ["mypy", "--strict", "--no-incremental", "--follow-imports=silent"]
    for command in (["ruff", "check"], ["ruff", "format", "--check"], mypy):
        done = subprocess.run([sys.executable, "-m", *command, *made], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    # Installed, the rules are a package inside hplint.
    site = tmp_path_factory.mktemp("site")
    shutil.copytree("hplint", site / "hplint")
    shutil.copytree("rules", site / "hplint" / "rules", dirs_exist_ok=True)
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from hplint.registry import registry\n"
        f"rules = [registry().by_name[name] for name in ({longest!r}, 'some-new-rule')]\n"
        "print(*((rule.level.value, rule.topic, rule.hyperparameter, rule.summary[:4]) for rule in rules), sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=site, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "('warning', 'optimizer', 'hidden-layers-and-units', 'TODO')",
        "('error', 'architecture', None, 'TODO')",
    ]


def test_the_examples_of_the_page_are_there_to_be_written(tree: Path) -> None:
    rule = scaffold.new_rule(tree, "some-new-rule", "data", Level.ERROR)
    page, cases, _ = rule.files.values()
    assert [example.kind for example in examples(page, "page")] == ["bad", "good", "good"]
    assert [set(example.marks) for example in examples(cases, "cases")] == [{(3, rule.code)}]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["lr-implausible", "--topic", "optimizer"], "there is a rule `lr-implausible` already"),
        (["syntax-error", "--topic", "optimizer"], "there is a rule `syntax-error` already"),
        (["Some_Rule", "--topic", "data"], "`Some_Rule` is no name of a rule"),
        (["Some_Rule", "--topic", "data"], "did you mean `some-rule`?"),
        (["SomeNewRule", "--topic", "data"], "did you mean `some-new-rule`?"),
        (["rule", "--topic", "data"], "two or more lower-case words"),
        (["a--b", "--topic", "data"], "did you mean `a-b`?"),
        (["../escape", "--topic", "data"], "is no name of a rule"),
        (["x-" + "y" * 60, "--topic", "data"], "longer than 50 characters"),
        (["some-rule"], "give `--topic` with one of activation, architecture,"),
        (["some-rule", "--topic", "optimiser"], "`optimiser` is no topic: did you mean `optimizer`? (topics: act"),
        (["some-rule", "--topic", "../rules"], "`../rules` is no topic"),
        (["some-rule", "--topic", "data", "--code", "HP109"], "HP109 is the code of `lr-implausible`"),
        (["some-rule", "--topic", "data", "--code", "HP004"], "`HP004` is no code"),
        (["some-rule", "--topic", "data", "--code", "109"], "`109` is no code"),
        (["some-rule", "--topic", "data", "--hyperparameter", "lr"], "did you mean `learning-rate`?"),
        (["some-rule", "--topic", "data", "--hyperparameter", "droput"], "did you mean `dropout`?"),
        (["some-rule", "--topic", "data", "--level", "fatal"], "'fatal' is not one of 'error'"),
    ],
)
def test_what_it_refuses(tree: Path, args: list[str], said: str) -> None:
    before = everything(tree)
    result = new(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert everything(tree) == before


@pytest.mark.parametrize("path", ["rules/data/some_rule.py", "tests/rules/some-rule.md", "changes/+some-rule.md"])
def test_it_never_overwrites(tree: Path, path: str) -> None:
    (tree / path).write_text("mine\n", "utf-8")
    before = everything(tree)
    result = new("some-rule", "--topic", "data")
    assert result.exit_code == 2
    assert f"{path} would be overwritten" in result.stderr
    assert everything(tree) == before


def test_outside_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = new("some-rule", "--topic", "data")
    assert result.exit_code == 2
    assert f"{tmp_path} is not in a checkout of hplint" in result.stderr


def test_all_rules_are_known_from_their_text(root: Path) -> None:
    known = {rule.code: rule.name for rule in registry().rules}
    assert scaffold.declared(root) == known
