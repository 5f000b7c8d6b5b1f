"""Checks one file: text to facts, facts to rules, what rules say to findings with places and levels."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from hplint import signatures
from hplint.builtin import internal_error, syntax_error, too_complex, unused_suppression
from hplint.model import Edit, Finding, Fix, Level, Position, Related, Span
from hplint.parse import SyntaxProblem, undisturbed
from hplint.records import value_record
from hplint.registry import registry
from hplint.rule import Calls, Classes, Draft, File, Files, Located, Place, Rule, Steps
from hplint.settings import Settings, default_settings, everything
from hplint.source import Source, Unreadable, display_path, from_text, is_relevant, read
from hplint.suppress import Suppressions

if TYPE_CHECKING:
    from hplint.project import Project


class State(Enum):
    """How far hplint got with a file."""

    PARSED = "parsed"
    PASSED_OVER = "passed over"
    """It names no known library and no hyperparameter."""
    FAILED = "failed"
    """It could not be read or parsed."""


@value_record
class Outcome:
    """What was found in a text."""

    findings: tuple[Finding, ...]
    state: State
    broken_cells: int = 0
    """Cells of a notebook that were left out because they could not be parsed."""


def lint_text(text: str, path: str = "<text>", settings: Settings | None = None) -> list[Finding]:
    """The findings of a text, in order: without settings those of every rule, pedantic ones too."""
    settings = settings or everything()
    try:
        source = from_text(text, path)
    except Unreadable as problem:
        return list(unreadable_outcome(path, problem, settings).findings)
    return list(lint_source(source, settings).findings)


def lint_file(path: str, settings: Settings | None = None) -> Outcome:
    """The findings of a file. What goes wrong becomes a finding, never an exception."""
    settings = settings or default_settings()
    try:
        source = read(path, settings.max_file_size)
    except Unreadable as problem:
        return unreadable_outcome(display_path(path), problem, settings)
    return lint_source(source, settings)


class Stopped(BaseException):
    """Nobody waits for the findings any more. No `Exception`: it is no failure of the rule that was about to run."""


def lint_source(
    source: Source,
    settings: Settings,
    linker: Project | None = None,
    is_wanted: Callable[[], bool] | None = None,
) -> Outcome:
    """The same for a text with its encoding.

    ``linker`` reads imported modules, by default one for the whole process. ``is_wanted`` is asked time and again
    whether to go on.

    Raises:
        Stopped: it was told that the findings are not wanted.
    """
    with undisturbed():
        return _outcome(source, settings, linker or project(), is_wanted)


def _outcome(source: Source, settings: Settings, linker: Project, is_wanted: Callable[[], bool] | None) -> Outcome:
    codes = settings.codes_for(source.path)
    check = _Check(source, settings, codes, linker, is_wanted)
    state = check.run()
    found = check.found
    if state is not State.FAILED:  # Comments are not to be relied on in what is no Python.
        suppressions = Suppressions(check.source, settings.registry)
        found = [(finding, shown) for finding, shown in found if not suppressions.cover(finding)]
        own = settings.level(unused_suppression.code, unused_suppression.level, None)
        found += [(replace(finding, level=own), True) for finding in suppressions.unused(codes)]
    findings = {
        (finding.code, finding.span, finding.message): finding
        for finding, shown in reversed(found)
        if shown and finding.code in codes
    }
    return Outcome(tuple(sorted(findings.values(), key=Finding.sort_key)), state, check.broken_cells)


def unreadable_outcome(path: str, problem: Unreadable, settings: Settings) -> Outcome:
    """A file that did not become text."""
    span = Span(problem.position, problem.position) if problem.position else None
    return failed_outcome(path, problem.code, problem.message, settings, span)


def failed_outcome(path: str, code: str, message: str, settings: Settings, span: Span | None = None) -> Outcome:
    """The one finding of a file that could not be checked."""
    rule = registry().by_name[code]
    if code not in settings.codes_for(path):
        return Outcome((), State.FAILED)
    level = settings.level(rule.code, rule.level, None)
    return Outcome((Finding(rule.code, rule.name, level, message, path, span),), State.FAILED)


class _Check:
    """One run over one file. ``found`` are findings, and whether the settings show their level."""

    def __init__(
        self,
        source: Source,
        settings: Settings,
        codes: frozenset[str],
        linker: Project,
        is_wanted: Callable[[], bool] | None,
    ) -> None:
        self.source = source
        self.settings = settings
        self.codes = codes
        self.found: list[tuple[Finding, bool]] = []
        self.broken_cells = 0
        self._project = linker
        self._is_wanted = is_wanted

    def run(self) -> State:
        if not is_relevant(self.source.text):
            return State.PASSED_OVER
        try:
            return self._analyse()
        except (RecursionError, MemoryError) as problem:
            self._say(too_complex, f"is too complex: {type(problem).__name__}", Span(Position(1, 1), Position(1, 1)))
        except Exception as problem:
            self._say(internal_error, f"reading this file failed: {described(problem)}")
        return State.FAILED

    def _analyse(self) -> State:
        from hplint.readable import readable

        self._project.begin()
        read = readable(self.source, self._project.code)
        self.source, self.broken_cells = read.source, read.broken_cells
        for problem in read.problems:
            rule = syntax_error if isinstance(problem, SyntaxProblem) else too_complex
            self._say(rule, problem.message, self.source.span(problem.offset, problem.offset))
        if read.code is None:
            return State.FAILED
        file = File(self.source.path, self.source.text, read.code, self._project, self.settings.target_versions)
        if self.source.notebook is not None:
            file.cells = tuple((part.start, part.end) for part in self.source.notebook.parts)
        self._ask(file)
        file.let_go()
        return State.PARSED

    def _ask(self, file: File) -> None:
        """Hand every rule what it asked for."""
        plan = _plan(self.settings.plugins, self.codes)
        broken: set[str] = set()

        def ask(rules: Iterable[Rule], subject: Any) -> None:
            if self._is_wanted is not None and not self._is_wanted():
                raise Stopped
            for rule in rules:
                if rule.code in broken:
                    continue
                try:
                    for draft in rule.check(subject):
                        self.found.append(self._finding(rule, draft))
                except Exception as problem:  # One rule must never hide what the others find.
                    broken.add(rule.code)
                    self._say(internal_error, f"the rule `{rule.name}` ({rule.code}) failed: {described(problem)}")

        def facts(kind: str) -> Iterable[Any]:
            try:
                found: Iterable[Any] = getattr(file, kind)
            except Exception as problem:
                self._say(internal_error, f"finding the {kind} of this file failed: {described(problem)}")
                return ()
            return found

        if plan.has_calls:
            for call in facts("calls"):
                rules = plan.for_call(call.name)
                if rules:
                    ask(rules, call)
        if plan.classes:
            for module in facts("modules"):
                ask(plan.classes, module)
        if plan.steps:
            for step in facts("steps"):
                ask(plan.steps, step)
        ask(plan.for_text(file.text, file.code.vocabulary), file)

    def _say(self, rule: Rule, message: str, span: Span | None = None) -> None:
        level = self.settings.level(rule.code, rule.level, None)
        self.found.append((Finding(rule.code, rule.name, level, message, self.source.path, span), True))

    def _finding(self, rule: Rule, draft: Draft) -> tuple[Finding, bool]:
        path = self.source.path
        if isinstance(draft.at, Place) and draft.at.path not in (None, path):
            raise ValueError(f"a finding must point into the checked file, not into {draft.at.path}")
        level = self.settings.level(rule.code, rule.level, draft.level)
        finding = Finding(
            code=rule.code,
            name=rule.name,
            level=level,
            message=draft.message,
            path=path,
            span=self.source.span(draft.at.start, draft.at.end),
            hyperparameter=draft.hyperparameter or rule.hyperparameter,
            related=tuple(self._related(at, message) for at, message in draft.related),
            fix=None if draft.fix is None else self._fix(draft),
        )
        return finding, level is not Level.PEDANTIC or rule.code in self.settings.selection.pedantic

    def _related(self, at: Located, message: str) -> Related:
        source = self.source
        if isinstance(at, Place) and at.path is not None and at.path != source.path:
            source = self._project.source(at.path)
        return Related(source.path, source.span(at.start, at.end), message)

    def _fix(self, draft: Draft) -> Fix:
        assert draft.fix is not None
        edits = (Edit(self.source.path, self.source.span(e.start, e.end), e.text) for e in draft.fix.edits)
        return Fix(draft.fix.title, tuple(edits), draft.fix.safety)


def described(problem: BaseException) -> str:
    """An exception with the place in hplint that it came from."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}{': ' if text else ''}{text}{where}"


@cache
def project() -> Project:
    """One reader of imported project modules for a process, so that each is read once."""
    from hplint.project import Project
    from hplint.shelf import Shelf

    return Project(Shelf(_shelf))


_shelf: str | None = None


def share(folder: str | None) -> None:
    """Share what is parsed from now on with other processes, through a folder that only they use."""
    global _shelf
    if folder != _shelf:
        _shelf = folder
        forget_project()


def forget_project() -> None:
    """Read imported modules anew: files have been written."""
    project.cache_clear()


class _Plan:
    """The rules that are on, by what they ask for."""

    def __init__(self, rules: list[Rule]) -> None:
        self._calls = [(rule, *_split(rule.subject.patterns)) for rule in rules if isinstance(rule.subject, Calls)]
        self._by_call: dict[str, tuple[Rule, ...]] = {}
        self.classes = [rule for rule in rules if isinstance(rule.subject, Classes)]
        self.steps = [rule for rule in rules if isinstance(rule.subject, Steps)]
        self._files = [(rule, frozenset(rule.subject.words)) for rule in rules if isinstance(rule.subject, Files)]
        words = frozenset().union(*(words for _, words in self._files))
        self._words = {word: max(re.findall(r"\w+", word) or [""], key=len) for word in words}
        """With the part that is looked for first: `eval` of `.eval()`."""

    @property
    def has_calls(self) -> bool:
        return bool(self._calls)

    def for_call(self, name: str) -> tuple[Rule, ...]:
        """The rules that ask for the calls of a name."""
        found = self._by_call.get(name)
        if found is None:
            found = self._by_call[name] = tuple(
                rule
                for rule, callables, modules in self._calls
                if name in callables or any(_is_of(name, module) for module in modules)
            )
        return found

    def for_text(self, text: str, vocabulary: str) -> list[Rule]:
        """The rules that ask for files with such a text; each of their words is looked for once."""
        present = {word for word, part in self._words.items() if part in vocabulary and (part == word or word in text)}
        return [rule for rule, words in self._files if not words or not words.isdisjoint(present)]


def _split(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The callables that patterns name, and the modules of those that end in ``.*``."""
    callables = frozenset(signatures.canonical(each) for each in patterns if not each.endswith(".*"))
    return callables, tuple(each[:-2] for each in patterns if each.endswith(".*"))


def _is_of(name: str, module: str) -> bool:
    """Whether a callable is among the public names of a module, wherever it is kept."""
    public = signatures.names(f"{module}.*")
    return name in public if public else name.rpartition(".")[0] == module


@cache
def _plan(plugins: tuple[str, ...], codes: frozenset[str]) -> _Plan:
    return _Plan([rule for rule in registry(plugins).rules if rule.code in codes])
