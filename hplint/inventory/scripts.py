"""Paths to inventories: finds the files, reads them over the processor's cores, and says what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeVar

from hplint.batch import FEW, cores
from hplint.discover import Target, discover
from hplint.engine import described
from hplint.facts.file import File
from hplint.facts.syntax import Code
from hplint.inventory.collect import explanations, inventory
from hplint.inventory.records import Explanation, Script, Unread
from hplint.model import Position, Span
from hplint.parse import SyntaxProblem, TooComplex, undisturbed
from hplint.project import Project
from hplint.readable import readable
from hplint.settings import SettingsFinder
from hplint.source import DEFAULT_MAX_FILE_SIZE, Source, Unreadable, is_relevant, read
from hplint.workers import spread

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The scripts that set hyperparameters, by path.

    ``unread`` are files that could not be read, ``problems`` wrong usage and wrong configuration, one line each;
    ``files`` counts what was looked at.
    """

    scripts: tuple[Script, ...]
    unread: tuple[Unread, ...]
    problems: tuple[str, ...]
    files: int


def of_paths(paths: Iterable[str], *, all_options: bool = False, jobs: int | None = None) -> Inventory:
    """The inventory of files and folders; ``all_options``: with options that the table does not know."""
    found = discover(paths, SettingsFinder())
    results = _read_all(found.targets, all_options, jobs)
    scripts = tuple(script for script, _ in results if script is not None and script.entries)
    unread = tuple(problem for _, problem in results if problem is not None)
    return Inventory(scripts, unread, tuple(found.problems), len(found.targets))


_Result = tuple[Script | None, Unread | None]
"""An inventory, None for a file of another trade; and why there is none."""


def _read_all(targets: list[Target], all_options: bool, jobs: int | None) -> list[_Result]:
    _reader.cache_clear()  # Files may have been written since.
    workers = min(jobs or cores(), len(targets))
    work = partial(_read, all_options, _among(targets))
    if workers < 2 or len(targets) < FEW:
        with undisturbed():
            return [work(target)[1] for target in targets]
    results = dict(spread(work, targets, workers, _killed))
    return [results[target.path] for target in targets]


def _among(targets: list[Target]) -> tuple[str, ...]:
    """Where the callers of functions are looked for."""
    return tuple(target.path for target in targets)


@lru_cache(maxsize=1)
def _reader(among: tuple[str, ...]) -> Project:
    """One for the files of a run, in each process."""
    return Project(among=among)


def _read(all_options: bool, among: tuple[str, ...], target: Target) -> tuple[str, _Result]:
    found = _guarded(target.path, target.settings.max_file_size, partial(_script, all_options, _reader(among)))
    return target.path, (None, found) if isinstance(found, Unread) else (found, None)


def _guarded(path: str, limit: int, use: Callable[[Source], Found]) -> Found | Unread:
    """What is made of a file, or why it cannot be read."""
    try:
        return use(read(path, limit))
    except Unreadable as problem:
        return Unread(path, problem.position.line if problem.position else None, problem.message)
    except SyntaxProblem as problem:
        return Unread(path, read(path, limit).position(problem.offset).line, problem.message)
    except TooComplex as problem:
        return Unread(path, None, problem.message)
    except (RecursionError, MemoryError) as problem:
        return Unread(path, None, f"is too complex: {type(problem).__name__}")
    except Exception as problem:  # A bug of ours must not cost the inventories of the other files.
        return Unread(path, None, f"reading this file failed: {described(problem)}")


def explained(path: str, line: int, cell: int | None = None) -> tuple[Explanation, ...] | Unread:
    """How the hyperparameters on a line of a file, or of a notebook's cell, got their values.

    Callers are those below the working directory.
    """
    found = _guarded(path, DEFAULT_MAX_FILE_SIZE, lambda source: _explained(source, line, cell))
    return found if isinstance(found, Unread) else found or ()


def _explained(source: Source, line: int, cell: int | None) -> tuple[Explanation, ...]:
    place = Position(line, 1)
    try:
        source.offsets(Span(place, place, cell))
    except ValueError:
        raise Unreadable("HP002", f"has no line {line}{f' in cell {cell}' if cell else ''}") from None
    reader = Project(among=_among(discover((".",), SettingsFinder()).targets))
    source, code = _code(source, reader)
    return explanations(File(source.path, source.text, code, reader), source, reader.source, line, cell)


def _code(source: Source, reader: Project) -> tuple[Source, Code]:
    """The records of a source, and the source without the cells that cannot be read.

    Raises:
        SyntaxProblem, TooComplex: nothing of it can be read.
    """
    found = readable(source, reader.code)
    if found.code is None:
        raise found.problems[0]
    return found.source, found.code


def _script(all_options: bool, reader: Project, source: Source) -> Script | None:
    if not is_relevant(source.text):
        return None
    reader.begin()
    source, code = _code(source, reader)
    file = File(source.path, source.text, code, reader)
    script = inventory(file, source, reader.source, all_options=all_options)
    file.let_go()
    return script


def _killed(target: Target) -> tuple[str, _Result]:
    return target.path, (None, Unread(target.path, None, "ended the process that was reading it"))
