"""What `--diff` compares: two files or folders, two revisions, or a revision and the files as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hplint.engine import forget_project
from hplint.inventory import revisions
from hplint.inventory.compare import ScriptDiff, compare
from hplint.inventory.records import Script, Unread, moved
from hplint.inventory.scripts import Inventory, of_paths
from hplint.source import display_path

_Read = Callable[[list[str]], Inventory]


class WrongUsage(Exception):
    """The arguments name nothing that can be compared; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, and what went wrong on the way (see :class:`Inventory`). ``old`` and ``new`` are names."""

    old: str
    new: str
    diffs: tuple[ScriptDiff, ...]
    unread: tuple[Unread, ...]
    problems: tuple[str, ...]


WORKING_TREE = "working tree"


def compare_versions(arguments: Sequence[str], *, all_options: bool = False, jobs: int | None = None) -> Comparison:
    """Compare what the arguments of ``--diff`` name.

    ``A..B [PATHS]``, ``A...B [PATHS]``, ``A B [PATHS]`` and ``A [PATHS]`` with revisions, or two existing paths. Each
    of the first two arguments is a path if there is such a file, else a revision.

    Raises:
        WrongUsage
        GitError
    """
    read = partial(of_paths, all_options=all_options, jobs=jobs)
    if not arguments:
        raise WrongUsage("--diff needs two files or folders, or a git revision")
    first, *rest = arguments
    if os.path.lexists(first):
        if len(rest) == 1 and os.path.lexists(rest[0]):
            return _paths(first, rest[0], read)
        if len(rest) == 1:
            raise WrongUsage(
                f"`{first}` is a file or folder, and `{rest[0]}` does not exist: there is nothing to compare"
            )
        raise WrongUsage("--diff compares two files or folders; with revisions, name these before the paths")
    here = os.getcwd()
    dots = "..." if "..." in first else ".."
    if dots in first:
        old, new = (name or "HEAD" for name in first.split(dots, 1))
        start, end = revisions.commit(here, old), revisions.commit(here, new)
        if dots == "...":
            start = revisions.merge_base(here, start, end)
        return _Revisions(rest, read).compare((old, start), (new, end))
    start = revisions.commit(here, first)
    if rest and not os.path.lexists(rest[0]):
        end = revisions.commit(here, rest[0])
        return _Revisions(rest[1:], read).compare((first, start), (rest[0], end))
    return _Revisions(rest, read).compare((first, start), (WORKING_TREE, None))


def _paths(old: str, new: str, read: _Read) -> Comparison:
    if os.path.isdir(old) != os.path.isdir(new):
        raise WrongUsage(f"`{old}` and `{new}` cannot be compared: one is a file, the other a folder")
    sides = [read([path]) for path in (old, new)]
    keyed = [
        {os.path.relpath(script.path, path) if os.path.isdir(path) else "": script for script in side.scripts}
        for path, side in zip((old, new), sides, strict=True)
    ]
    return _comparison(old, new, (sides[0], keyed[0]), (sides[1], keyed[1]))


def _comparison(
    old: str, new: str, before: tuple[Inventory, dict[str, Script]], after: tuple[Inventory, dict[str, Script]]
) -> Comparison:
    unread = tuple(dict.fromkeys((*before[0].unread, *after[0].unread)))
    problems = tuple(dict.fromkeys((*before[0].problems, *after[0].problems)))
    return Comparison(old, new, compare(before[1], after[1]), unread, problems)


class _Revisions:
    """Compares commits of the repository around the current folder, below some paths."""

    def __init__(self, paths: Sequence[str], read: _Read) -> None:
        self._top = revisions.repository(os.getcwd())
        self._read = read
        self._given = list(paths) or ["."]
        self._inside = [self._within(path) for path in self._given]

    def compare(self, old: tuple[str, str | None], new: tuple[str, str | None]) -> Comparison:
        """Compare two commits, each with its name; None is the files as they are."""
        with tempfile.TemporaryDirectory(prefix="hplint-") as folder:
            sides = [self._side(commit, Path(folder, name)) for (_, commit), name in ((old, "old"), (new, "new"))]
            for number, path in enumerate(self._given):
                if not any(found[number] for _, found in sides):
                    raise WrongUsage(f"{path}: no such file or folder in `{old[0]}` or `{new[0]}`")
        keyed = [{script.path: script for script in side.scripts} for side, _ in sides]
        return _comparison(old[0], new[0], (sides[0][0], keyed[0]), (sides[1][0], keyed[1]))

    def _side(self, commit: str | None, folder: Path) -> tuple[Inventory, list[bool]]:
        """One side's inventory under the paths of the working tree, and which of the given paths it has."""
        top = self._top
        if commit is not None:
            revisions.write_out(top, commit, folder)
            top = folder
        paths = [top / path for path in self._inside]
        found = [path.exists() for path in paths]
        forget_project()
        side = self._read([str(path) for path, exists in zip(paths, found, strict=True) if exists])
        if commit is None:
            return side, found

        def back(path: str) -> str:
            absolute = os.path.abspath(path)
            return (
                display_path(self._top / os.path.relpath(absolute, folder))
                if absolute.startswith(f"{folder}{os.sep}")
                else path
            )

        scripts = tuple(moved(script, back) for script in side.scripts)
        unread = tuple(replace(each, path=back(each.path)) for each in side.unread)
        return Inventory(scripts, unread, side.problems, side.files), found

    def _within(self, path: str) -> str:
        """A path relative to the top of the repository."""
        real = os.path.join(
            os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.basename(os.path.abspath(path))
        )
        inside = os.path.relpath(real, os.path.realpath(self._top))
        if inside.startswith(os.pardir):
            raise WrongUsage(f"{path} is outside the repository {self._top}")
        return inside
