"""The JSON of a notebook: where the source of each cell stands in it, and the same text with other sources.

Everything else is skipped by the standard library's decoder, so that megabytes of output take no time to speak of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hplint.records import value_record

_space = re.compile(r"[ \t\r\n]*").match
_decoder = json.JSONDecoder()
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class NoNotebook(Exception):
    """A text that is no notebook. ``offset`` is where that is seen, None for the whole."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset


@value_record
class String:
    """A string of the JSON: its place, quotes included, and what it says."""

    start: int
    end: int
    text: str


@value_record
class Cell:
    """A code cell. ``number`` counts all cells from 1; ``strings`` is its source, as listed lines or as one string."""

    number: int
    strings: tuple[String, ...]
    listed: bool

    @property
    def source(self) -> str:
        """The text of the cell."""
        return "".join(string.text for string in self.strings)


def python_cells(text: str) -> tuple[Cell, ...]:
    """The cells of a notebook that its Python kernel runs; none when its kernel speaks another language.

    Raises:
        NoNotebook: the text is no JSON, or not that of a notebook of format 4.
    """
    try:
        return _Reader(text).cells()
    except json.JSONDecodeError as problem:
        raise NoNotebook(f"it is no valid JSON: {problem.msg[:1].lower()}{problem.msg[1:]}", problem.pos) from problem
    except RecursionError as problem:
        raise NoNotebook("its JSON is nested too deep") from problem


class _Reader:
    """Passes over the text once. ``at`` is where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def cells(self) -> tuple[Cell, ...]:
        found: tuple[Cell, ...] | None = None
        others: dict[str, Any] = {}
        if not self._text.strip():
            raise NoNotebook("it is empty")
        if self._peek() != "{":
            raise NoNotebook("it is no JSON object" if _is_json(self._text) else "it is no valid JSON", self._at)
        for key in self._members():
            if key == "cells" and self._peek() == "[":
                found = tuple(cell for number, _ in enumerate(self._items(), 1) if (cell := self._cell(number)))
            else:
                others[key] = self._value()
        if self._peek():
            raise json.JSONDecodeError("extra data", self._text, self._at)
        if found is None and "worksheets" in others:
            raise NoNotebook(f"format {others.get('nbformat', 3)} is not read: `jupyter nbconvert --to notebook`")
        if found is None:
            raise NoNotebook("it has no `cells`")
        return found if _is_python(others.get("metadata")) else ()

    def _cell(self, number: int) -> Cell | None:
        """A cell, None for text and for code in another language."""
        if self._peek() != "{":
            raise NoNotebook(f"cell {number} is no JSON object", self._at)
        strings: tuple[String, ...] | None = ()
        listed = False
        others: dict[str, Any] = {}
        for key in self._members():
            if key == "source":
                start, listed = self._at, self._peek() == "["
                strings = self._source()
                if strings is None:
                    raise NoNotebook(f"the source of cell {number} is no text", start)
            else:
                others[key] = self._value()
        if others.get("cell_type") != "code" or _language(others.get("metadata"), "vscode", "languageId") != "python":
            return None
        return Cell(number, strings or (), listed)

    def _source(self) -> tuple[String, ...] | None:
        if self._peek() == '"':
            return (self._string(),)
        if self._peek() != "[":
            return None
        strings = []
        for _ in self._items():
            if self._peek() != '"':
                return None
            strings.append(self._string())
        return tuple(strings)

    def _string(self) -> String:
        start = self._at
        text: str = self._value()
        return String(start, self._at, text)

    def _members(self) -> Iterator[str]:
        """The keys of an object; the caller passes over the value of each before it asks for the next one."""
        for _ in self._parts("}"):
            if self._peek() != '"':
                raise json.JSONDecodeError("expecting property name enclosed in double quotes", self._text, self._at)
            key = self._value()
            self._expect(":", "expecting ':' delimiter")
            yield key

    def _items(self) -> Iterator[None]:
        """Stands before each item of an array in turn; the caller passes over it."""
        return self._parts("]")

    def _parts(self, end: str) -> Iterator[None]:
        self._at += 1
        if self._peek() == end:
            self._at += 1
            return
        while True:
            self._peek()
            yield
            if self._peek() == end:
                self._at += 1
                return
            self._expect(",", "expecting ',' delimiter")

    def _peek(self) -> str:
        """The next character that is no white space, empty at the end."""
        space = _space(self._text, self._at)
        assert space is not None
        self._at = space.end()
        return self._text[self._at : self._at + 1]

    def _expect(self, char: str, message: str) -> None:
        if self._peek() != char:
            raise json.JSONDecodeError(message, self._text, self._at)
        self._at += 1
        self._peek()

    def _value(self) -> Any:
        value, self._at = _decoder.raw_decode(self._text, self._at)
        return value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_python(metadata: Any) -> bool:
    """Whether a notebook runs Python, as far as it tells."""
    return (
        _language(metadata, "language_info", "name", "")
        or _language(metadata, "kernelspec", "language", "")
        or _language(metadata, "application/vnd.databricks.v1+notebook", "language")
    ) == "python"


def _language(metadata: Any, part: str, key: str, default: str = "python") -> str:
    found = metadata.get(part) if isinstance(metadata, dict) else None
    named = found.get(key) if isinstance(found, dict) else None
    return named.lower() if isinstance(named, str) and named else default


# --- writing


def with_source(text: str, cell: Cell, source: str) -> str:
    """The text of a notebook in which one cell has another source: no other string of it changes."""
    raw = text[cell.strings[0].start : cell.strings[-1].end]
    if not cell.listed:
        return _spliced(text, cell, _written(source, raw))
    old, new = [string.text for string in cell.strings], source.splitlines(keepends=True) or [""]
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    last = 0
    while last < min(len(old), len(new)) - same and old[-1 - last] == new[-1 - last]:
        last += 1
    parts = [_written(line, raw) for line in new[same : len(new) - last]]
    if same:
        parts.insert(0, text[cell.strings[0].start : cell.strings[same - 1].end])
    if last:
        parts.append(text[cell.strings[-last].start : cell.strings[-1].end])
    return _spliced(text, cell, _between(text, cell).join(parts))


def _between(text: str, cell: Cell) -> str:
    """What stands between two lines of a cell."""
    first = cell.strings[0]
    if len(cell.strings) > 1:
        return text[first.end : cell.strings[1].start]
    return "," + (text[text.rindex("[", 0, first.start) + 1 : first.start] or " ")


def _spliced(text: str, cell: Cell, new: str) -> str:
    return text[: cell.strings[0].start] + new + text[cell.strings[-1].end :]


def _written(source: str, raw: str) -> str:
    """A string as JSON, with those characters escaped that are escaped in ``raw``."""
    escaped = {chr(int(found, 16)) for found in _ESCAPE.findall(raw) if found}
    ascii_only = any(char > "\x7f" for char in escaped) or _SURROGATE.search(source) is not None
    found = json.dumps(source, ensure_ascii=ascii_only)
    for char in escaped:
        if " " < char < "\x7f" and char not in '"\\':
            found = found.replace(char, f"\\u{ord(char):04x}")
    return found
