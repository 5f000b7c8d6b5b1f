"""What two independent readers say of findings, kept in verdicts.toml, and what follows for the precision of rules."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ecosystem.linting import LEVELS, Finding, Sources
from ecosystem.packages import ROOT, Problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VERDICTS = ROOT / "ecosystem" / "verdicts.toml"
READERS = ("A", "B")
ANSWERS = ("true", "false", "debatable")
"""``true``: someone who reads the finding is glad of it. What a reader doubts is ``debatable``."""
_NEEDED = {"rule", "level", "package", "version", "path", "line", "text"}
_HEAD = "# What readers say of findings. Written by `python -m ecosystem verdicts --add FILE`; README.md tells how.\n"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one reader says: true, false or debatable, and why in a sentence."""

    answer: str
    because: str
    date: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one finding. ``text`` is the hash of its line, which finds it again when lines move."""

    rule: str
    level: str
    package: str
    version: str
    path: str
    line: int
    text: str
    a: Opinion | None = None
    b: Opinion | None = None

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        return self.rule, self.package, self.path, self.text, self.line

    @property
    def place(self) -> str:
        return f"{self.rule}: {self.package}: {self.path}:{self.line}"

    @property
    def opinions(self) -> tuple[Opinion, ...]:
        return tuple(each for each in (self.a, self.b) if each is not None)

    @property
    def is_read(self) -> bool:
        """Whether both readers have judged."""
        return self.a is not None and self.b is not None

    @property
    def is_true(self) -> bool:
        """Whether both readers say so: disagreement and doubt count as not true."""
        return self.is_read and all(opinion.answer == "true" for opinion in self.opinions)

    def of(self, reader: str) -> Opinion | None:
        return self.a if reader == "A" else self.b


def text_hash(line: str) -> str:
    """The hash of a line, whatever the space around it."""
    return hashlib.sha256(line.strip().encode("utf-8", "replace")).hexdigest()[:16]


# --- the file


def load(path: Path | None = None) -> list[Verdict]:
    """All verdicts of a file, of verdicts.toml without one.

    Raises:
        Problem: an entry is not as it should be.
    """
    path = path or VERDICTS
    with path.open("rb") as file:
        entries: list[dict[str, Any]] = tomllib.load(file).get("verdict", [])
    return [_verdict(entry, path.name) for entry in entries]


def dump(verdicts: Iterable[Verdict]) -> str:
    """The file's text, in an order of its own, so that merging twice changes nothing."""
    return _HEAD + "".join(_entry(verdict) for verdict in sorted(verdicts, key=lambda verdict: verdict.key))


def _entry(verdict: Verdict) -> str:
    lines = ["", "[[verdict]]"]
    for name, value in asdict(verdict).items():
        if isinstance(value, dict):
            inner = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
            lines.append(f"{name} = {{ {inner} }}")
        elif value is not None:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | int) -> str:
    """A text or a number as TOML writes it: JSON's escapes are among those of TOML, save for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _verdict(entry: dict[str, Any], where: str) -> Verdict:
    optional = {"a", "b"}
    types = {name: int if name == "line" else str for name in _NEEDED}
    if not _NEEDED <= entry.keys() <= _NEEDED | optional or not all(
        type(entry[name]) is kind for name, kind in types.items()
    ):
        raise Problem(f"{where}: a verdict needs {', '.join(sorted(_NEEDED))}: {entry}")
    if entry["level"] not in LEVELS:
        raise Problem(f"{where}: {entry['level']!r} is no level")
    opinions = {name: _opinion(entry[name], where) for name in optional & entry.keys()}
    return Verdict(**{**entry, **opinions})


def _opinion(entry: dict[str, Any], where: str) -> Opinion:
    if entry.keys() != {"answer", "because", "date"} or entry["answer"] not in ANSWERS or not entry["because"].strip():
        raise Problem(f"{where}: an answer is one of {', '.join(ANSWERS)}, with a sentence in `because`: {entry}")
    return Opinion(**entry)


# --- a reader's file


def readers_file(reader: str, verdicts: Iterable[Verdict]) -> str:
    """A file for a reader to complete: an answer and a sentence for each finding."""
    found = []
    for verdict in verdicts:
        entry = {name: value for name, value in asdict(verdict).items() if name in _NEEDED}
        found.append({**entry, "answer": "", "because": ""})
    return json.dumps({"reader": reader, "verdicts": found}, indent=2, ensure_ascii=False) + "\n"


def merged(verdicts: list[Verdict], text: str, date: str) -> tuple[list[Verdict], int]:
    """The verdicts with those of a reader's file, and how many that file brings. Entries without an answer are left.

    Raises:
        Problem: the file is not one.
    """
    try:
        given = json.loads(text)
        reader, entries = given["reader"], [dict(entry) for entry in given["verdicts"]]
    except (ValueError, TypeError, KeyError) as problem:
        raise Problem(f"no reader's file: {type(problem).__name__}: {problem}") from problem
    if reader not in READERS:
        raise Problem(f"the reader is A or B, not {reader!r}")
    known = {verdict.key: verdict for verdict in verdicts}
    brought = 0
    for entry in entries:
        answer, because = entry.pop("answer", ""), entry.pop("because", "")
        if not answer:
            continue
        new = _verdict(entry, "the reader's file")
        opinion = _opinion({"answer": answer, "because": because, "date": date}, "the reader's file")
        old = known.get(new.key)
        before = old.of(reader) if old else None
        if before is not None and (before.answer, before.because) == (answer, because):
            continue  # The day on which it was read first stays.
        new = replace(new, a=old.a, b=old.b) if old else new
        known[new.key] = replace(new, a=opinion) if reader == "A" else replace(new, b=opinion)
        brought += 1
    return list(known.values()), brought


# --- verdicts and findings


@dataclass(frozen=True, slots=True)
class Matched:
    """Which verdict is on which finding; verdicts that match none; findings that none is on."""

    pairs: tuple[tuple[Verdict, Finding], ...]
    stale: tuple[Verdict, ...]
    unread: tuple[Finding, ...]


def match(verdicts: Iterable[Verdict], findings: Iterable[Finding], sources: Sources) -> Matched:
    """Match by rule, file and text of the line; of several such findings a verdict is on the nearest."""
    free: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in sorted(findings):
        key = (finding.rule, finding.package, finding.path, text_hash(sources.line(finding)))
        free.setdefault(key, []).append(finding)
    pairs, stale = [], []
    # Those whose line did not move first: a neighbour must not take their finding.
    ordered = sorted(verdicts, key=lambda verdict: verdict.key)
    for verdict in sorted(ordered, key=lambda each: each.line not in [f.line for f in free.get(each.key[:4], ())]):
        candidates = free.get(verdict.key[:4])
        if candidates:
            nearest = min(candidates, key=lambda finding: abs(finding.line - verdict.line))
            candidates.remove(nearest)
            pairs.append((verdict, nearest))
        else:
            stale.append(verdict)
    return Matched(tuple(pairs), tuple(stale), tuple(sorted(f for left in free.values() for f in left)))
