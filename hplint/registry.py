"""Finds the rules: the built-in ones, and those of plugins that the settings name; answers selectors."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType

from hplint.builtin import BUILTIN_RULES
from hplint.model import Level
from hplint.rule import Rule

BUILT_IN_PACKAGE = "hplint.rules"
ENTRY_POINT_GROUP = "hplint.rules"
ALL = "ALL"
_CODE = re.compile(r"[A-Z]+\d+")
_NO_LEVELS: Mapping[str, Level] = {}


class RegistryError(Exception):
    """Rules that cannot be loaded, or that contradict one another."""


class UnknownSelector(Exception):
    """A selector that names nothing; the message suggests what may have been meant."""


@dataclass(frozen=True)
class Registry:
    """All rules, by code."""

    rules: tuple[Rule, ...]

    @cached_property
    def by_name(self) -> dict[str, Rule]:
        """From code and from name to the rule."""
        return {key: rule for rule in self.rules for key in (rule.code, rule.name)}

    @cached_property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({rule.topic for rule in self.rules}))

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        return tuple(sorted({rule.library for rule in self.rules}))

    def get(self, name: str) -> Rule | None:
        """The rule with this code or name."""
        return self.by_name.get(name)

    def resolve(self, selector: str, levels: Mapping[str, Level] = _NO_LEVELS) -> frozenset[Rule]:
        """The rules that a code, name, topic, level, library or ``ALL`` stands for.

        ``levels`` gives the level of a code where it is not the rule's own.

        Raises:
            UnknownSelector: it stands for nothing.
        """
        if selector == ALL:
            return frozenset(self.rules)
        rule = self.get(selector)
        if rule is not None:
            return frozenset({rule})
        if selector in self.topics:
            return frozenset(rule for rule in self.rules if rule.topic == selector)
        if selector in LEVELS:
            return frozenset(rule for rule in self.rules if levels.get(rule.code, rule.level).value == selector)
        if selector in self.libraries:
            return frozenset(rule for rule in self.rules if rule.library == selector)
        known = (ALL, *self.by_name, *self.topics, *LEVELS, *self.libraries)
        raise UnknownSelector(f"`{selector}` is no rule, topic, level or library{did_you_mean(selector, known)}")


LEVELS = tuple(level.value for level in Level)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``": did you mean `x`?"``, or nothing when no known word is close; a wrong code says nothing of the right one."""
    import difflib

    if _CODE.fullmatch(word):
        return ""

    spelt = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), spelt, n=1, cutoff=0.6)
    return f": did you mean `{spelt[close[0]]}`?" if close else ""


@cache
def registry(plugins: tuple[str, ...] = ()) -> Registry:
    """The built-in rules and those of the named plugins.

    Raises:
        RegistryError: a plugin is not installed or does not load, or a code or name is taken twice.
    """
    try:
        rules = [*BUILTIN_RULES, *_rules_in(importlib.import_module(BUILT_IN_PACKAGE))]
    except ModuleNotFoundError as problem:
        if problem.name != BUILT_IN_PACKAGE:
            raise
        raise RegistryError("the rules are missing: install hplint (`pip install -e .` in a checkout)") from problem
    for plugin in plugins:
        rules += _rules_of_plugin(plugin)
    _refuse_duplicates(rules)
    return Registry(tuple(sorted(rules, key=lambda rule: rule.code)))


def _rules_in(module: ModuleType) -> Iterator[Rule]:
    """The rules that a module, or any module of a package, declares."""
    modules = [module]
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        modules.append(importlib.import_module(found.name))
    for each in modules:
        yield from (value for value in vars(each).values() if isinstance(value, Rule) and value.module == each.__name__)


def _rules_of_plugin(name: str) -> list[Rule]:
    from importlib.metadata import entry_points

    found = entry_points(group=ENTRY_POINT_GROUP, name=name)
    if not found:
        installed = {entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)}
        raise RegistryError(f"the plugin `{name}` is not installed{did_you_mean(name, installed)}")
    try:
        return [rule for entry in found for rule in _rules_in(entry.load())]
    except Exception as problem:
        raise RegistryError(f"the plugin `{name}` does not load: {type(problem).__name__}: {problem}") from problem


def _refuse_duplicates(rules: list[Rule]) -> None:
    taken: dict[str, Rule] = {}
    for rule in rules:
        for key in (rule.code, rule.name):
            other = taken.setdefault(key, rule)
            if other is not rule:
                raise RegistryError(f"`{key}` is taken twice: by {other.module} and by {rule.module}")
