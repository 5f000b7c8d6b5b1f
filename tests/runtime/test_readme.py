"""The README's example of the runtime check runs and prints what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

pytest.importorskip("torch")


def test_the_readme_shows_what_its_example_prints(root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    found = re.search(r"```python\n(?P<code>import torch\n.*?)```\n\n```text\n(?P<output>.*?)```", text, re.DOTALL)
    assert found is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(found["code"], {})
    assert printed.getvalue() == found["output"]
