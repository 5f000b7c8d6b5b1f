"""Sets of versions: what ``>=1.8,<2.4``, ``^1.13`` or ``=1.13`` allows, and which of them come before a change."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from hplint.records import value_record

Release = tuple[int, ...]
Cut = tuple[Release, int]
"""A place between versions: just below one (0) or just above it (1)."""

_LOWEST: Cut = ((), 0)
_HIGHEST: Cut = ((sys.maxsize,), 0)
_MAX_CLAUSES = 50
"""Conditions of one requirement. What has more is not meant to be read."""
_CLAUSE = re.compile(
    r"""
    (===|==|~=|!=|<=|>=|<|>|\^|~|=)?\s*
    (?: v?(\d{1,9}(?:\.\d{1,9}){0,9})(?!\d) ((?:\.?\*)?) [-+.\w]{0,99} | \* )
    (?: \s*,\s* | \s+ | \Z )
    """,
    re.VERBOSE | re.ASCII,
)


@value_record
class Versions:
    """The versions of a library that may be in use: ``ranges``, in order, each from a cut to a higher one."""

    ranges: tuple[tuple[Cut, Cut], ...]

    def may_reach(self, version: Release) -> bool:
        """Whether some of them are that version or a later one."""
        return any(high > (version, 0) for _, high in self.ranges)

    def all_reach(self, version: Release) -> bool:
        """Whether each of them is that version or a later one."""
        return all(low >= (version, 0) for low, _ in self.ranges)

    def told_before(self, version: Release) -> bool:
        """Whether versions before that one are named: not only left open, as where there is no lower bound."""
        return any(_LOWEST < low < (version, 0) for low, _ in self.ranges)

    def __and__(self, other: Versions) -> Versions:
        both = ((max(a, c), min(b, d)) for a, b in self.ranges for c, d in other.ranges)
        return _made(each for each in both if each[0] < each[1])

    def __or__(self, other: Versions) -> Versions:
        return _made((*self.ranges, *other.ranges))

    def __str__(self) -> str:
        return " or ".join(_shown(low, high) for low, high in self.ranges) or "none"


ANY = Versions(((_LOWEST, _HIGHEST),))
NONE = Versions(())


def as_version(text: str) -> Release:
    """``"2.13"`` as numbers that compare: ``2.13.0`` is the same."""
    found = re.match(r"\d{1,9}(?:\.\d{1,9}){0,9}(?!\d)", text, re.ASCII)
    return _plain(_numbers(found[0])) if found else ()


def exactly(text: str) -> Versions:
    """One version."""
    version = as_version(text)
    return Versions((((version, 0), (version, 1)),))


def following(version: Release) -> Release:
    """The first version that is no release of a series any more: ``(2, 7)`` for ``(2, 6)``."""
    return (*version[:-1], version[-1] + 1)


def allowed(text: str, *, loose: bool = False) -> Versions | None:
    """What a condition allows, None for a text that is none; pip's, Poetry's and conda's ways to write it are known.

    ``loose``: ``1.13`` and ``=1.13`` stand for all of 1.13, as conda has it. Suffixes (``+cu117``, ``rc1``) are passed
    over.
    """
    found = NONE
    parts = [part.strip() for part in text.split("|") if part.strip()]
    if len(parts) > _MAX_CLAUSES:
        return None
    for part in parts or [""]:
        one, at = ANY, 0
        for _ in range(_MAX_CLAUSES):
            if at == len(part):
                break
            clause = _CLAUSE.match(part, at)
            known = None if clause is None else _of_clause(clause, loose=loose)
            if clause is None or known is None:
                return None
            one, at = one & known, clause.end()
        if at < len(part):
            return None
        found |= one
    return found


def _of_clause(clause: re.Match[str], *, loose: bool) -> Versions | None:
    operator, release, star = clause[1] or "", clause[2], clause[3]
    if release is None:
        return ANY
    numbers = _numbers(release)
    below, above = (_plain(numbers), 0), (_plain(numbers), 1)
    end: Cut = above
    if star or (loose and operator in ("", "=")):
        end = _plain(following(numbers)), 0
    if operator in ("", "=", "==", "==="):
        return _made([(below, end)])
    if operator == "!=":
        return _made([(_LOWEST, below), (end, _HIGHEST)])
    if operator in ("<", "<="):
        return _made([(_LOWEST, below if operator == "<" else end)])
    if operator in (">", ">="):
        return _made([(end if operator == ">" else below, _HIGHEST)])
    if operator == "~=":
        return _made([(below, (_plain(following(numbers[:-1])), 0))]) if len(numbers) > 1 else None
    kept = 2 if operator == "~" else next((at for at, n in enumerate(numbers, 1) if n), len(numbers))
    return _made([(below, (_plain(following(numbers[:kept])), 0))])


def _made(ranges: Iterable[tuple[Cut, Cut]]) -> Versions:
    """A set of ranges that may overlap."""
    found: list[tuple[Cut, Cut]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return Versions(tuple(found))


def _numbers(text: str) -> Release:
    return tuple(int(part) for part in text.split("."))


def _plain(numbers: Release) -> Release:
    """Without zeros at the end, so that 2.4 and 2.4.0 are one."""
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return numbers[:end]


def _shown(low: Cut, high: Cut) -> str:
    if low[0] == high[0]:
        return _text(low[0])
    parts = []
    if low != _LOWEST:
        parts.append(f"{'>' if low[1] else '>='}{_text(low[0])}")
    if high != _HIGHEST:
        parts.append(f"{'<=' if high[1] else '<'}{_text(high[0])}")
    return ",".join(parts) or "any version"


def _text(version: Release) -> str:
    return ".".join(map(str, (*version, 0, 0)[: max(2, len(version))]))
