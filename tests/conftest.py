"""What several test files share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RunHplint = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def run_hplint() -> RunHplint:
    """``run_hplint("check", "x.py", cwd=folder, env={...})`` in a fresh interpreter; ``env`` is added to ours."""

    def run(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hplint", *args]
        return subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, text=True, capture_output=True)

    return run
