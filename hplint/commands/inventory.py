"""`hplint inventory`: the hyperparameters of scripts, and what differs between two versions of them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from hplint.commands.terminal import CLEAN, FOUND, WRONG, color_option, complain, is_colored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hplint.inventory.records import Script, Unread
    from hplint.inventory.versions import Comparison

FORMATS = ("text", "markdown", "csv", "json")


@click.command("inventory")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--format",
    "--output-format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="The output.",
)
@click.option("--diff", is_flag=True, help="Compare two files, folders or git revisions; see above.")
@click.option("--why", metavar="FILE:LINE", help="Tell how the values on a line are known, or why they are not.")
@click.option("--all-options", is_flag=True, help="List every other option and configuration field as well.")
@click.option("--jobs", type=click.IntRange(min=1), help="Number of processes. [default: one a core]")
@color_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[str, ...],
    form: str,
    diff: bool,
    why: str | None,
    all_options: bool,
    jobs: int | None,
    color: str,
) -> None:
    """List the hyperparameters of scripts: values, places, defaults.

    Every value comes with the place that sets it and the way it takes from there; where a script sets nothing, the
    library's default that applies is listed. Files without hyperparameters are left out. Nothing is judged.

    \b
    --diff OLD.py NEW.py         two files, or two folders
    --diff main..HEAD [PATHS]    two git revisions; main...HEAD from where they parted
    --diff main HEAD [PATHS]     the same with two names
    --diff HEAD [PATHS]          a revision and the files as they are now

    --why takes a line of a notebook as NOTEBOOK.ipynb:cell 3:12.

    A first or second argument that exists as a file or folder is that, else a revision. Moved lines do not count,
    nor does another way to write the same value. Exits with 0 when nothing differs, with 1 when something does.
    """
    colored = is_colored(color, sys.stdout)
    if why is not None:
        if diff or paths or form != "text":
            raise click.UsageError("--why stands alone: it takes one line of one file and prints text")
        context.exit(_why(why, colored))
    if diff:
        context.exit(_diff(paths, form, all_options, jobs, colored))
    context.exit(_list(paths or (".",), form, all_options, jobs, colored))


def _list(paths: tuple[str, ...], form: str, all_options: bool, jobs: int | None, color: bool) -> int:
    from hplint.inventory.scripts import of_paths

    found = of_paths(paths, all_options=all_options, jobs=jobs)
    _say(found.unread)
    click.echo(_rendered(found.scripts, found.unread, form, color), nl=False, color=color)
    if not found.scripts and form == "text":
        click.echo(f"No hyperparameters in {found.files} file{'' if found.files == 1 else 's'}.", err=True)
    for problem in found.problems:
        complain(problem)
    return WRONG if found.problems else CLEAN


def _rendered(scripts: tuple[Script, ...], unread: tuple[Unread, ...], form: str, color: bool) -> str:
    from hplint.inventory import document, markdown, tabular, text

    if form == "json":
        return document.render(scripts, unread)
    if form == "csv":
        return tabular.render(scripts)
    return markdown.render(scripts) if form == "markdown" else text.render(scripts, color=color)


def _diff(arguments: tuple[str, ...], form: str, all_options: bool, jobs: int | None, color: bool) -> int:
    from hplint.inventory.revisions import GitError
    from hplint.inventory.versions import WrongUsage, compare_versions

    try:
        found = compare_versions(arguments, all_options=all_options, jobs=jobs)
    except WrongUsage as problem:
        raise click.UsageError(str(problem)) from problem
    except GitError as problem:
        complain(str(problem))
        return WRONG
    _say(found.unread)
    click.echo(_rendered_diff(found, form, color), nl=False, color=color)
    for each in found.problems:
        complain(each)
    if found.problems:
        return WRONG
    return FOUND if found.diffs else CLEAN


def _rendered_diff(found: Comparison, form: str, color: bool) -> str:
    from hplint.inventory import document, markdown, tabular, text

    if form == "json":
        return document.render_diff(found.diffs, found.old, found.new, found.unread)
    if form == "csv":
        return tabular.render_diff(found.diffs)
    if form == "markdown":
        return markdown.render_diff(found.diffs, found.old, found.new)
    return text.render_diff(found.diffs, found.old, found.new, color=color)


def _why(place: str, color: bool) -> int:
    from hplint.inventory.records import Unread
    from hplint.inventory.scripts import explained
    from hplint.inventory.text import render_why
    from hplint.source import display_path

    before, _, number = place.rpartition(":")
    in_cell = re.fullmatch(r"(.*\.ipynb):cell (\d+)", before)
    path, cell = (in_cell[1], int(in_cell[2])) if in_cell else (before, None)
    if not path or not number.isdecimal() or int(number) < 1:
        raise click.UsageError(f"--why takes a file and a line such as train.py:12, not `{place}`")
    found = explained(display_path(path), int(number), cell)
    if isinstance(found, Unread):
        complain(str(found))
        return WRONG
    click.echo(render_why(found, color=color), nl=False, color=color)
    if not found:
        click.echo(f"{place}: no hyperparameter is set on this line", err=True)
    return CLEAN


def _say(unread: Iterable[Unread]) -> None:
    for each in unread:
        click.echo(str(each), err=True)
