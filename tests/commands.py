"""The command line, called in this process."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from hplint.cli import main


def hplint(*args: str, input: bytes | str | None = None) -> Result:
    """What ``hplint ARGS`` prints, and its exit code; an exception that escapes is raised here."""
    return CliRunner().invoke(main, list(args), input=input, catch_exceptions=False, prog_name="hplint")


def findings(*args: str) -> list[dict[str, Any]]:
    """The findings of ``hplint check ARGS`` as JSON has them."""
    found: list[dict[str, Any]] = json.loads(hplint("check", "--output-format", "json", *args).stdout)["findings"]
    return found


def codes(*args: str) -> list[str]:
    """Their codes, in order."""
    return [finding["code"] for finding in findings(*args)]
