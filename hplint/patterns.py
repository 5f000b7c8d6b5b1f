"""Path patterns as in .gitignore: for ignore files, `exclude` and `per-file-ignores` alike."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable
from functools import cache
from glob import escape as glob_escape

from hplint.records import value_record

_ANY_FOLDERS = None
"""The part ``**``: any number of folders, none included."""
_GLOB = re.compile(r"[*?\[\\]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

_Part = str | re.Pattern[str] | None


@value_record
class _Pattern:
    """One line of an ignore file. A part is a plain name, a regular expression or ``**``."""

    parts: tuple[_Part, ...]
    negated: bool
    folders_only: bool

    def matches(self, names: list[str]) -> bool:
        """Follow all ways to match at once, so that the work is bounded by names times parts."""
        reached = self._skip({0})
        for name in names:
            following = set()
            for at in reached:
                if at == len(self.parts):
                    continue
                part = self.parts[at]
                if part is _ANY_FOLDERS:
                    following.add(at)
                elif part == name if isinstance(part, str) else part.match(name):
                    following.add(at + 1)
            reached = self._skip(following)
            if not reached:
                return False
        return len(self.parts) in reached

    def _skip(self, reached: set[int]) -> set[int]:
        for at in tuple(reached):
            while at < len(self.parts) and self.parts[at] is _ANY_FOLDERS:
                at += 1
                reached.add(at)
        return reached


class Patterns:
    """Lines of an ignore file; paths are relative to its folder, with ``/``."""

    def __init__(self, lines: Iterable[str]) -> None:
        parsed = [pattern for line in lines if (pattern := _parse(line))]
        # Most patterns are a name that may stand anywhere: these are looked up, the others are tried.
        self._named: dict[str, list[tuple[int, _Pattern]]] = {}
        self._tried: list[tuple[int, _Pattern]] = []
        for number, pattern in enumerate(parsed):
            match pattern.parts:
                case (None, str(name)):
                    self._named.setdefault(name, []).append((number, pattern))
                case _:
                    self._tried.append((number, pattern))

    def decide(self, path: str, *, is_directory: bool) -> bool | None:
        """Whether the last pattern that matches ignores (True) or re-includes (False) a path; None if none matches."""
        names = path.split("/")
        matching = [
            (number, pattern)
            for number, pattern in self._named.get(names[-1], ())
            if is_directory or not pattern.folders_only
        ]
        matching += [
            (number, pattern)
            for number, pattern in self._tried
            if (is_directory or not pattern.folders_only) and pattern.matches(names)
        ]
        return not max(matching, key=lambda found: found[0])[1].negated if matching else None

    def cover(self, path: str) -> bool:
        """Whether a file, or a folder that it lies in, is ignored."""
        parts = path.split("/")
        folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(self.decide(folder, is_directory=True) for folder in folders) or bool(
            self.decide(path, is_directory=False)
        )


@cache
def patterns(lines: tuple[str, ...]) -> Patterns:
    """The same as the constructor, remembered."""
    return Patterns(lines)


def relative(path: str, root: str) -> str:
    """An absolute path as a pattern of ``root`` sees it: relative, with ``/``; its last part if it lies outside."""
    start = root if root.endswith(os.sep) else root + os.sep
    if path.startswith(start):
        return path[len(start) :].replace(os.sep, "/")
    return os.path.basename(path)


def _parse(line: str) -> _Pattern | None:
    line = line.rstrip("\r\n")
    body = line.rstrip(" ")
    if body.endswith("\\") and line != body:
        body += " "  # A space that is escaped belongs to the name.
    if not body or body.startswith("#"):
        return None
    negated = body.startswith("!")
    body = body[negated:]
    folders_only = body.endswith("/")
    body = body.removesuffix("/")
    anchored = "/" in body
    names = body.removeprefix("/").split("/")
    if not all(names):
        return None  # Two slashes in a row match nothing.
    parts = [_part(name) for name in names]
    if not anchored:
        parts.insert(0, _ANY_FOLDERS)
    if parts[-1] is _ANY_FOLDERS:
        parts.append(_part("*"))  # `a/**` is all that is inside, not `a` itself.
    return _Pattern(tuple(parts), negated, folders_only)


def _part(part: str) -> _Part:
    if part == "**":
        return _ANY_FOLDERS
    if not _GLOB.search(part):
        return part
    # fnmatch knows no backslash and no [^…]; what it makes of stars does not backtrack.
    glob = _ESCAPED.sub(lambda escaped: glob_escape(escaped[1]), part.replace("[^", "[!"))
    return re.compile(fnmatch.translate(glob))
