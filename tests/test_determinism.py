"""The same bytes come out under any hash seed and any number of workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hplint.registry import registry
from tests.conftest import RunHplint
from tests.examples import of_cases, of_page


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every example of every rule, one a file."""
    folder = tmp_path_factory.mktemp("project")
    for example in [*(e for rule in registry().rules for e in of_page(rule)), *of_cases()]:
        (folder / f"{example.label.replace('#', '_')}.py").write_text(example.code, "utf-8")
    return folder


def report(run_hplint: RunHplint, project: Path, seed: str, jobs: str) -> str:
    """What ``hplint check`` prints as JSON for the project."""
    options = ["--select", "ALL", "--output-format", "json", "--isolated", "--jobs", jobs]
    done = run_hplint("check", *options, ".", cwd=project, env={"PYTHONHASHSEED": seed})
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_output_depends_on_neither_hash_seed_nor_workers(run_hplint: RunHplint, project: Path) -> None:
    first = report(run_hplint, project, "0", "1")
    assert {finding["code"] for finding in json.loads(first)["findings"]} >= {"HP101"}
    assert report(run_hplint, project, "1", "1") == first
    assert report(run_hplint, project, "1", "2") == first
