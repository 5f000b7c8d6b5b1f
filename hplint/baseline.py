"""Baselines: files that list the findings a project has already, so that only new ones are reported."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hplint.fingerprints import SourceOf, fingerprints, path_from
from hplint.model import Engine, Finding
from hplint.source import display_path

DEFAULT_NAME = "hplint-baseline.json"
SUFFIX = ".json"
VERSION = 1
_NEVER = "HP000"
"""What is wrong with hplint itself is always reported."""


class BaselineError(Exception):
    """A baseline that cannot be read or written; the message names the file."""


@dataclass(frozen=True, order=True)
class Entry:
    """A finding of a baseline. ``path`` is relative to the baseline's folder."""

    path: str
    code: str
    name: str
    fingerprint: str
    engine: str = Engine.STATIC.value


@dataclass(frozen=True)
class Baseline:
    """The findings that are listed in the file ``path``, which is absolute."""

    path: str
    entries: frozenset[Entry] = frozenset()

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)

    def entries_for(self, findings: Sequence[Finding], source_of: SourceOf) -> list[Entry | None]:
        """What this baseline would list each finding as; None for one that no baseline takes."""
        prints = fingerprints(findings, source_of, self.folder)
        return [
            Entry(path_from(self.folder, each.path or ""), each.code, each.name, fingerprint, each.engine.value)
            if each.code != _NEVER
            else None
            for each, fingerprint in zip(findings, prints, strict=True)
        ]

    def split(self, findings: Sequence[Finding], source_of: SourceOf) -> tuple[list[Finding], set[str]]:
        """The findings that are not listed, and the fingerprints of those that are, whichever side has seen them."""
        listed = {entry.fingerprint for entry in self.entries}
        new, met = [], set()
        for finding, entry in zip(findings, self.entries_for(findings, source_of), strict=True):
            if entry is not None and entry.fingerprint in listed:
                met.add(entry.fingerprint)
            else:
                new.append(finding)
        return new, met

    def shown_path(self, entry: Entry) -> str:
        """The path of an entry as findings show it."""
        return display_path(os.path.join(self.folder, entry.path))

    def write(self) -> None:
        """Write the file, an entry a line.

        Raises:
            BaselineError: it cannot be written.
        """
        lines = ",\n".join(f"    {json.dumps(vars(entry))}" for entry in sorted(self.entries))
        text = f'{{\n  "hplint_baseline": {VERSION},\n  "findings": [\n{lines}\n  ]\n}}\n'
        try:
            with open(self.path, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as problem:
            raise BaselineError(f"{display_path(self.path)} cannot be written: {problem.strerror}") from problem


def load(path: str) -> Baseline:
    """Read a baseline by its absolute path.

    Raises:
        BaselineError: it cannot be read or is none.
    """
    shown = display_path(path)
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        hint = ": --write-baseline writes it" if isinstance(problem, FileNotFoundError) else ""
        raise BaselineError(f"the baseline {shown} cannot be read: {reason[:1].lower()}{reason[1:]}{hint}") from problem
    except (ValueError, RecursionError) as problem:
        raise BaselineError(f"{shown} is no baseline of hplint: it is not JSON") from problem
    version = document.get("hplint_baseline") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise BaselineError(f"{shown} is no baseline of hplint")
    if version > VERSION:
        raise BaselineError(f"the baseline {shown} was written by a newer hplint: write it anew with --write-baseline")
    try:
        return Baseline(path, frozenset(map(_entry, document["findings"])))
    except (KeyError, TypeError) as problem:
        raise BaselineError(f"the baseline {shown} is damaged: write it anew with --write-baseline") from problem


def _entry(item: dict[str, Any]) -> Entry:
    path, code, name, fingerprint = (item[key] for key in ("path", "code", "name", "fingerprint"))
    entry = Entry(path, code, name, fingerprint, item.get("engine", Engine.STATIC.value))
    if not all(isinstance(value, str) for value in vars(entry).values()):
        raise TypeError("an entry holds what is no text")
    return entry
