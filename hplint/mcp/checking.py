"""Checks for agents: `hplint check` in a process of its own, which can be ended, as JSON and as lines of text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import anyio

MAX_SECONDS = 50
"""For one check. Many clients give up after a minute, and then nobody is told why."""
MAX_FINDINGS = 100
"""What is listed of a check; the summary counts all."""

_WRONG = 2
"""The exit code of `hplint check` for wrong usage, wrong configuration and errors of its own."""

# The folder of the project is not on the path: a `click.py` there is not to be run.
_HPLINT = "import sys; sys.path[:] = filter(None, sys.path); from hplint.cli import main; main()"


class CheckFailed(Exception):
    """The check was not made: wrong path or configuration, or it took too long. The message is for the agent."""


async def check_text(text: str, file_name: str) -> dict[str, Any]:
    """The JSON report on a text, which is judged as if it stood in the file ``file_name``.

    Raises:
        CheckFailed: there is no report.
    """
    return await _check([f"--stdin-filename={file_name}", "-"], text.encode())


async def check_path(path: str) -> dict[str, Any]:
    """The JSON report on a file or on all files of a folder.

    Raises:
        CheckFailed: there is no report.
    """
    return await _check(["--", os.path.abspath(path)], b"")  # Absolute, so that `-` is a file.


def shown(report: dict[str, Any]) -> str:
    """A report as text: a line for each finding that it lists, and the numbers."""
    numbers = ", ".join(f"{what}: {number}" for what, number in report["summary"].items())
    lines = [_line(finding) for finding in report["findings"]]
    if report["left_out"]:
        lines.append(f"and {report['left_out']} more: check a smaller part to see them")
    return "\n".join([*lines, numbers])


async def _check(arguments: list[str], data: bytes) -> dict[str, Any]:
    # One process: its children would outlive it when it is ended.
    command = [sys.executable, "-c", _HPLINT, "check", "--output-format=json", "--color=never", "--jobs=1", *arguments]
    try:
        with anyio.fail_after(MAX_SECONDS):
            done = await anyio.run_process(command, input=data, stderr=subprocess.PIPE, check=False)
    except TimeoutError as problem:
        raise CheckFailed(f"stopped after {MAX_SECONDS} seconds: check a smaller part") from problem
    except (OSError, ValueError) as problem:  # Such as a name with a null character.
        raise CheckFailed(f"cannot be checked: {problem}") from problem
    said = done.stderr.decode("utf-8", "replace").strip()
    if not done.stdout or (done.returncode == _WRONG and said):
        raise CheckFailed(said.removeprefix("error: ") or f"the check ended with {done.returncode} and said nothing")
    report: dict[str, Any] = json.loads(done.stdout)
    report["left_out"] = max(0, len(report["findings"]) - MAX_FINDINGS)
    report["findings"] = report["findings"][:MAX_FINDINGS]
    return report


def _line(finding: dict[str, Any]) -> str:
    start, cell = finding["start"], finding["cell"]
    place = finding["path"] + (f":cell {cell}" if cell else "")
    if start:
        place += f":{start['line']}:{start['column']}"
    fix = f" [{finding['fix']['safety']} fix: {finding['fix']['title']}]" if finding["fix"] else ""
    return f"{place}: {finding['code']} {finding['level']}: {finding['message']} ({finding['name']}){fix}"
