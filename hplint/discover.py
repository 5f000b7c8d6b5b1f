"""Finds the files to check: folders searched for Python, exclusions and .gitignore respected, each file once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hplint.patterns import Patterns, relative
from hplint.records import value_record
from hplint.settings import Settings, SettingsError, SettingsFinder
from hplint.source import NOTEBOOK, display_path

SUFFIXES = (".py", ".pyi", NOTEBOOK)


@value_record
class Target:
    """A file to check, as shown and opened, and its settings."""

    path: str
    settings: Settings


@dataclass(slots=True)
class Discovery:
    """What was found. ``problems`` are wrong usage and wrong configuration, one line each."""

    targets: list[Target] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@value_record
class _Folder:
    """A folder on the way, with the ignore files that reach into it, the nearest last."""

    path: str
    ignores: tuple[tuple[str, Patterns], ...]


def discover(paths: Iterable[str], finder: SettingsFinder, *, force_exclude: bool = False) -> Discovery:
    """The files that the given paths stand for, sorted. Named files are taken whatever `exclude` and .gitignore say,
    unless ``force_exclude`` is on."""
    return _Search(finder, force_exclude).run(paths)


class _Search:
    def __init__(self, finder: SettingsFinder, force_exclude: bool) -> None:
        self._finder = finder
        self._force_exclude = force_exclude
        self._found: dict[str, Settings] = {}
        self._problems: dict[str, None] = {}  # In order, each once.

    def run(self, paths: Iterable[str]) -> Discovery:
        for path in paths:
            absolute = os.path.abspath(path)
            if not os.path.lexists(absolute):
                self._problems[f"{path}: no such file or folder"] = None
            elif self._force_exclude and self._is_excluded(absolute):
                continue
            elif os.path.isdir(absolute):
                self._search(absolute)
            else:
                self._take(absolute)
        targets = sorted((Target(display_path(path), settings) for path, settings in self._found.items()), key=_path)
        return Discovery(targets, list(self._problems))

    def _settings(self, folder: str) -> Settings | None:
        try:
            return self._finder.for_folder(folder)
        except SettingsError as problem:
            self._problems[str(problem)] = None
            return None

    def _take(self, path: str) -> None:
        settings = self._settings(os.path.dirname(path))
        if settings is not None:
            self._found[path] = settings

    def _is_excluded(self, path: str) -> bool:
        settings = self._settings(os.path.dirname(path))
        return settings is not None and settings.excludes_within(path)

    def _search(self, top: str) -> None:
        """Everything below a folder. Links to folders are not followed, so there are no loops."""
        todo = [_Folder(top, tuple(_ignores_above(top)))]
        while todo:
            folder = todo.pop()
            settings = self._settings(folder.path)
            ignores = (*folder.ignores, *_ignores_of(folder.path))
            try:
                entries = list(os.scandir(folder.path))
            except OSError:
                if settings is not None:
                    self._found[folder.path] = settings  # Reading it as a file gives the finding.
                continue
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if not is_folder and not _is_python(entry):
                    continue
                if settings is not None and settings.excludes(entry.path, is_directory=is_folder):
                    continue
                if _is_ignored(entry.path, is_folder, ignores):
                    continue
                if is_folder:
                    todo.append(_Folder(entry.path, ignores))
                elif settings is not None:
                    self._found[entry.path] = settings


def _path(target: Target) -> str:
    return target.path


def _is_python(entry: os.DirEntry[str]) -> bool:
    """A Python file, a notebook, or a link to one or to nothing (which reading reports); no pipe, no editor's lock."""
    if not entry.name.endswith(SUFFIXES) or entry.name.startswith(".#"):
        return False
    return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))


def _is_ignored(path: str, is_folder: bool, ignores: tuple[tuple[str, Patterns], ...]) -> bool:
    for root, rules in reversed(ignores):
        decision = rules.decide(relative(path, root), is_directory=is_folder)
        if decision is not None:
            return decision
    return False


def _ignores_above(folder: str) -> Iterator[tuple[str, Patterns]]:
    """The ignore files of the folders around one, up to the top of its repository."""
    above = []
    at = folder
    while not os.path.lexists(os.path.join(at, ".git")):
        parent = os.path.dirname(at)
        if parent == at:
            return  # In no repository: what lies above has no say.
        above.append(parent)
        at = parent
    yield from _read_ignores(at, os.path.join(".git", "info", "exclude"))
    for each in reversed(above):
        yield from _read_ignores(each, ".gitignore")


def _ignores_of(folder: str) -> Iterator[tuple[str, Patterns]]:
    return _read_ignores(folder, ".gitignore")


def _read_ignores(folder: str, name: str) -> Iterator[tuple[str, Patterns]]:
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
            yield folder, Patterns(file)
    except OSError:
        return
