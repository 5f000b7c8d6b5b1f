"""A copy of the working tree as another project gets it: what git tracks or would add, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NO_INDEX = "pip reaches no package index"


def tracked() -> list[str]:
    """The files of the working tree that git knows or would add, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in done.stdout.splitlines() if (ROOT / name).is_file())


def copy_to(folder: Path) -> None:
    """Copy these files to a folder."""
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def commit_all(folder: Path) -> None:
    """Make a folder a git repository of one commit, whatever git is told at home."""
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    identity = dict.fromkeys(names, "hplint@example.org")
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "All of it"]):
        subprocess.run(["git", *command], cwd=folder, env=environment, check=True)


def skip_without_index(output: str) -> None:
    """Skip the test if pip failed for want of the build backend, the first thing that it asks an index for."""
    if "No matching distribution found for setuptools" in output:
        pytest.skip(NO_INDEX)
