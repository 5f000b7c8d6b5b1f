"""Comments that suppress findings: which there are, what each covers, and which cover nothing."""

from __future__ import annotations

import re
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hplint.builtin import unused_suppression
from hplint.model import Edit, Finding, Fix, Position, Safety, Span
from hplint.records import value_record
from hplint.registry import Registry, did_you_mean
from hplint.rule import Rule
from hplint.source import Source

_CANDIDATE = re.compile(r"#[ \t]*(?:hplint[ \t]*:|noqa[ \t]*:[^\r\n]*\bHP\d{3}\b)", re.IGNORECASE)
_DIRECTIVE = re.compile(
    r"""\#[ \t]*(?:
      hplint[ \t]*:[ \t]*(?P<kind>file-ignore|ignore)\b(?:[ \t]*\[(?P<names>[^\]]*)\])?
    | (?i:noqa)[ \t]*:[ \t]*(?P<codes>[A-Z]+[0-9]+(?:[ \t]*[, \t][ \t]*[A-Z]+[0-9]+)*)
    )""",
    re.VERBOSE,
)
_OWN_CODE = re.compile(r"HP\d{3}")
_NAME = re.compile(r"[^\s,]+")
# What follows a suppression is its reason, up to a comment for another tool.
_NEXT_COMMENT = re.compile(
    r"[ \t]*\#[ \t]*(?:hplint|noqa|type|pragma|pylint|pyright|mypy|ruff|fmt|isort|nosec)\b", re.I
)


@value_record
class _Name:
    """A rule named by a suppression, and where."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Directive:
    """One suppression. ``names`` are hplint's, ``others`` counts the codes of other tools beside them."""

    start: int
    end: int
    line: int
    whole_file: bool
    alone: bool
    is_ours: bool
    """Whether it is written ``hplint: ignore[…]``, not ``noqa: …``."""
    names: tuple[_Name, ...]
    others: tuple[_Name, ...]
    used: set[str]

    @property
    def span(self) -> tuple[int, int]:
        """What a finding about it points at: the names, or all of it where there are none."""
        return (self.names[0].start, self.names[-1].end) if self.names else (self.start, self.end)


class Suppressions:
    """The suppressions of one file. Most files have none, which costs one search of the text."""

    def __init__(self, source: Source, rules: Registry) -> None:
        self._source = source
        self._rules = rules
        self._directives: list[_Directive] = []
        self._statements: list[tuple[int, int]] = []
        self._open: list[int] = []
        """Lines that may end in a comment: not those that end within a text or with a backslash."""
        self._was_read = False
        if _CANDIDATE.search(source.text):
            self._read()

    def cover(self, finding: Finding) -> bool:
        """Whether a finding is suppressed; the suppressions that do it count as used."""
        if not self._directives or finding.span is None:
            return False
        first, last = self._statement(self._line(finding.span))
        covering = [
            directive
            for directive in self._directives
            if (directive.alone if directive.whole_file else first <= directive.line <= last)
            and any(name.text in (finding.code, finding.name) for name in directive.names)
        ]
        for directive in covering:
            directive.used |= {finding.code, finding.name}
        return bool(covering)

    def unused(self, ran: frozenset[str]) -> Iterator[Finding]:
        """Suppressions that cover nothing. ``ran``: codes of the rules that were on for this file."""
        own = unused_suppression
        said = [finding for directive in self._directives for finding in self._complaints(directive, ran - {own.code})]
        yield from (finding for finding in said if not self.cover(finding))
        for directive in self._directives:
            yield from self._unused(directive, ran & {own.code})

    def _complaints(self, directive: _Directive, ran: frozenset[str]) -> Iterator[Finding]:
        if not directive.names:
            form = "file-ignore" if directive.whole_file else "ignore"
            yield self._finding(directive, f"`hplint: {form}` names no rule and counts for nothing")
            return
        if directive.whole_file and not directive.alone:
            yield self._finding(directive, "`hplint: file-ignore` counts only on a line of its own")
            return
        for name in directive.names:
            if self._rules.get(name.text) is None:
                suggestion = did_you_mean(name.text, self._rules.by_name)
                yield self._finding(directive, f"`{name.text}` is no rule{suggestion}", at=(name.start, name.end))
        yield from self._unused(directive, ran)

    def _unused(self, directive: _Directive, ran: frozenset[str]) -> Iterator[Finding]:
        unused = [name for name in directive.names if self._is_unused(name, directive, ran)]
        if unused and (directive.alone or not directive.whole_file):
            names = " and ".join(f"`{name.text}`" for name in unused)
            where = "in this file" if directive.whole_file else "here"
            title = f"remove {names}" if len(unused) < len(directive.names) else "remove the suppression"
            edit = self._removal(directive, unused)
            fix = Fix(title, (edit,), Safety.SAFE)
            yield self._finding(directive, f"{names} finds nothing {where} that is to be suppressed", fix)

    def _is_unused(self, name: _Name, directive: _Directive, ran: frozenset[str]) -> bool:
        rule = self._rules.get(name.text)
        if rule is None or rule.runtime:
            return False  # What only a run finds is suppressed here too.
        return rule.code in ran and name.text not in directive.used

    def _removal(self, directive: _Directive, unused: list[_Name]) -> Edit:
        kept = [name for name in (*directive.names, *directive.others) if name not in unused]
        if kept:
            everything = sorted((*directive.names, *directive.others), key=lambda name: name.start)
            text = ", ".join(name.text for name in everything if name not in unused)
            return self._edit(everything[0].start, everything[-1].end, text)
        start, end = directive.start, directive.end
        text = self._source.text
        line_start = self._source.line_starts[directive.line - 1]
        before = text[line_start:start]
        at_end = not text[end : end + 1].strip()
        if at_end:
            start = line_start + len(before.rstrip())
            if start == line_start:  # The line was nothing but the comment.
                end += 2 if text.startswith("\r\n", end) else min(1, len(text) - end)
        return self._edit(start, end, "")

    def _edit(self, start: int, end: int, text: str) -> Edit:
        return Edit(self._source.path, self._source.span(start, end), text)

    def _finding(
        self, directive: _Directive, message: str, fix: Fix | None = None, at: tuple[int, int] | None = None
    ) -> Finding:
        rule = unused_suppression
        span = self._source.span(*(at or directive.span))
        return Finding(rule.code, rule.name, rule.level, message, self._source.path, span, fix=fix)

    # --- for those who write

    def named_at(self, offset: int) -> Rule | None:
        """The rule that a suppression names at a place of the text."""
        names = (name for directive in self._directives for name in directive.names)
        found = next((name for name in names if name.start <= offset <= name.end), None)
        return None if found is None else self._rules.get(found.text)

    def edits_for(self, findings: Iterable[Finding], reason: str = "") -> list[Edit]:
        """What suppresses findings: their names in the suppression of their statement, or else in a new comment.

        That comment, with the reason behind it, ends the first line from the finding's on that can have one. A finding
        is left out where there is no such line.
        """
        if not self._was_read:
            self._read()
        merged: dict[int, dict[str, None]] = {}
        added: dict[int, dict[str, None]] = {}
        for finding in findings:
            if finding.span is None:
                continue
            line = self._line(finding.span)
            own = self._own(line)
            at = bisect_left(self._open, line)
            if own is not None:
                merged.setdefault(own.names[-1].end, {})[finding.name] = None
            elif at < len(self._open):
                added.setdefault(self._open[at], {})[finding.name] = None
        edits = [self._edit(end, end, "".join(f", {name}" for name in names)) for end, names in merged.items()]
        for line, names in added.items():
            text, start = self._source.line(line), self._source.offset(Position(line, 1))
            comment = f"  # hplint: ignore[{', '.join(names)}] {reason}".rstrip()
            edits.append(self._edit(start + len(text.rstrip()), start + len(text), comment))
        return edits

    def _own(self, line: int) -> _Directive | None:
        """The suppression in hplint's own form that the statement on a line has already."""
        first, last = self._statement(line)
        here = (each for each in self._directives if first <= each.line <= last and not each.whole_file)
        return next((each for each in here if each.is_ours and each.names), None)

    # --- reading

    def _line(self, span: Span) -> int:
        """The line of the text that a span begins on: in a notebook its own count begins with each cell."""
        return self._source.position(self._source.offsets(span)[0]).line

    def _statement(self, line: int) -> tuple[int, int]:
        """The first and last line of the statement on a line: of a compound one its head, decorators included."""
        at = bisect_right(self._statements, (line, len(self._source.text))) - 1
        if at < 0 or self._statements[at][1] < line:
            return line, line
        first, last = self._statements[at]
        while self._source.line(self._statements[at][0]).lstrip().startswith("@") and at + 1 < len(self._statements):
            at += 1
            last = self._statements[at][1]
        return first, last

    def _read(self) -> None:
        self._was_read = True
        for token in _comments(self._source, self._statements, self._open):
            start = self._source.offset(Position(token.start[0], token.start[1] + 1))
            alone = not self._source.line(token.start[0])[: token.start[1]].strip()
            for match in _DIRECTIVE.finditer(token.string):
                directive = _directive(match, token.string, start, token.start[0], alone)
                if directive is not None:
                    self._directives.append(directive)


def _directive(match: re.Match[str], comment: str, offset: int, line: int, alone: bool) -> _Directive | None:
    group = "codes" if match["codes"] is not None else "names"
    names = [
        _Name(found.group(), offset + match.start(group) + found.start(), offset + match.start(group) + found.end())
        for found in _NAME.finditer(match[group] or "")
    ]
    own = tuple(name for name in names if group == "names" or _OWN_CODE.fullmatch(name.text))
    if group == "codes" and not own:
        return None
    following = _NEXT_COMMENT.search(comment, match.end())
    end = following.start() if following else len(comment)
    others = tuple(name for name in names if name not in own)
    whole_file = match["kind"] == "file-ignore"
    is_ours = group == "names"
    return _Directive(offset + match.start(), offset + end, line, whole_file, alone, is_ours, own, others, set())


def _comments(source: Source, statements: list[tuple[int, int]], opened: list[int]) -> Iterable[tokenize.TokenInfo]:
    """The comments of a text; its statements and the lines that are open to comments are noted on the way."""
    lines = (source.line(number) + "\n" for number in range(1, len(source.line_starts) + 1))
    first = None
    inside = 0  # An f-string with line ends in its braces takes comments there from Python 3.12 on only.
    try:
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            kind = tokenize.tok_name[token.type]
            inside += kind.endswith("STRING_START") - kind.endswith("STRING_END")
            if token.type in (tokenize.NEWLINE, tokenize.NL) and not inside:
                opened.append(token.start[0])
            if token.type == tokenize.COMMENT:
                yield token
            elif token.type == tokenize.NEWLINE and first is not None:
                statements.append((first, token.start[0]))
                first = None
            elif first is None and token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return  # An older Python meets newer syntax: what was read so far counts.
