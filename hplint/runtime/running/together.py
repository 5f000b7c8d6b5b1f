"""What a run has shown, and what the text of the script says by itself, as one list of findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from hplint.model import Finding, Span

Where = tuple[str, str, int]
"""A rule's name, a file as findings show it, and a line."""


def together(seen: Iterable[Finding], read: Iterable[Finding], refuted: Collection[Where]) -> list[Finding]:
    """The findings of both engines, by file and place.

    What both say of a place is said once: in the words of the run, which has seen it, with the fix and the narrower
    range that the text gives. What the text only guesses, and the run has seen to be otherwise, is left out.
    """
    found = list(seen)
    for guess in read:
        twins = [number for number, each in enumerate(found) if _is_one(each, guess)]
        for number in twins:
            found[number] = _confirmed(found[number], guess)
        if not twins and not (guess.span and (guess.name, guess.path, guess.span.start.line) in refuted):
            found.append(guess)
    return sorted(found, key=Finding.sort_key)


def _is_one(seen: Finding, read: Finding) -> bool:
    same = (seen.code, seen.path, seen.cell) == (read.code, read.path, read.cell)
    return same and seen.span is not None and read.span is not None and _overlap(seen.span, read.span)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _confirmed(seen: Finding, read: Finding) -> Finding:
    assert seen.span is not None
    inside = read.span is not None and seen.span.start <= read.span.start and read.span.end <= seen.span.end
    level = max(seen.level, read.level, key=lambda level: level.weight)
    return replace(seen, level=level, span=read.span if inside else seen.span, fix=seen.fix or read.fix)
