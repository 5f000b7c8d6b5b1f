"""Which files of a project use a name: where those who call a function are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import PurePath

from hplint.source import Unreadable, read

_WORD = re.compile(r"[A-Za-z_]\w*")
_MOST = 24
"""Files that use a name, beyond which looking at them all would take too long."""
_TESTS = frozenset({"test", "tests", "unittests"})


class Mentions:
    """The words of some files, read when the first is asked for. Tests are left out: they choose odd values."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = sorted(path for path in paths if not _is_test(path))

    def of(self, word: str) -> tuple[str, ...]:
        """The files that use a word; none when it is used all over the project."""
        found = tuple(path for path, words in self._words if word in words)
        return found if len(found) <= _MOST else ()

    @cached_property
    def _words(self) -> list[tuple[str, frozenset[str]]]:
        found = []
        for path in self._paths:
            try:
                found.append((path, frozenset(_WORD.findall(read(path).text))))
            except Unreadable:
                continue
        return found


def _is_test(path: str) -> bool:
    *folders, name = PurePath(path).parts
    return name.startswith(("test_", "conftest")) or name.endswith("_test.py") or not _TESTS.isdisjoint(folders)
