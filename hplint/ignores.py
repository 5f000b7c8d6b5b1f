"""Writes the comments that suppress findings: ``# hplint: ignore[NAME] REASON``, where Python allows a comment."""

from __future__ import annotations

import token
import tokenize
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from hplint.builtin import BUILTIN_RULES
from hplint.fix import Change, apply
from hplint.model import Edit, Finding, Fix, Position, Safety
from hplint.source import Source
from hplint.suppress import DIRECTIVE

_NOT_IGNORED = frozenset(rule.code for rule in BUILTIN_RULES)
"""What is wrong with a file as a whole, or with its suppressions, is to be repaired."""
_OPENS = {getattr(token, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(token, name)}
_CLOSES = {getattr(token, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(token, name)}


def can_ignore(finding: Finding) -> bool:
    """Whether a comment may suppress a finding."""
    return finding.code not in _NOT_IGNORED and finding.span is not None


def ignoring(source: Source, findings: Iterable[Finding], reason: str) -> Change | None:
    """A file with a comment for each of its findings; None where none can be written.

    Raises:
        UnicodeError: the file's encoding lacks a character of the reason.
    """
    ends = _line_ends(source)
    names: dict[int, dict[str, None]] = {}
    for finding in findings:
        if finding.span is None or not can_ignore(finding):
            continue
        at = bisect_left(ends.lines, source.position(source.offsets(finding.span)[0]).line)
        if at < len(ends.lines):
            names.setdefault(ends.lines[at], {})[finding.name] = None
    edits = [_edit(source, line, list(wanted), reason, ends.comments.get(line)) for line, wanted in names.items()]
    if not edits:
        return None
    changed, _ = apply(source, [Fix("ignore", tuple(edits), Safety.SAFE)])
    return Change(source.encoded(), changed.encoded())


@dataclass
class _LineEnds:
    """The lines that may end in a comment, in order, and where those that have one start it (a column from 1).

    A line that ends within a string or with a backslash cannot. The next that can belongs to the same statement, and a
    suppression counts on any line of it.
    """

    lines: list[int] = field(default_factory=list)
    comments: dict[int, int] = field(default_factory=dict)


def _line_ends(source: Source) -> _LineEnds:
    ends = _LineEnds()
    lines = (source.line(number) + "\n" for number in range(1, len(source.line_starts) + 1))
    inside = 0  # An f-string with line ends in its braces takes comments there from Python 3.12 on only.
    try:
        for each in tokenize.generate_tokens(lambda: next(lines, "")):
            inside += (each.type in _OPENS) - (each.type in _CLOSES)
            if each.type == tokenize.COMMENT:
                ends.comments[each.start[0]] = each.start[1] + 1
            elif each.type in (tokenize.NL, tokenize.NEWLINE) and not inside:
                ends.lines.append(each.start[0])
    except (tokenize.TokenError, SyntaxError):
        pass  # An older Python meets newer syntax: what was read so far counts.
    return ends


def _edit(source: Source, line: int, names: list[str], reason: str, comment: int | None) -> Edit:
    """The comment at the end of a line; names are put into the brackets of a suppression that is there already."""
    text = source.line(line)
    if comment is not None:
        for match in DIRECTIVE.finditer(text, comment - 1):
            if match["kind"] == "ignore" and (match["names"] or "").strip():
                at = match.start("names") + len(match["names"].rstrip())
                return _insertion(source, line, at, at, f", {', '.join(names)}")
    written = f"# hplint: ignore[{', '.join(names)}] {reason}"
    end = len(text.rstrip())
    return _insertion(source, line, end, len(text), f"  {written}")


def _insertion(source: Source, line: int, start: int, end: int, text: str) -> Edit:
    offset = source.offset(Position(line, 1))
    return Edit(source.path, source.span(offset + start, offset + end), text)
