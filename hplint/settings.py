"""What is to be checked and how: the nearest pyproject.toml or hplint.toml, and the command line above it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from typing import Any

from hplint.model import Level
from hplint.patterns import patterns, relative
from hplint.records import value_record
from hplint.registry import ALL, Registry, RegistryError, UnknownSelector, did_you_mean, registry
from hplint.selection import Layer, Selection, select
from hplint.source import DEFAULT_MAX_FILE_SIZE, display_path

CONFIG_NAMES = ("hplint.toml", "pyproject.toml")
DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".hplint_cache",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)


class SettingsError(Exception):
    """A configuration that cannot be used; the message names the file and the key."""


@value_record
class Settings:
    """The settings that govern a file. Holds codes, not rules, so that it travels between processes."""

    root: str
    """Absolute folder that patterns are relative to."""
    origin: str | None
    """The configuration file, as shown; None for the defaults."""
    selection: Selection
    levels: Mapping[str, Level] = field(default_factory=dict)
    """From a rule's code to the level that the configuration gives it."""
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    fail_level: Level = Level.WARNING
    target_versions: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[str, ...] = ()
    max_file_size: int = DEFAULT_MAX_FILE_SIZE
    baseline: str | None = None
    """The absolute path of the file with the findings that are known already."""
    given: frozenset[str] = frozenset()
    """The keys that the configuration file sets."""

    @property
    def registry(self) -> Registry:
        return registry(self.plugins)

    def excludes(self, path: str, *, is_directory: bool) -> bool:
        """Whether an absolute path itself matches an `exclude` pattern."""
        return bool(patterns(self.exclude).decide(relative(path, self.root), is_directory=is_directory))

    def excludes_within(self, path: str) -> bool:
        """Whether an absolute path, or a folder around it, matches an `exclude` pattern."""
        return patterns(self.exclude).cover(relative(path, self.root))

    def codes_for(self, path: str) -> frozenset[str]:
        """The codes of the rules that are on for a file."""
        codes = self.selection.codes
        if self.per_file_ignores:
            inside = relative(os.path.abspath(path), self.root)
            for pattern, ignored in self.per_file_ignores:
                if patterns((pattern.removeprefix("!"),)).cover(inside) != pattern.startswith("!"):
                    codes -= ignored
        return codes

    def level(self, code: str, own: Level, said: Level | None) -> Level:
        """The level of a finding: what the configuration gives its rule, but a draft that says less keeps its own."""
        given = self.levels.get(code)
        if said is None or said is own:
            return given or said or own
        return said if given is None else min(given, said, key=lambda level: level.weight)


@value_record
class Overrides:
    """What the command line says over any configuration file."""

    layer: Layer = field(default_factory=Layer)
    fail_level: Level | None = None
    baseline: str | None = None


class SettingsFinder:
    """Finds the settings of each folder: the nearest configuration file upwards, unless one is given for all."""

    def __init__(
        self, overrides: Overrides | None = None, config: str | None = None, *, isolated: bool = False
    ) -> None:
        self._overrides = overrides or Overrides()
        self._isolated = isolated
        self._found: dict[str, Settings | SettingsError] = {}
        self._given: Settings | None = None
        if config is not None:
            document = _load(config)
            table = _table(config, document)
            self._given = build(document if table is None else table, config, os.getcwd(), self._overrides)

    def for_folder(self, folder: str) -> Settings:
        """The settings of the files in an absolute folder.

        Raises:
            SettingsError: their configuration file cannot be used.
        """
        if self._given is not None:
            return self._given
        passed = []
        at = folder
        while at not in self._found:
            passed.append(at)
            own = None if self._isolated else self._own(at)
            parent = os.path.dirname(at)
            if own is not None:
                self._found[at] = own
            elif parent == at:
                self._found[at] = self._built({}, None, os.getcwd())
            else:
                at = parent
        found = self._found[at]
        self._found.update(dict.fromkeys(passed, found))
        if isinstance(found, SettingsError):
            raise found
        return found

    def _own(self, folder: str) -> Settings | SettingsError | None:
        """The settings that a folder's own configuration file gives, None if it has none."""
        for name in CONFIG_NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and _mentions_hplint(path):
                try:
                    table = _table(path, _load(path))
                except SettingsError as problem:
                    return problem
                if table is not None:
                    return self._built(table, path, folder)
        return None

    def _built(self, table: Mapping[str, Any], path: str | None, root: str) -> Settings | SettingsError:
        try:
            return build(table, path, root, self._overrides)
        except SettingsError as problem:
            return problem


def default_settings() -> Settings:
    """The settings where nothing is configured."""
    return _default(os.getcwd(), None)


def everything() -> Settings:
    """Every rule, with its pedantic findings."""
    return _default(os.getcwd(), (ALL,))


@cache
def _default(root: str, select: tuple[str, ...] | None) -> Settings:
    return build({}, None, root, Overrides(Layer(select)))


def _mentions_hplint(path: str) -> bool:
    """Whether a file is ours: a broken pyproject.toml that never speaks of hplint is somebody else's matter."""
    if os.path.basename(path) != "pyproject.toml":
        return True
    try:
        with open(path, "rb") as file:
            return b"hplint" in file.read()
    except OSError:
        return False


def _load(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    shown = display_path(path)
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as problem:
        raise SettingsError(f"{shown} cannot be read: {problem.strerror}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise SettingsError(f"{shown} is not valid TOML: {problem}") from problem


def _table(path: str, document: dict[str, Any]) -> dict[str, Any] | None:
    """hplint's own table: `[tool.hplint]`, all of an hplint.toml, or None if there is none."""
    if os.path.basename(path) != "pyproject.toml":
        return document
    tool = document.get("tool", {})
    table = tool.get("hplint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{display_path(path)}: `tool.hplint` must be a table")
    return table


def build(table: Mapping[str, Any], path: str | None, root: str, overrides: Overrides) -> Settings:
    """Settings from a configuration table and the command line.

    Raises:
        SettingsError: a key, a name or a type is wrong.
    """
    reader = _Reader(table, path)
    for key in table:
        if key not in KEYS:
            raise reader.error(key, f"is no setting of hplint{did_you_mean(key, KEYS)}")
    plugins = reader.strings("plugins")
    try:
        rules = registry(plugins)
    except RegistryError as problem:
        raise (
            reader.error("plugins", str(problem), between=": ") if plugins else SettingsError(str(problem))
        ) from problem
    levels = reader.levels(rules)
    own = Layer(
        reader.selectors("select", rules) if "select" in table else None,
        reader.selectors("extend-select", rules),
        reader.selectors("ignore", rules),
    )
    try:
        selection = select((own, overrides.layer), rules, levels)
    except UnknownSelector as problem:  # Those of the table have been looked up, so it is the command line's.
        raise SettingsError(f"command line: {problem}") from problem
    return Settings(
        root=os.path.abspath(root),
        origin=display_path(path) if path else None,
        selection=selection,
        levels=levels,
        per_file_ignores=reader.per_file_ignores(rules, levels),
        exclude=(reader.strings("exclude") if "exclude" in table else DEFAULT_EXCLUDE)
        + reader.strings("extend-exclude"),
        fail_level=overrides.fail_level or reader.level("fail-level", table.get("fail-level", Level.WARNING.value)),
        target_versions=reader.versions(),
        plugins=plugins,
        max_file_size=reader.size(),
        baseline=overrides.baseline or reader.path("baseline", root),
        given=frozenset(table),
    )


class _Reader:
    """Reads one configuration table, naming file and key in every complaint."""

    def __init__(self, table: Mapping[str, Any], path: str | None) -> None:
        self._table = table
        self._where = "" if path is None else f"{display_path(path)}: "

    def error(self, key: str, message: str, between: str = " ") -> SettingsError:
        return SettingsError(f"{self._where}`{key}`{between}{message}")

    def strings(self, key: str) -> tuple[str, ...]:
        return self._strings(key, self._table.get(key, []))

    def selectors(self, key: str, rules: Registry) -> tuple[str, ...]:
        found = self.strings(key)
        for selector in found:
            self._resolve(key, selector, rules, {})
        return found

    def levels(self, rules: Registry) -> dict[str, Level]:
        found = {}
        for name, level in self._mapping("levels").items():
            rule = rules.get(name)
            if rule is None:
                raise self.error("levels", f"`{name}` is no rule{did_you_mean(name, rules.by_name)}", between=": ")
            found[rule.code] = self.level(f"levels.{name}", level)
        return found

    def level(self, key: str, value: object) -> Level:
        for level in Level:
            if level.value == value:
                return level
        known = [level.value for level in Level]
        suggestion = did_you_mean(value, known) if isinstance(value, str) else ""
        raise self.error(key, f"must be one of {', '.join(known)}, not {value!r}{suggestion}")

    def per_file_ignores(self, rules: Registry, levels: Mapping[str, Level]) -> tuple[tuple[str, frozenset[str]], ...]:
        found = []
        for pattern, selectors in self._mapping("per-file-ignores").items():
            key = f"per-file-ignores.{pattern}"
            codes = [self._resolve(key, selector, rules, levels) for selector in self._strings(key, selectors)]
            found.append((pattern, frozenset().union(*codes)))
        return tuple(found)

    def versions(self) -> dict[str, str]:
        found = self._mapping("target-versions")
        for library, version in found.items():
            if not isinstance(version, str) or not version[:1].isdigit():
                raise self.error(f"target-versions.{library}", f'must be a version such as "2.4", not {version!r}')
        return dict(found)

    def size(self) -> int:
        value = self._table.get("max-file-size", DEFAULT_MAX_FILE_SIZE)
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.error("max-file-size", f"must be a positive number of bytes, not {value!r}")
        return value

    def path(self, key: str, root: str) -> str | None:
        """A file, relative to the folder of the configuration."""
        value = self._table.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise self.error(key, f"must be a file name, not {value!r}")
        return os.path.abspath(os.path.join(root, value)) if value else None

    def _resolve(self, key: str, selector: str, rules: Registry, levels: Mapping[str, Level]) -> frozenset[str]:
        try:
            return frozenset(rule.code for rule in rules.resolve(selector, levels))
        except UnknownSelector as problem:
            raise self.error(key, str(problem), between=": ") from problem

    def _strings(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"must be a list of strings, not {value!r}")
        return tuple(value)

    def _mapping(self, key: str) -> Mapping[str, Any]:
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table, not {value!r}")
        return value


KEYS = (
    "select",
    "ignore",
    "extend-select",
    "per-file-ignores",
    "exclude",
    "extend-exclude",
    "levels",
    "fail-level",
    "target-versions",
    "plugins",
    "max-file-size",
    "baseline",
)
