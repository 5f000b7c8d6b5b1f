"""`hplint check --add-ignore`: a comment for each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hplint.model import Finding

REASON = "TODO"

add_ignore_option = click.option(
    "--add-ignore", is_flag=True, help="Write a comment that suppresses it for each finding, and check again."
)
reason_option = click.option("--reason", metavar="TEXT", help=f"What the comments of --add-ignore say. [{REASON}]")


def reason_of(options: dict[str, Any]) -> str:
    """The reason to write into comments.

    Raises:
        click.UsageError: it cannot stand in a comment, or there are no comments for it.
    """
    reason: str | None = options["reason"]
    if reason is None:
        return REASON
    if not options["add_ignore"]:
        raise click.UsageError("--reason is for --add-ignore")
    reason = reason.strip()
    if not reason or not reason.isprintable() or "#" in reason:
        raise click.UsageError("--reason takes one line of text without a `#`")
    return reason


def add_ignores(findings: Iterable[Finding], reason: str, read: Callable[[str], Any]) -> bool:
    """Write comments into the files of findings, which are in order; whether any file has changed."""
    from hplint.fix import WriteError, write
    from hplint.ignores import can_ignore, ignoring
    from hplint.source import Unreadable

    files = 0
    for path, group in groupby(filter(can_ignore, findings), key=lambda finding: finding.path):
        assert path is not None
        try:
            source = read(path)
            change = ignoring(source, group, reason)
            if change is not None:
                write(path, change)
                files += 1
        except UnicodeError:
            click.echo(f"{path}: no comment written, because its encoding cannot hold the reason", err=True)
        except (Unreadable, WriteError) as problem:
            click.echo(f"{path}: no comment written: {problem}", err=True)
    if files:
        click.echo(f"Wrote comments into {files} file{'' if files == 1 else 's'}.", err=True)
    return bool(files)
