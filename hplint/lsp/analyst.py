"""Checks texts and remembers what was found. All of it runs in one thread, as the engine is made for one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from hplint import engine
from hplint.engine import Outcome, State
from hplint.facts.file import File
from hplint.fix import Fixed, fix_source
from hplint.inventory.collect import inventory
from hplint.inventory.records import Entry
from hplint.lsp.configuration import Configuration
from hplint.lsp.moving import moved, moved_in_cells
from hplint.lsp.notebooks import Notebook
from hplint.lsp.texts import Text, Texts
from hplint.model import Finding
from hplint.parse import SyntaxProblem, TooComplex, undisturbed
from hplint.project import Project
from hplint.settings import Settings
from hplint.source import Source, Unreadable, from_text, is_relevant

SYNTAX = "HP001"


@dataclass
class Checked:
    """What is known of one version of a text. ``findings`` are those to show, which may be those of an earlier one."""

    text: Text
    source: Source
    settings: Settings
    findings: tuple[Finding, ...]
    state: State
    broken_cells: int = 0
    entries: tuple[Entry, ...] | None = field(default=None, repr=False)

    @property
    def is_broken(self) -> bool:
        """Whether all of it, or a cell of it, can't be parsed."""
        return self.state is State.FAILED or self.broken_cells > 0


class Analyst:
    """Reads the open texts as a project, with what the editor shows of modules instead of their files."""

    def __init__(self, texts: Texts, complain: Callable[[str], None]) -> None:
        self.texts = texts
        self.configuration = Configuration(complain)
        self._project = Project(reader=self._read)
        self._stamps: dict[str, int] = {}
        self._checked: dict[str, Checked] = {}
        self._good: dict[str, Checked] = {}

    def warm_up(self) -> None:
        """Load the rules before somebody waits for them."""
        source = from_text("import torch\n\ntorch.optim.Adam([], lr=1e-3)\n", "warm_up.py")
        engine.lint_source(source, self.configuration.settings(os.path.abspath(source.path)), self._project)

    # --- what has changed

    def edited(self, path: str) -> bool:
        """A text is another one than before; the answer is whether other texts may depend on it."""
        if not self._project.has_read(path):
            return False
        self.files_changed()
        return True

    def files_changed(self) -> None:
        """Files may have come, gone or changed."""
        self._project.forget()
        self._stamps.clear()
        self._checked.clear()

    def settings_changed(self) -> None:
        """So may have settings."""
        self.configuration.forget()
        self._checked.clear()

    def closed(self, text: Text) -> None:
        """Nobody looks at a text any more."""
        self._checked.pop(text.uri, None)
        self._good.pop(text.uri, None)
        self.edited(text.path)

    # --- what is known

    def check(self, text: Text) -> Checked | None:
        """The findings of a text. None where hplint has no business, or where a newer version has come meanwhile."""
        if not text.is_python:
            return None
        settings = self.configuration.settings(text.path)
        self._look_for_changes()
        known = self._checked.get(text.uri)
        if known is not None and known.text is text and known.settings is settings:
            return known
        if settings.excludes_within(text.path):
            return None
        try:
            found = self._check(text, settings)
        except engine.Stopped:
            return None
        if not found.is_broken:
            self._good[text.uri] = found
        self._checked[text.uri] = found
        return found

    def shown(self, checked: Checked) -> tuple[Finding, ...]:
        """The findings to show. While somebody types what can't be parsed, those from before stay.

        A syntax error is told of in what was opened or saved.
        """
        good = self._good.get(checked.text.uri)
        if not checked.is_broken or good is None:
            return checked.findings
        own = checked.findings
        if not self.texts.is_saved(checked.text):
            own = tuple(finding for finding in own if finding.code != SYNTAX)
        there = {(finding.code, finding.span) for finding in own}
        kept = _kept(good, checked)
        return (*own, *(finding for finding in kept if (finding.code, finding.span) not in there))

    def entries(self, checked: Checked) -> tuple[Entry, ...]:
        """The hyperparameters of a text, for hovers and hints; none where it can't be parsed."""
        if checked.entries is None:
            checked.entries = () if checked.state is State.FAILED else self._inventory(checked.source)
        return checked.entries

    def fixed(self, checked: Checked) -> Fixed:
        """A text after all its safe fixes."""
        return fix_source(checked.source, partial(self._lint, checked.settings), unsafe=False)

    def source(self, path: str, limit: int) -> Source | None:
        """The text behind a path that a finding or a value leads to."""
        try:
            return self._project.source(path)
        except KeyError:
            pass
        try:
            return self.texts.read(os.path.abspath(path), limit)
        except Unreadable:
            return None

    # --- how

    def _check(self, text: Text, settings: Settings) -> Checked:
        try:
            source = text.source(settings.max_file_size)
        except Unreadable as problem:
            outcome = engine.unreadable_outcome(text.path, problem, settings)
            return Checked(text, Source(text.path, text.text), settings, outcome.findings, outcome.state)
        wanted = partial(self.texts.is_newest, text)
        outcome = engine.lint_source(source, settings, self._project, wanted)
        return Checked(text, source, settings, outcome.findings, outcome.state, outcome.broken_cells)

    def _lint(self, settings: Settings, source: Source) -> Outcome:
        return engine.lint_source(source, settings, self._project)

    def _inventory(self, source: Source) -> tuple[Entry, ...]:
        if not is_relevant(source.text):
            return ()
        with undisturbed():
            self._project.begin()
            try:
                file = File(source.path, source.text, self._project.code(source), self._project)
                entries = inventory(file, source, self._project.source).entries
            except (SyntaxProblem, TooComplex, RecursionError, MemoryError):
                return ()
            file.let_go()
        return entries

    def _read(self, path: str, limit: int) -> Source:
        source = self.texts.read(path, limit)
        self._stamps[path] = _stamp(path)
        return source

    def _look_for_changes(self) -> None:
        """Not every client tells of files that change outside of it."""
        if any(_stamp(path) != stamp for path, stamp in self._stamps.items()):
            self.files_changed()


def _kept(good: Checked, now: Checked) -> Iterator[Finding]:
    """The findings of an earlier version that what was typed since has not touched."""
    old, new = good.text, now.text
    if isinstance(old, Notebook) and isinstance(new, Notebook):
        return moved_in_cells(good.findings, good.source.path, old.texts, new.texts)
    return moved(good.findings, good.source, now.source)


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
