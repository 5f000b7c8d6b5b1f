"""The table of hyperparameters: `hyperparameters.toml`, typed. Read when it is first asked for, then kept.

What checking a file needs of it, which name belongs to which row, stands in `hyperparameters.json` too: that is read
twenty times as fast. `docs/generate.py` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict

from hplint.records import record

INDEX = Path(__file__).with_suffix(".json")


@record
class Source:
    """What a figure rests on. ``key`` is how the prose cites it: ``[Goyal 2017]``."""

    key: str
    title: str
    url: str | None = None


@record
class LibraryDefault:
    """The default of one argument: ``value`` as Python writes it, or the word ``required``."""

    library: str
    argument: str
    value: str


@record
class Hyperparameter:
    """One row. The fields are described at the top of ``hyperparameters.toml``; prose cites sources in brackets."""

    name: str
    title: str
    category: str
    specific: tuple[str, ...]
    generic: tuple[str, ...]
    what: str
    why: str
    choose: tuple[str, ...]
    default: Literal["yes", "no", "depends"]
    default_why: str
    accepts: str
    carries: tuple[str, ...]
    seen: str
    code: str
    refused: str = ""
    unchecked: str = ""
    canonical: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    defaults: tuple[LibraryDefault, ...] = ()
    sources: tuple[Source, ...] = ()
    """The sources that the prose cites, in the order of their first mention, and those of the defaults."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names that it goes by in code and configuration."""
        return self.specific + self.generic

    @property
    def prose(self) -> Iterator[str]:
        """All sentences, in the order in which they are read."""
        yield from (self.what, self.why, *self.choose, self.default_why, *self.usual)
        yield from (self.accepts, self.refused, self.unchecked, self.seen)


def rows() -> tuple[Hyperparameter, ...]:
    """All rows, in the order of the file."""
    return _table().rows


def get(name: str) -> Hyperparameter | None:
    """The row with this name or spelling; case, ``-`` and ``_`` make no difference. None for an ambiguous spelling."""
    return _table().by_spelling.get(_key(name))


def suggest(name: str) -> str | None:
    """The name of the row that somebody who asked for ``name`` may have meant."""
    from difflib import get_close_matches

    nearest = {_key(spelling): row.name for row in reversed(rows()) for spelling in row.spellings}
    nearest |= {_key(row.name): row.name for row in rows()}
    close = get_close_matches(_key(name), nearest, n=1, cutoff=0.7)
    return nearest[close[0]] if close else None


def row_of(name: str) -> str | None:
    """The name of the row that :func:`get` finds."""
    return _index()["rows"].get(_key(name))


def spellings() -> frozenset[str]:
    """Words that hardly occur outside training code, as arguments and as constants: ``batch_size``, ``BATCH_SIZE``."""
    return frozenset(word for spelling in _index()["specific"] for word in (spelling, spelling.upper()))


def vocabulary() -> frozenset[str]:
    """Names whose near misses can only be typos: long, in snake_case, and few."""
    return frozenset(_index()["canonical"])


def for_argument(qualified_call: str, parameter: str) -> str | None:
    """The name of the row that an argument holds: ``("torch.optim.Adam", "lr")`` gives ``learning-rate``."""
    carried = _index()["arguments"]
    module = qualified_call.rpartition(".")[0]
    return carried.get(f"{qualified_call}.{parameter}") or carried.get(f"{module}.*.{parameter}")


def index() -> str:
    """What `hyperparameters.json` has to hold, one entry a line."""
    import json

    contents = {
        "arguments": {argument: row.name for row in rows() for argument in row.carries},
        "canonical": sorted({word for row in rows() for word in row.canonical}),
        "rows": {key: row.name for key, row in _table().by_spelling.items()},
        "specific": sorted({spelling for row in rows() for spelling in row.specific}),
    }
    return json.dumps(contents, indent=1, sort_keys=True) + "\n"


class _Index(TypedDict):
    """The file that :func:`index` describes."""

    arguments: dict[str, str]
    canonical: list[str]
    rows: dict[str, str]
    specific: list[str]


@cache
def _index() -> _Index:
    import json

    read: _Index = json.loads(INDEX.read_text(encoding="utf-8"))
    return read


@record
class _Table:
    rows: tuple[Hyperparameter, ...]
    by_spelling: Mapping[str, Hyperparameter]


@cache
def _table() -> _Table:
    return _read(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _read(text: str) -> _Table:
    """The table in ``text``; ValueError for a key that no row has, a missing one, or a source that is not listed."""
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    data: dict[str, Any] = tomllib.loads(text)
    ambiguous = {_key(spelling) for spelling in data.pop("ambiguous")}
    sources = {key: Source(key, **source) for key, source in data.pop("sources").items()}
    read = tuple(_row(name, row, sources) for name, row in data.items())
    by_spelling = {_key(spelling): row for row in read for spelling in row.spellings if _key(spelling) not in ambiguous}
    by_spelling |= {_key(row.name): row for row in read}
    return _Table(read, by_spelling)


def _row(name: str, data: dict[str, Any], sources: Mapping[str, Source]) -> Hyperparameter:
    known = {field.name: field.default for field in fields(Hyperparameter) if field.name not in ("name", "sources")}
    if wrong := sorted(data.keys() - known.keys()):
        raise ValueError(f"hyperparameter {name}: unknown key {', '.join(wrong)}")
    if missing := [key for key, default in known.items() if default is MISSING and key not in data]:
        raise ValueError(f"hyperparameter {name}: missing key {', '.join(missing)}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    values["defaults"] = tuple(
        LibraryDefault(library, argument, value)
        for library, arguments in data.get("defaults", {}).items()
        for argument, value in arguments.items()
    )
    row = Hyperparameter(name=name, **values)
    cited = [key for sentence in row.prose for key in _citations(sentence)]
    versions = {key.partition(" ")[0]: key for key in sources}
    cited += [versions.get(default.library, default.library) for default in row.defaults]
    if unlisted := [key for key in cited if key not in sources]:
        raise ValueError(f"hyperparameter {name}: source {unlisted[0]} is not listed")
    return replace(row, sources=tuple(sources[key] for key in dict.fromkeys(cited)))


def _citations(sentence: str) -> Iterator[str]:
    """What stands in square brackets outside backquotes."""
    for outside in sentence.split("`")[::2]:
        for opened in outside.split("[")[1:]:
            yield opened.partition("]")[0]


def _key(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")
