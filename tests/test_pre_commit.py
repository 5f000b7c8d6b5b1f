"""The hook, as pre-commit and prek install and run it from a clone of this repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.checkout import commit_all, copy_to, skip_without_index

WRONG = """import torch
from torch import nn

model = nn.Linear(3, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)
"""
SCRIPTS = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
RUNNERS = {name: shutil.which(name, path=SCRIPTS) for name in ("pre-commit", "prek")}


def notebook(*cells: str) -> str:
    """A notebook of these cells."""
    listed: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell} for cell in cells
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": listed, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository as it is now."""
    folder = tmp_path_factory.mktemp("hooks")
    copy_to(folder)
    commit_all(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a script, a stub and a notebook that have mistakes, and a file that is not for hplint."""
    folder = tmp_path / "project"
    (folder / "third_party").mkdir(parents=True)
    head, _, last = WRONG.rpartition("optimizer")
    (folder / "train.py").write_text(WRONG, "utf-8")
    (folder / "third_party" / "copied.py").write_text(WRONG, "utf-8")
    (folder / "types.pyi").write_text(WRONG, "utf-8")
    (folder / "train.ipynb").write_text(notebook(f"%pip install torch\n{head}", f"optimizer{last}"), "utf-8")
    (folder / "notes.md").write_text(WRONG, "utf-8")
    (folder / "hplint.toml").write_text('extend-exclude = ["third_party"]\n', "utf-8")
    commit_all(folder)
    return folder


@pytest.mark.parametrize("runner", sorted(RUNNERS))
def test_the_hook_checks_scripts_and_notebooks(runner: str, hooks: Path, project: Path, tmp_path: Path) -> None:
    command = RUNNERS[runner]
    if command is None:
        pytest.skip(f"{runner} is not installed")
    homes = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PREK_HOME": str(tmp_path / "home")}

    def run(*files: str) -> subprocess.CompletedProcess[str]:
        chosen = ["--files", *files] if files else ["--all-files"]
        return subprocess.run(
            [command, "try-repo", str(hooks), "hplint", "--verbose", *chosen],
            cwd=project,
            env={**os.environ, **homes},
            capture_output=True,
            text=True,
        )

    done = run()
    skip_without_index(done.stdout + done.stderr)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "exit code: 1" in done.stdout
    assert "train.py:5:59: error[unexpected-argument] HP101" in done.stdout
    assert "train.ipynb:cell 2:1:59: error[unexpected-argument] HP101" in done.stdout
    assert "types.pyi:5:59: error[unexpected-argument] HP101" in done.stdout
    assert "Found 3 errors in 3 files" in done.stdout

    assert run("third_party/copied.py").returncode == 0
    done = run("notes.md")
    assert done.returncode == 0
    assert "Skipped" in done.stdout
