"""The scripts of the GitHub action are run as a runner would: in bash, with what the steps before them put out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.checkout import ROOT, copy_to, skip_without_index

BASH = shutil.which("bash")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
SCRIPTS: dict[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"] if "run" in step}

WRONG = """import torch
from torch import nn

model = nn.Linear(3, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)
"""
ANNOTATION = "::error file={file},line=5,col=59,endLine=5,endColumn=71,title=HP101 unexpected-argument::"
RUN_BY_A_SHELL = "$(touch made1) `touch made2` ; touch made3 && touch made4"

needs_bash = pytest.mark.skipif(BASH is None, reason="no bash here")


@dataclass(frozen=True)
class Job:
    """A job on a runner whose workspace is ``workspace``; ``outputs`` are those of its steps."""

    workspace: Path
    temporary: Path
    action: Path = ROOT
    outputs: dict[str, str] = field(default_factory=dict)

    def run(self, step: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step; ``inputs`` are what the workflow gives, with ``_`` for ``-``."""
        given = {name: str(about["default"]) for name, about in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {f"inputs.{name}": value for name, value in given.items()} | self.outputs

        def value_of(expression: re.Match[str]) -> str:
            return known.get(expression[1], "") if expression[1].startswith("steps.") else known[expression[1]]

        script, put_out = self.temporary / f"{step}.sh", self.temporary / f"{step}.out"
        script.write_text(SCRIPTS[step]["run"], "utf-8")
        put_out.touch()
        variables = {
            **os.environ,
            **{name: re.sub(r"\$\{\{ (.*?) \}\}", value_of, text) for name, text in SCRIPTS[step]["env"].items()},
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_OUTPUT": str(put_out),
            "RUNNER_TEMP": str(self.temporary),
        }
        command = [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(command, cwd=self.workspace, env=variables, capture_output=True, text=True)
        for line in put_out.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            self.outputs[f"steps.{step}.outputs.{name}"] = value
        return done


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job whose checkout has one mistake, and where hplint is what the tests run with."""
    workspace, temporary = tmp_path / "work space", tmp_path / "temp"
    workspace.mkdir()
    temporary.mkdir()
    (workspace / "train.py").write_text(WRONG, "utf-8")
    starter = temporary / "start hplint"
    starter.write_text(f'#!{BASH}\nexec "{sys.executable}" -m hplint "$@"\n', "utf-8")
    starter.chmod(0o755)
    return Job(workspace, temporary, outputs={"steps.install.outputs.hplint": str(starter)})


def test_no_input_is_part_of_a_script() -> None:
    assert sorted(SCRIPTS) == ["check", "install"]
    assert not [step for step in SCRIPTS.values() if "${{" in step["run"]]


def test_other_actions_are_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in used)


@needs_bash
def test_findings_are_annotations_and_fail_the_step(job: Job) -> None:
    done = job.run("check")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(ANNOTATION.format(file="train.py"))
    assert done.stderr == ""


@needs_bash
def test_a_clean_project_passes(job: Job) -> None:
    (job.workspace / "train.py").write_text("import torch\n", "utf-8")
    done = job.run("check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "All clear: 1 file.\n", "")


@needs_bash
def test_a_path_that_does_not_exist_fails_with_2(job: Job) -> None:
    done = job.run("check", paths="gone.py")
    assert done.returncode == 2
    assert "gone.py" in done.stderr


@needs_bash
@pytest.mark.parametrize("paths", ["'my models' other.py", "my\\ models\nother.py\n", '"my models"\n\nother.py'])
def test_paths_are_separated_by_blanks_and_lines(job: Job, paths: str) -> None:
    (job.workspace / "my models").mkdir()
    (job.workspace / "my models" / "net.py").write_text(WRONG, "utf-8")
    (job.workspace / "other.py").write_text(WRONG, "utf-8")
    done = job.run("check", paths=paths)
    assert done.returncode == 1, done.stderr
    wanted = [ANNOTATION.format(file=name) for name in ("my models/net.py", "other.py")]
    found = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert [line.startswith(start) for line, start in zip(found, wanted, strict=True)] == [True, True]


@needs_bash
def test_args_are_options_and_the_format_can_be_another(job: Job) -> None:
    assert job.run("check", args="--ignore HP101\n--fail-level 'advice'").returncode == 0
    done = job.run("check", args="--exit-zero", output_format="concise")
    assert done.returncode == 0
    assert done.stdout.startswith("train.py:5:59: HP101 error: ")


@needs_bash
@pytest.mark.parametrize("name", ["paths", "args", "output_format", "sarif_file"])
def test_inputs_are_never_run(job: Job, name: str) -> None:
    job.run("check", **{name: RUN_BY_A_SHELL})
    assert not list(job.workspace.glob("made*"))


@needs_bash
@pytest.mark.parametrize("version", [RUN_BY_A_SHELL, "1.0 @ file:///tmp", "--pre", "1.0,>0"])
def test_a_version_is_a_version(job: Job, version: str) -> None:
    done = job.run("install", version=version)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == "::error title=hplint::The input version is not a version of hplint\n"
    assert not list(job.workspace.glob("made*"))


@needs_bash
@pytest.mark.parametrize("name", ["paths", "args"])
def test_a_quote_without_its_partner_is_told(job: Job, name: str) -> None:
    done = job.run("check", **{name: "it's"})
    assert done.returncode == 2
    assert f"::error title=hplint::A quote in the input {name} has no partner" in done.stderr
    assert done.stdout == ""


@needs_bash
def test_a_sarif_report_is_written_besides(job: Job) -> None:
    done = job.run("check", args="--extend-select ALL", sarif_file="the report.sarif")
    assert done.returncode == 1, done.stderr
    assert ANNOTATION.format(file="train.py") in done.stdout
    [run] = json.loads((job.workspace / "the report.sarif").read_text("utf-8"))["runs"]
    assert len(run["results"]) == done.stdout.count("::error ") + done.stdout.count("::notice ")
    (job.workspace / "train.py").write_text("import torch\n", "utf-8")
    assert job.run("check", sarif_file="the report.sarif").returncode == 0
    assert job.run("check", sarif_file="no folder/the report.sarif").returncode == 2


@needs_bash
def test_a_runner_without_a_new_python_is_told(job: Job) -> None:
    old = job.temporary / "python3.9"
    old.write_text(f"#!{BASH}\nexit 1\n", "utf-8")
    old.chmod(0o755)
    job.outputs["steps.python.outputs.python-path"] = str(old)
    done = job.run("install")
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=hplint::There is no Python 3.10 or newer here")
    assert not (job.temporary / "hplint").exists()


@needs_bash
def test_the_revision_of_the_action_is_installed_and_then_a_version(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    action, temporary = tmp_path / "the action", tmp_path / "fresh"
    action.mkdir()
    temporary.mkdir()
    copy_to(action)
    fresh = Job(job.workspace, temporary, action, {"steps.python.outputs.python-path": sys.executable})
    done = fresh.run("install")
    skip_without_index(done.stderr)
    assert done.returncode == 0, done.stderr
    done = fresh.run("check")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(ANNOTATION.format(file="train.py"))

    monkeypatch.setenv("PIP_NO_INDEX", "1")
    done = fresh.run("install", version="9999.1")
    assert done.returncode == 1
    assert "hplint==9999.1" in done.stderr
