"""The README's example of the runtime check runs and prints what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from tests.conftest import RunHplint

pytest.importorskip("torch")


def test_the_readme_shows_what_its_example_prints(root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    found = re.search(r"```python\n(?P<code>import torch\n.*?)```\n\n```text\n(?P<output>.*?)```", text, re.DOTALL)
    assert found is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(found["code"], {})
    assert printed.getvalue() == found["output"]


def test_the_readme_shows_what_its_run_prints(root: Path, run_hplint: RunHplint, tmp_path: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    pattern = r"```python train.py\n(?P<code>.*?)```\n\n```console\n\$ hplint run .*?\n(?P<output>.*?)```"
    found = re.search(pattern, text, re.DOTALL)
    assert found is not None
    (tmp_path / "train.py").write_text(found["code"], "utf-8")
    done = run_hplint("run", "train.py", cwd=tmp_path)
    said = [line for line in done.stderr.splitlines() if line.startswith("hplint run: ")]
    assert [*said, *done.stdout.splitlines()] == found["output"].splitlines()
