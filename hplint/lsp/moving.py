"""Findings of an earlier version of a text, where the text can't be parsed while somebody types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hplint.model import Finding, Related, Span
from hplint.source import Source


def moved(findings: tuple[Finding, ...], old: Source, new: Source) -> Iterator[Finding]:
    """The findings that the edit between two versions has not touched, at their new places and without their fixes."""
    start = _common(old.text, new.text)
    behind = _common(old.text[start:][::-1], new.text[start:][::-1])
    end, shift = len(old.text) - behind, len(new.text) - len(old.text)

    def place(span: Span) -> Span | None:
        first, last = old.offsets(span)
        if last <= start:
            return span
        return new.span(first + shift, last + shift) if first >= end else None

    for finding in findings:
        span = finding.span and place(finding.span)
        if span is None and finding.span is not None:
            continue
        related: list[Related] = []
        for each in finding.related:
            there = place(each.span) if each.path == old.path else each.span
            if there is not None:
                related.append(replace(each, span=there))
        yield replace(finding, span=span, related=tuple(related), fix=None)


def moved_in_cells(
    findings: tuple[Finding, ...], path: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Finding]:
    """The same for a notebook, of which the texts of all cells are given by URI: each cell is edited for itself."""
    numbers = {uri: number for number, uri in enumerate(new, 1)}
    for number, (uri, text) in enumerate(old.items(), 1):
        own = tuple(_in_cell(finding, None) for finding in findings if finding.cell == number)
        if own and uri in new:
            for finding in moved(own, Source(path, text), Source(path, new[uri])):
                yield _in_cell(finding, numbers[uri])


def _in_cell(finding: Finding, cell: int | None) -> Finding:
    """A finding with another cell, and without the places in other cells that it speaks of."""
    related = tuple(each for each in finding.related if each.path != finding.path)
    span = finding.span and Span(finding.span.start, finding.span.end, cell)
    return replace(finding, span=span, related=related)


def _common(one: str, other: str) -> int:
    """How many characters two texts share from their start on."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
