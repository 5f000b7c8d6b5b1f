"""What every command shares: exit codes, complaints, colours and the width of the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TextIO, TypeVar

import click

Made = TypeVar("Made")

CLEAN, FOUND, WRONG = 0, 1, 2
"""Exit codes: nothing to say; findings at or above the fail level; wrong usage, configuration or an internal error."""

color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="When to use colours.",
    show_default=True,
)


def guarded(make: Callable[[], Made]) -> Made:
    """The result of something that a wrong configuration stops."""
    from hplint.registry import RegistryError
    from hplint.settings import SettingsError

    try:
        return make()
    except (SettingsError, RegistryError) as problem:
        complain(str(problem))
        raise click.exceptions.Exit(WRONG) from problem


def complain(message: str) -> None:
    """Say on standard error what went wrong."""
    click.echo(
        f"{click.style('error', fg='red', bold=True)}: {message}", err=True, color=is_colored("auto", sys.stderr)
    )


def is_colored(choice: str, stream: TextIO | None) -> bool:
    """Whether to use colours; ``stream`` None is a file."""
    if choice != "auto":
        return choice == "always"
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def width() -> int:
    """The columns of text that is laid out in lines."""
    import shutil

    return min(shutil.get_terminal_size((88, 24)).columns, 100)
