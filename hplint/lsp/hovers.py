"""Hovers: a hyperparameter with its value here and all that is known of it; the rule that a suppression names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, cast

from lsprotocol import types as lsp

from hplint import hyperparameters, signatures
from hplint.facts.syntax import Constant
from hplint.inventory import known
from hplint.inventory.reading import shown
from hplint.inventory.records import Chain, Entry, Spot, State, Use
from hplint.lsp.places import Places
from hplint.registry import Registry
from hplint.report.explain_markdown import explain_markdown, rule_markdown
from hplint.signatures import DefaultKind
from hplint.source import Source
from hplint.suppress import Suppressions

UriOf = Callable[[str, "int | None"], str]
"""The URI of a path, and of a cell where it is that of a notebook."""
_WORD = re.compile(r"(?<=[\"'])--?[A-Za-z][\w-]*|[A-Za-z_]\w*")
"""A name, or an option in quotes."""
_KEY = re.compile(r"""[ \t{,-]*["']?(?P<key>[A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*(?P<value>[^#,{}\r\n]*)""")


class _Place(NamedTuple):
    """A stretch of the text that an entry is told at; ``is_call``: the name of what is called."""

    start: int
    end: int
    is_call: bool
    entry: Entry
    use: Use


class Hovers:
    """What is shown over places of one text."""

    def __init__(self, source: Source, places: Places, rules: Registry, uri_of: UriOf) -> None:
        self._source = source
        self._places = places
        self._rules = rules
        self._uri_of = uri_of

    def of_suppression(self, at: int) -> lsp.Hover | None:
        """The page of the rule that a suppression names."""
        rule = Suppressions(self._source, self._rules).named_at(at)
        return None if rule is None else self._hover(rule_markdown(rule), *self._word(at))

    def of_value(self, entries: Sequence[Entry], at: int) -> lsp.Hover | None:
        """The hyperparameter that is set, left out, or brought from elsewhere at a place."""
        places = list(self._all(entries))
        found = [place for place in places if place.start <= at <= place.end] or self._brought(places, at)
        if not found:
            return self._of_word(at)
        first = min(found, key=lambda place: (place.end - place.start, bool(place.entry.argument)))
        lines = list(self._here(first))
        if first.is_call:
            others = [each for each in found if each[:3] == first[:3] and each.entry is not first.entry]
            lines += [f"- `{each.entry.argument}`: {_value(each.entry)}" for each in others if each.entry.argument]
        return self._hover("\n".join(lines) + "\n\n---\n\n" + self._row(first.entry.hyperparameter), *first[:2])

    def of_key(self, at: int) -> lsp.Hover | None:
        """The hyperparameter that a key of a configuration file names."""
        position = self._source.position(at)
        line, start = self._source.line(position.line), self._source.line_starts[position.line - 1]
        for match in _KEY.finditer(line):
            if start + match.start("key") <= at <= start + match.end("key"):
                row = known.row_of_spelling(match["key"].rpartition(".")[2])
                value = match["value"].strip()
                told = f"`{match['key']}` = `{value}`\n\n---\n\n" if value and "`" not in value else ""
                if row is not None:
                    return self._hover(told + self._row(row), start + match.start("key"), start + match.end("key"))
        return None

    def _brought(self, places: Sequence[_Place], at: int) -> list[_Place]:
        """The values that come from an option or a name at a place, such as ``"--lr"``."""
        start, end = self._word(at)
        word = self._source.text[start:end]
        return [
            place._replace(start=start, end=end, is_call=False)
            for place in places
            if any(link.text == word and link.at is not None for chain in place.use.chains for link in chain)
        ][:1]

    def _of_word(self, at: int) -> lsp.Hover | None:
        """A name that hardly means anything else, where no value is known."""
        start, end = self._word(at)
        word = self._source.text[start:end].lstrip("-").replace("-", "_")
        row = known.row_of_spelling(word) if word and known.is_specific(word) else None
        return None if row is None else self._hover(self._row(row), start, end)

    def _word(self, at: int) -> tuple[int, int]:
        number = self._source.position(at).line
        start = self._source.line_starts[number - 1]
        for match in _WORD.finditer(self._source.line(number)):
            if start + match.start() <= at <= start + match.end():
                return start + match.start(), start + match.end()
        return at, at

    def _all(self, entries: Sequence[Entry]) -> Iterator[_Place]:
        """All places that entries speak of in this text."""
        for entry in entries:
            for use in entry.uses:
                if (span := self._offsets(use.at)) is not None:
                    head = self._source.text[span[0] : span[1]].partition("(")
                    is_call = bool(head[1]) and (entry.state is State.DEFAULT or not entry.argument or entry.is_size)
                    yield _Place(span[0], span[0] + len(head[0]) if is_call else span[1], is_call, entry, use)
                for link in (link for chain in use.chains for link in chain):
                    if link.at is not None and (span := self._offsets(link.at)) is not None:
                        yield _Place(*span, False, entry, use)

    def _offsets(self, spot: Spot) -> tuple[int, int] | None:
        if spot.path != self._source.path:
            return None
        return self._source.offsets(spot.span)

    def _here(self, place: _Place) -> Iterator[str]:
        """The value, where it comes from, and what the library would take."""
        entry = place.entry
        yield f"`{entry.owner}`: {_value(entry)}" if entry.argument else f"`{entry.callee}`"
        ways = dict.fromkeys(self._way(chain) for chain in place.use.chains if chain)
        if ways:
            yield ""
            yield from (f"- from {way}" for way in ways)
        default = _library_default(entry)
        if default is not None and entry.state is not State.DEFAULT:
            yield f"\nDefault of {entry.callee.rpartition('.')[2]}: `{default}`"

    def _way(self, chain: Chain) -> str:
        parts = []
        for link in chain:
            place = ""
            if link.at is not None:
                line, cell = link.at.span.start.line, link.at.span.cell
                name = f"line {line}" if link.at.path == self._source.path else f"{link.at.path}:{line}"
                name = name if cell is None else f"cell {cell}, {name}"
                place = f" ([{name}]({self._uri_of(link.at.path, cell)}#L{line}))"
            parts.append(f"`{link.text}`{place}")
        return " ← ".join(parts)

    def _row(self, name: str) -> str:
        row = hyperparameters.get(name)
        if row is None:
            return f"### {known.title(name)}\n"
        watchers = [rule for rule in self._rules.rules if rule.hyperparameter == row.name]
        return explain_markdown(row, watchers)

    def _hover(self, text: str, start: int, end: int) -> lsp.Hover:
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text), self._places.of_offsets(start, end))


def _value(entry: Entry) -> str:
    """The value in words, its constants as code."""
    plain = " or ".join(given.text for given in entry.values)
    said = entry.value
    if not plain or "`" in plain or not said.startswith(plain):
        return said
    return " or ".join(f"`{given.text}`" for given in entry.values) + said[len(plain) :]


def _library_default(entry: Entry) -> str | None:
    """What applies where nothing is given, as Python writes it."""
    written = known.default_of(entry.callee, entry.argument)
    if written is not None:
        return written
    signature = signatures.lookup(entry.callee)
    parameter = signature.parameter(entry.argument) if signature is not None else None
    if parameter is None or parameter.default.kind is not DefaultKind.CONSTANT:
        return None
    return shown(cast("Constant", parameter.default.value))
