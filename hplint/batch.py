"""Checks many files: over the processor's cores where it pays, surviving a file that ends its worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import TypeAlias

from hplint import engine
from hplint.discover import Target, discover
from hplint.engine import Outcome, State
from hplint.fix import MAX_ROUNDS, Change, Fixed, WriteError, fix_source, write
from hplint.model import Finding, Level
from hplint.parse import undisturbed
from hplint.records import value_record
from hplint.settings import Settings, SettingsFinder
from hplint.source import Source, Unreadable, read

FEW = 8
"""Fewer files than that are checked in this process: starting others would take longer."""


class Fixing(Enum):
    """Which fixes to apply."""

    NONE = "none"
    SAFE = "safe"
    UNSAFE = "unsafe"


@value_record
class FileResult:
    """What became of one file.

    ``fixed`` counts applied fixes, ``change`` is what they make of the file, ``message`` says why they were not
    applied.
    """

    path: str
    findings: tuple[Finding, ...]
    state: State
    fail_level: Level
    fixed: int = 0
    change: Change | None = None
    encoding: str = "utf-8"
    message: str | None = None


Watched: TypeAlias = Callable[[Iterable[FileResult], int], Iterable[FileResult]]
"""Sees the results of so many files as they come, and hands them on."""


@value_record
class Run:
    """What became of all files. ``problems`` are wrong usage and wrong configuration, one line each."""

    results: tuple[FileResult, ...]
    problems: tuple[str, ...]
    fixed: int = 0
    messages: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(sorted((f for result in self.results for f in result.findings), key=Finding.sort_key))


def lint_paths(
    paths: Iterable[str],
    finder: SettingsFinder | None = None,
    *,
    jobs: int | None = None,
    fixing: Fixing = Fixing.NONE,
    write_fixes: bool = False,
    force_exclude: bool = False,
    watched: Watched = lambda results, total: results,
) -> Run:
    """Check files and folders. With ``write_fixes`` files are written, and checked again until nothing changes.

    ``watched`` is handed the results as they come, with how many there will be, and hands them on.
    """
    found = discover(paths, finder or SettingsFinder(), force_exclude=force_exclude)
    results = _check_all(found.targets, fixing, jobs, watched)
    if not write_fixes:
        return Run(tuple(results), tuple(found.problems), messages=_messages(results))
    fixed = 0
    messages: dict[str, None] = {}
    for _ in range(MAX_ROUNDS):
        written = 0
        for result in results:
            if result.change is not None:
                try:
                    write(result.path, result.change)
                    written += result.fixed
                except WriteError as problem:
                    messages[str(problem)] = None
        if not written:
            break
        fixed += written
        # A file's findings depend on the modules that it imports, and these may have changed.
        engine.forget_project()
        results = _check_all(found.targets, fixing, jobs, watched)
    if any(result.change for result in results):
        results = _check_all(
            found.targets, Fixing.NONE, jobs, watched
        )  # As the files are, not as they should have been.
    return Run(tuple(results), tuple(found.problems), fixed, (*_messages(results), *messages))


def check_source(source: Source, settings: Settings, fixing: Fixing = Fixing.NONE) -> FileResult:
    """Check one text, and work out its fixes."""
    if fixing is Fixing.NONE:
        fixed = Fixed(source, engine.lint_source(source, settings))
    else:
        unsafe = fixing is Fixing.UNSAFE
        fixed = fix_source(source, lambda text: engine.lint_source(text, settings), unsafe=unsafe)
    result = file_result(source.path, fixed.outcome, settings)
    if fixed.change is None and fixed.message is None:
        return result
    return replace(result, fixed=fixed.count, change=fixed.change, encoding=source.encoding, message=fixed.message)


def file_result(path: str, outcome: Outcome, settings: Settings) -> FileResult:
    """An outcome, with the fail level that it is judged by."""
    return FileResult(path, outcome.findings, outcome.state, settings.fail_level)


def _messages(results: list[FileResult]) -> tuple[str, ...]:
    return tuple(result.message for result in results if result.message is not None)


def _check(fixing: Fixing, shelf: str | None, target: Target) -> FileResult:
    settings = target.settings
    engine.share(shelf)
    try:
        return check_source(read(target.path, settings.max_file_size), settings, fixing)
    except Unreadable as problem:
        return file_result(target.path, engine.unreadable_outcome(target.path, problem, settings), settings)
    except Exception as problem:  # A bug of ours must not cost the results of the other files.
        return _failed(target, "HP000", f"checking this file failed: {engine.described(problem)}")


def _failed(target: Target, code: str, message: str) -> FileResult:
    outcome = engine.failed_outcome(target.path, code, message, target.settings)
    return file_result(target.path, outcome, target.settings)


def _killed(target: Target) -> FileResult:
    return _failed(target, "HP003", "ended the process that was checking it, so it was not checked")


def _check_all(targets: list[Target], fixing: Fixing, jobs: int | None, watched: Watched) -> list[FileResult]:
    workers = min(jobs or cores(), len(targets))
    if workers < 2 or len(targets) < FEW:
        with undisturbed():
            return list(watched((_check(fixing, None, target) for target in targets), len(targets)))
    from tempfile import TemporaryDirectory

    from hplint.workers import spread

    with TemporaryDirectory(prefix="hplint-", ignore_cleanup_errors=True) as shelf:
        check = partial(_check, fixing, shelf)
        spreading = spread(check, targets, workers, _killed)
        results = {result.path: result for result in watched(spreading, len(targets))}
    return [results[target.path] for target in targets]


def cores() -> int:
    """The processor's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
