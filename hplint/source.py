"""Bytes to text and back: encodings, byte order marks, line ends and places. Also: which texts are worth parsing."""

from __future__ import annotations

import codecs
import io
import os
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hplint.model import Position, Span

if TYPE_CHECKING:
    from hplint.notebooks.program import Notebook

DEFAULT_MAX_FILE_SIZE = 2_000_000
"""Bytes. LibCST needs about 400 bytes of memory and 1 µs for each."""
NOTEBOOK = ".ipynb"
_OUTPUTS = 50
"""How many times longer a notebook's file may be than its code: the rest is output, which is skipped."""

LIBRARIES = (
    "torch",
    "lightning",
    "pytorch_lightning",
    "lightning_fabric",
    "transformers",
    "accelerate",
    "timm",
    "ignite",
    "torchvision",
    "torchaudio",
    "torchtune",
    "torchrl",
    "torch_geometric",
    "monai",
    "trl",
    "peft",
    "diffusers",
    "deepspeed",
    "fastai",
    "catalyst",
    "composer",
    "sentence_transformers",
)

_NEWLINE = re.compile(r"\r\n|\n|\r")
_WORDS = re.compile(r"[A-Za-z_]\w+").findall


class Unreadable(Exception):
    """A file that does not become text. ``code`` is that of the finding: HP001, HP002 or HP003."""

    def __init__(self, code: str, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.position = position


@dataclass(frozen=True)
class Source:
    """A file's text. ``path`` is as findings show it; ``text`` keeps its line ends and has no byte order mark.

    Of a ``notebook`` the text is the program that its cells make up. Offsets count in it; lines count from the start of
    the cell in spans, and through all of the text everywhere else. ``original`` is the text, character by character, as
    it stands in the file where IPython's own lines are masked in ``text``.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    bom: bool = False
    original: str | None = None
    notebook: Notebook | None = None

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line starts. Lines end where Python's tokenizer ends them: \\n, \\r\\n or \\r."""
        return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    def position(self, offset: int) -> Position:
        """The line and column of an offset."""
        if not 0 <= offset <= len(self.text):
            raise ValueError(f"offset {offset} is outside {self.path} ({len(self.text)} characters)")
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def offset(self, position: Position) -> int:
        """The offset of a line and column."""
        if not 1 <= position.line <= len(self.line_starts):
            raise ValueError(f"{self.path} has no line {position.line}")
        return self.line_starts[position.line - 1] + position.column - 1

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets; it ends where the cell ends that it starts in."""
        if end < start:
            raise ValueError(f"a span of {self.path} ends ({end}) before it starts ({start})")
        first, last = self.position(start), self.position(end)
        if self.notebook is None:
            return Span(first, last)
        part = self.notebook.part_at(start)
        above = self.position(part.start).line - 1
        last = min(last, self.position(part.end))
        return Span(
            Position(max(first.line - above, 1), first.column),
            Position(last.line - above, last.column),
            part.cell.number,
        )

    def offsets(self, span: Span) -> tuple[int, int]:
        """The offsets between which a span lies.

        Raises:
            ValueError: the text has no such lines, or no such cell.
        """
        above = 0
        if self.notebook is not None and span.cell is not None:
            above = self.position(self.notebook.part_of(span.cell).start).line - 1
        first, last = (Position(above + each.line, each.column) for each in (span.start, span.end))
        return self.offset(first), self.offset(last)

    def has_cell(self, number: int | None) -> bool:
        """Whether the program has a cell: None is the whole of a file that is no notebook."""
        if self.notebook is None or number is None:
            return self.notebook is None and number is None
        return any(part.cell.number == number for part in self.notebook.parts)

    def line(self, number: int) -> str:
        """A line without its end; empty beyond the last one."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def shown_line(self, number: int, cell: int | None = None) -> str:
        """A line as it stands in the file, in a notebook that of a cell; empty where there is none."""
        lines = self.shown_lines(cell)
        return lines[number - 1] if 1 <= number <= len(lines) else ""

    def shown_lines(self, cell: int | None = None) -> list[str]:
        """All lines without their ends, as they stand in the file; in a notebook those of a cell."""
        text = self.file_text
        if self.notebook is not None:
            text = self.original or "" if cell is None else self.notebook.part_of(cell).cell.source
        return _NEWLINE.split(text)

    @cached_property
    def newline(self) -> str:
        """How the first line ends."""
        first = _NEWLINE.search(self.text)
        return first.group() if first else "\n"

    def edited(self, edits: list[tuple[int, int, str]]) -> Source:
        """The source after edits, which are ``(start, end, text)`` and do not overlap."""
        if self.notebook is not None:
            return _notebook_source(self.path, self.notebook.edited(edits), self.bom)
        text = self.file_text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return Source(self.path, text, self.encoding, self.bom)

    def encoded(self) -> bytes:
        """The file.

        Raises:
            UnicodeError: the encoding lacks a character.
        """
        return (codecs.BOM_UTF8 if self.bom else b"") + self.file_text.encode(self.encoding)

    @property
    def file_text(self) -> str:
        """What the file holds: of a notebook its JSON."""
        if self.notebook is not None:
            return self.notebook.document
        return self.text if self.original is None else self.original


def read(path: str | os.PathLike[str], limit: int = DEFAULT_MAX_FILE_SIZE) -> Source:
    """Read a file; one longer than ``limit`` bytes of code is not read to its end.

    Raises:
        Unreadable: it cannot be read or decoded, or it is too long.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_longest(os.fspath(path), limit) + 1)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise Unreadable("HP002", f"cannot be read: {reason[:1].lower()}{reason[1:]}") from problem
    return from_bytes(data, display_path(path), limit)


def from_bytes(data: bytes, path: str, limit: int = DEFAULT_MAX_FILE_SIZE) -> Source:
    """Decode as Python does: byte order mark, then coding comment, then UTF-8. Notebooks are UTF-8.

    Raises:
        Unreadable: the bytes are too many, no text in that encoding, or no notebook although the path says so.
    """
    longest = _longest(path, limit)
    if len(data) > longest:
        times = f" times {_OUTPUTS}" if longest > limit else ""
        raise Unreadable("HP003", f"is larger than `max-file-size` ({limit} bytes){times} and was not read")
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    encoding = "utf-8" if path.endswith(NOTEBOOK) else _declared_encoding(data) or "utf-8"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as problem:
        offset = problem.start + (len(data) - len(body))
        before = Source(path, body[: problem.start].decode(encoding, "replace"))
        where = before.position(len(before.text))
        found = f"byte 0x{body[problem.start]:02x} at offset {offset} (line {where.line})"
        raise Unreadable("HP002", f"is not {_shown_encoding(encoding)}: {found}", where) from problem
    except (LookupError, ValueError) as problem:
        raise Unreadable("HP002", f"cannot be decoded as {encoding}: {problem}", Position(1, 1)) from problem
    if not path.endswith(NOTEBOOK):
        return _checked(Source(path, text, encoding, bom))
    source = _read_notebook(path, text, bom)
    if len(source.text) > limit:
        raise Unreadable("HP003", f"holds more code than `max-file-size` ({limit} bytes) and was not checked")
    return source


def _longest(path: str, limit: int) -> int:
    """Bytes that a file may have whose code may have ``limit``."""
    return limit * _OUTPUTS if path.endswith(NOTEBOOK) else limit


def _read_notebook(path: str, text: str, bom: bool) -> Source:
    from hplint.notebooks.documents import NoNotebook
    from hplint.notebooks.program import read_notebook

    try:
        return _notebook_source(path, read_notebook(text), bom)
    except NoNotebook as problem:
        where = None if problem.offset is None else Source(path, text).position(problem.offset)
        raise Unreadable("HP002", f"is no notebook that can be read: {problem.message}", where) from problem


def _notebook_source(path: str, notebook: Notebook, bom: bool) -> Source:
    return Source(path, notebook.code, bom=bom, original=notebook.original, notebook=notebook)


def from_text(text: str, path: str = "<text>") -> Source:
    """A text that is already decoded.

    Raises:
        Unreadable: it holds a null character, or is no notebook although the path says so.
    """
    if path.endswith(NOTEBOOK):
        return _read_notebook(path, text.removeprefix("\ufeff"), text.startswith("\ufeff"))
    return _checked(Source(path, text.removeprefix("\ufeff"), bom=text.startswith("\ufeff")))


def _checked(source: Source) -> Source:
    null = source.text.find("\0")
    if null >= 0:
        raise Unreadable("HP001", "a Python file cannot hold a null character", source.position(null))
    return source


def _declared_encoding(data: bytes) -> str | None:
    """The encoding named by a coding comment, None when there is none."""
    if b"coding" not in data[:1000]:
        return None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as problem:
        if "invalid or missing" in str(problem):
            return None  # Bytes that are no UTF-8 in the first two lines: decoding says where.
        raise Unreadable("HP002", f"names an encoding that cannot be used: {problem.msg}", Position(1, 1)) from problem
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _shown_encoding(encoding: str) -> str:
    return "UTF-8" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


def display_path(path: str | os.PathLike[str]) -> str:
    """A path as findings show it: relative to the working directory with ``/``, absolute outside it."""
    absolute = os.path.abspath(path)
    here = os.getcwd()
    inside = absolute.startswith(here if here.endswith(os.sep) else here + os.sep)
    return Path(os.path.relpath(absolute, here) if inside else absolute).as_posix()


def is_relevant(text: str) -> bool:
    """Whether a text names a known library or a spelling of a hyperparameter: only such files are parsed."""
    # All words against a set: a regular expression of some hundred alternatives takes fifteen times as long.
    return not _relevant_words().isdisjoint(_WORDS(text))


@cache
def _relevant_words() -> frozenset[str]:
    from hplint import hyperparameters

    return frozenset(LIBRARIES) | hyperparameters.spellings()
