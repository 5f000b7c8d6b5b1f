"""What a program costs, run as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile


def cpu(command: list[str], **variables: str) -> tuple[float, str]:
    """User and system seconds of a command, and what it prints. Python may keep bytecode, as it does for users.

    A command that fails ends the benchmark with what it says.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment | variables) as child:
            assert child.stdout is not None
            printed = child.stdout.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command[:4])} … failed:\n{said.read().decode()}")
    return usage.ru_utime + usage.ru_stime, printed.decode()
