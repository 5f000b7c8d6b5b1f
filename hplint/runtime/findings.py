"""From what checks saw to findings: rule, level and place as the settings of the file and its comments want them."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from functools import lru_cache

from hplint.model import Engine, Finding, Level, Related
from hplint.registry import registry
from hplint.report import Report, text
from hplint.runtime.checking import Problem, Where, place_of
from hplint.runtime.places import shown
from hplint.settings import Settings, SettingsError, SettingsFinder, default_settings
from hplint.source import Source, Unreadable, from_text, read
from hplint.suppress import Suppressions


def worst_first(problems: Iterable[Problem]) -> list[Finding]:
    """The findings for problems, the worst first."""
    return sorted(written(problems), key=lambda finding: (-finding.level.weight, finding.sort_key()))


def _finding(problem: Problem, level: Level, path: str | None = None) -> Finding:
    rule = registry().by_name[problem.rule]
    place = place_of(problem.at)
    return Finding(
        code=rule.code,
        name=rule.name,
        level=level,
        message=problem.message,
        path=path,
        span=place.span if place is not None and path is not None else None,
        engine=Engine.RUNTIME,
        hyperparameter=problem.hyperparameter or rule.hyperparameter,
        related=tuple(_related(problem.related)),
    )


def source_at(path: str) -> Source | None:
    """The text behind a path; what a notebook's cell holds, too."""
    try:
        return read(path)
    except Unreadable:
        lines = linecache.getlines(path)
    try:
        return from_text("".join(lines), path) if lines else None
    except Unreadable:
        return None


def written(problems: Iterable[Problem], finder: SettingsFinder | None = None) -> list[Finding]:
    """The findings for problems, by file and place. ``finder`` gives the settings of each file."""
    found = set(map(_Writer(finder).finding, problems))
    return sorted((finding for finding in found if finding is not None), key=Finding.sort_key)


def rendered(found: Iterable[Finding], subject: str, *, color: bool = False) -> str:
    """Findings with the lines that they point at, as text. ``subject``: what was watched."""
    return text.render(Report(tuple(found), 1, subject=subject), source_at, color=color)


def fails(found: Iterable[Finding], finder: SettingsFinder) -> bool:
    """Whether a finding reaches the fail level of its file."""
    return any(each.level.weight >= _settings_of(each.path, finder).fail_level.weight for each in found)


def _settings_of(path: str | None, finder: SettingsFinder) -> Settings:
    folder = os.path.dirname(os.path.abspath(path)) if path is not None else os.getcwd()
    try:
        return finder.for_folder(folder)
    except SettingsError:  # The run has ended: what was seen is worth more than another complaint.
        return default_settings()


class _Writer:
    def __init__(self, finder: SettingsFinder | None) -> None:
        self._finder = finder or SettingsFinder()
        self._suppressions = lru_cache(maxsize=None)(self._read_suppressions)

    def finding(self, problem: Problem) -> Finding | None:
        """The finding for a problem, None where the settings or a comment want none."""
        rule = registry().by_name[problem.rule]
        place = place_of(problem.at)
        path = shown(place) if place is not None else None
        settings = _settings_of(path, self._finder)
        if rule.code not in (settings.codes_for(path) if path is not None else settings.selection.codes):
            return None
        level = settings.level(rule.code, rule.level, problem.level)
        if level is Level.PEDANTIC and rule.code not in settings.selection.pedantic:
            return None
        finding = _finding(problem, level, path)
        suppressions = self._suppressions(path) if path is not None else None
        return None if suppressions is not None and suppressions.cover(finding) else finding

    def _read_suppressions(self, path: str) -> Suppressions | None:
        source = source_at(path)
        return Suppressions(source, _settings_of(path, self._finder).registry) if source is not None else None


def _related(places: Iterable[tuple[Where, str]]) -> Iterable[Related]:
    for where, message in places:
        place = place_of(where)
        if place is not None:
            yield Related(shown(place), place.span, message)
