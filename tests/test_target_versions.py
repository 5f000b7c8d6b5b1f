"""The version that the code is written for decides what a removed argument means."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from hplint.engine import forget_project, lint_text
from hplint.model import Level
from hplint.project import Project
from hplint.settings import default_settings
from tests.commands import codes, findings, hplint

CODE = "from torch.optim.lr_scheduler import StepLR\nscheduler = StepLR(optimizer, step_size=30, verbose=True)\n"


@pytest.mark.parametrize(
    ("versions", "levels"),
    [
        ({}, [Level.WARNING]),
        ({"torch": "2.13"}, [Level.ERROR]),
        ({"torch": "2.7.1"}, [Level.ERROR]),
        ({"torch": "2.6"}, []),
        ({"torch": "2.6.1"}, []),
        ({"torch": "1.13.1"}, []),
        ({"lightning": "2.0"}, [Level.WARNING]),
    ],
)
def test_level(versions: dict[str, str], levels: list[Level]) -> None:
    settings = replace(default_settings(), target_versions=versions)
    assert [f.level for f in lint_text(CODE, "train.py", settings) if f.code == "HP102"] == levels


# --- what the project declares

AMP = "import torch\n\nscaler = torch.cuda.amp.GradScaler()\n"
BETAS = "import torch\n\noptimizer = torch.optim.Adam(params, lr=1e-4, betas=(0, 0.9))\n"
EARLY = """import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    scheduler.step()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
"""
SAMPLER = """from torch.utils.data import Sampler


class InOrder(Sampler):
    def __init__(self, source):
        super().__init__(source)
"""


@pytest.fixture(autouse=True)
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of its own, in which hplint runs."""
    forget_project()
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("code", "rule", "condition", "level"),
    [
        (AMP, "HP205", "", "warning"),
        (AMP, "HP205", ">=1.8", "warning"),
        (AMP, "HP205", ">=2.4", "warning"),
        (AMP, "HP205", "<2.4", None),
        (AMP, "HP205", "==1.13.1+cu117", None),
        (CODE, "HP102", "", "warning"),
        (CODE, "HP102", ">=1.8", "warning"),
        (CODE, "HP102", ">=2.7", "error"),
        (CODE, "HP102", "==2.6.0", None),
        (CODE, "HP102", "<2.7", None),
        (SAMPLER, "HP102", "==2.8.1", None),
        (SAMPLER, "HP102", "==2.9.0", "warning"),
        (SAMPLER, "HP102", ">=2.10", "error"),
        (BETAS, "HP112", ">=1.8", "warning"),
        (BETAS, "HP112", ">=2.6", "error"),
        (BETAS, "HP112", "<2.6", None),
        (EARLY, "HP156", ">=0.4", "error"),
        (EARLY, "HP156", "<1.1", None),
    ],
)
def test_what_a_range_means_for_each_rule(code: str, rule: str, condition: str, level: str | None) -> None:
    write({"train.py": code, "requirements.txt": f"numpy\ntorch{condition}\n"})
    assert [each["level"] for each in findings("train.py") if each["code"] == rule] == ([level] if level else [])


def test_the_settings_come_first() -> None:
    write({"train.py": AMP, "requirements.txt": "torch==1.13.1\n"})
    write({"hplint.toml": 'target-versions = { torch = "2.5" }'})
    assert "HP205" in codes("train.py")
    assert "HP205" not in codes("--isolated", "train.py")


@pytest.mark.parametrize(
    ("condition", "safety"), [("", "safe"), ("<3", "safe"), (">=2.3", "safe"), (">=1.8", "unsafe")]
)
def test_a_fix_that_an_allowed_version_does_not_know_is_unsafe(condition: str, safety: str) -> None:
    write({"train.py": AMP, "requirements.txt": f"torch{condition}"})
    assert [each["fix"]["safety"] for each in findings("train.py") if each["code"] == "HP205"] == [safety]


def declared(path: str) -> str | None:
    """The versions of torch that are declared for a file, and by which files."""
    found = Project().declared("torch", path)
    return None if found is None else f"{found.versions} ({', '.join(found.files)})"


def test_the_nearest_folder_that_names_the_library_counts() -> None:
    write(
        {
            "requirements.txt": "torch==1.13.1",
            "a/requirements.txt": "numpy==1.0",
            "a/b/environment.yml": "dependencies:\n  - pytorch=2.1\n",
            "c/requirements-gpu.txt": "torch",
        }
    )
    assert declared("train.py") == "1.13.1 (requirements.txt)"
    assert declared("a/train.py") == "1.13.1 (requirements.txt)"
    assert declared("a/b/deep/er/train.py") == ">=2.1,<2.2 (a/b/environment.yml)"
    assert declared("c/train.py") == "any version (c/requirements-gpu.txt)"


def test_nothing_above_the_project_counts() -> None:
    write({"requirements.txt": "torch==1.13.1", "inner/pyproject.toml": "", "inner/pkg/__init__.py": ""})
    assert declared("inner/pkg/train.py") is None


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-dev.txt",
        "dev_requirements.txt",
        "requirement.txt",
        "Requirements.txt",
        "requirements.in",
        "requirements/cu117.txt",
        "constraints.txt",
    ],
)
def test_names_of_requirements_files(name: str) -> None:
    write({name: "torch==1.13.1"})
    assert declared("train.py") == f"1.13.1 ({name})"


@pytest.mark.parametrize("name", ["notes.txt", "docs/requirements.txt", "requirements.txt.bak", "requirementsx.txt"])
def test_other_files_do_not_count(name: str) -> None:
    write({name: "torch==1.13.1"})
    assert declared("train.py") is None


def test_what_any_file_of_a_folder_allows_is_allowed() -> None:
    write({"setup.py": 'setup(install_requires=["torch<2"])', "requirements.txt": "torch==2.1"})
    assert declared("train.py") == "<2.0 or 2.1 (requirements.txt, setup.py)"


def test_a_lock_counts_where_nothing_else_names_the_library() -> None:
    write({"uv.lock": '[[package]]\nname = "torch"\nversion = "2.1.0"\n', "pyproject.toml": "[project]\n"})
    assert declared("train.py") == "2.1 (uv.lock)"
    write({"pyproject.toml": '[project]\ndependencies = ["torch>=2"]\n'})
    assert declared("train.py") == ">=2.0 (pyproject.toml)"


def test_the_metadata_beside_an_installed_package() -> None:
    write({"pkg-1.0.dist-info/METADATA": "Requires-Dist: torch (<2.4)\n", "other/train.py": AMP})
    assert "HP205" not in codes("--isolated", "other/train.py")
    forget_project()
    write({"other_2-1.0.dist-info/METADATA": "Requires-Dist: torch\n"})
    assert declared("pkg/train.py") == "<2.4 (pkg-1.0.dist-info/METADATA)"
    assert declared("other-2/deep/train.py") == "any version (other_2-1.0.dist-info/METADATA)"
    assert declared("third/train.py") is None


def test_the_requirements_that_a_development_install_leaves() -> None:
    write({"pkg.egg-info/requires.txt": "numpy\ntorch<2.4,>=1.10\n\n[dev]\npytest\n", "pkg/train.py": AMP})
    assert "HP205" not in codes("--isolated", "pkg/train.py")
    assert declared("pkg/train.py") == ">=1.10,<2.4 (pkg.egg-info/requires.txt)"


def test_files_that_are_named_lie_beside_the_one_that_names_them() -> None:
    write({"requirements.txt": "-r lib/../lib/base.txt\n-r /etc/passwd\n-r https://x/y.txt\n"})
    write({"lib/base.txt": "torch==1.13.1"})
    assert declared("train.py") == "1.13.1 (requirements.txt)"


def test_what_cannot_be_read_says_nothing() -> None:
    Path("requirements.txt").mkdir()
    Path("requirements").write_text("torch==1.0")
    Path("pyproject.toml").write_text("[project\ntorch")
    Path("environment.yml").write_bytes(b"\xff\xfe\x00torch")
    Path("constraints.txt").write_bytes(b"torch==1.13.1" + b" " * 1_000_000)
    if hasattr(os, "mkfifo"):
        os.mkfifo("requirements-dev.txt")
        Path("setup.py").symlink_to("nowhere")
    assert declared("train.py") is None
    Path("requirements-gpu.txt").write_text("torch==1.13.1", "utf-16")
    assert declared("train.py") == "1.13.1 (requirements-gpu.txt)"


def test_a_folder_is_read_once() -> None:
    write({"requirements.txt": "torch==1.13.1"})
    project = Project()
    first = project.declared("torch", "a/train.py")
    write({"requirements.txt": "torch==2.0"})
    assert first is not None
    assert project.declared("torch", "b/train.py") is first


def test_config_shows_the_versions_and_who_says_so() -> None:
    write({"requirements.txt": "torch>=1.8,<2", "sub/hplint.toml": 'target-versions = { torch = "2.5" }'})
    shown = next(line for line in hplint("config", "train.py").stdout.splitlines() if "target-versions" in line)
    assert shown.split("  ", 1)[1].strip() == "torch >=1.8,<2.0 (requirements.txt)"
    assert "torch >=1.8,<2.0" in hplint("config").stdout
    assert "torch 2.5" in hplint("config", "sub/train.py").stdout
    assert ">=1.8" not in hplint("config", "sub").stdout
