"""Applies fixes to a text until none is left, and writes files so that none is ever half written."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress

from hplint.engine import Outcome, State
from hplint.model import Finding, Fix, Safety
from hplint.records import value_record
from hplint.source import NOTEBOOK, Source

MAX_ROUNDS = 10
"""More rounds than that mean that fixes undo one another."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@value_record
class Change:
    """A file's bytes before and after its fixes."""

    before: bytes
    after: bytes


@value_record
class Fixed:
    """What is left of a text after its fixes: ``message`` says why nothing was changed although it could have been."""

    source: Source
    outcome: Outcome
    count: int = 0
    change: Change | None = None
    message: str | None = None


class WriteError(Exception):
    """A file that was not written; it is as it was before."""


def is_wanted(finding: Finding, *, unsafe: bool) -> bool:
    """Whether a finding has a fix that may be applied."""
    return finding.fix is not None and (unsafe or finding.fix.safety is Safety.SAFE)


def fix_source(source: Source, lint: Callable[[Source], Outcome], *, unsafe: bool) -> Fixed:
    """Apply fixes, check again, and go on until none is left.

    A result that no longer parses, that its encoding cannot hold or that does not settle is thrown away as a whole.
    """
    first = outcome = lint(source)
    current = source
    count = 0
    for _ in range(MAX_ROUNDS):
        fixes = [finding.fix for finding in outcome.findings if finding.fix and is_wanted(finding, unsafe=unsafe)]
        changed, applied = apply(current, fixes)
        if changed.file_text == current.file_text:
            return _finish(source, first, current, outcome, count)
        count += applied
        current = changed
        outcome = lint(current)
        if outcome.state is State.FAILED or outcome.broken_cells > first.broken_cells:
            return Fixed(source, first, message=f"{source.path}: not fixed, because the result would not parse")
    return Fixed(source, first, message=f"{source.path}: not fixed, because its fixes undo one another")


def _finish(source: Source, first: Outcome, current: Source, outcome: Outcome, count: int) -> Fixed:
    if current.file_text == source.file_text:
        return Fixed(source, outcome)
    try:
        return Fixed(current, outcome, count, Change(source.encoded(), current.encoded()))
    except UnicodeError:
        message = f"{source.path}: not fixed, because {source.encoding} cannot hold the result"
        return Fixed(source, first, message=message)


def apply(source: Source, fixes: list[Fix]) -> tuple[Source, int]:
    """A source with fixes applied, and how many. Of fixes that touch one another the first is taken."""
    taken: list[tuple[int, int, str]] = []
    count = 0
    edits_of = [
        sorted((*source.offsets(edit.span), with_newlines(edit.text, source.newline)) for edit in fix.edits)
        for fix in fixes
    ]
    for edits in sorted(edits_of):
        if edits and not any(_overlap(edit, other) for edit in edits for other in taken):
            taken.extend(edits)
            count += 1
    return (source.edited(taken) if taken else source), count


def _overlap(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    """Whether two edits change the same text, or insert at the same place."""
    return (one[0] < other[1] and other[0] < one[1]) or one[0] == other[0]


def with_newlines(text: str, newline: str) -> str:
    """A text with the line ends of the file that it goes into."""
    return text.replace("\r\n", "\n").replace("\n", newline)


def diff(path: str, change: Change, encoding: str) -> str:
    """A unified diff of a change; of a notebook one for each cell."""
    before, after = (data.decode(encoding, "replace") for data in (change.before, change.after))
    if not path.endswith(NOTEBOOK):
        return _diff(path, before, after, "\\ No newline at end of file\n")
    from hplint.notebooks.documents import python_cells

    cells = zip(*(python_cells(text.removeprefix("\ufeff")) for text in (before, after)), strict=True)
    return "".join(_diff(f"{path}:cell {old.number}", old.source, new.source) for old, new in cells)


def _diff(name: str, before: str, after: str, no_newline: str = "") -> str:
    import difflib

    lines = []
    for line in difflib.unified_diff(_LINE.findall(before), _LINE.findall(after), name, name):
        lines.append(line if line.endswith("\n") else f"{line}\n{no_newline}")
    return "".join(lines)


def write(path: str, change: Change) -> None:
    """Replace a file by its fixed self in one step; its mode stays, and a link stays a link.

    Raises:
        WriteError: it is not writable, or is not what was checked any more.
    """
    target = os.path.realpath(path)
    try:
        with open(target, "rb") as file:
            if file.read(len(change.before) + 1) != change.before:
                raise WriteError(f"{path}: not fixed, because it is not the same any more as when it was checked")
        if not os.access(target, os.W_OK):
            raise WriteError(f"{path}: not fixed, because it is not writable")
        replace_file(target, change.after)
    except OSError as problem:
        raise WriteError(f"{path}: not fixed: {problem.strerror or problem}") from problem


def replace_file(path: str, data: bytes) -> None:
    """Write a file beside ``path``, then rename it, keeping mode and owner of one that was there."""
    import tempfile

    handle, temporary = tempfile.mkstemp(prefix=".hplint-", dir=os.path.dirname(os.path.abspath(path)))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        with suppress(FileNotFoundError):
            before = os.stat(path)
            os.chmod(temporary, stat.S_IMODE(before.st_mode))
            if hasattr(os, "chown"):
                with suppress(PermissionError):
                    os.chown(temporary, before.st_uid, before.st_gid)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
