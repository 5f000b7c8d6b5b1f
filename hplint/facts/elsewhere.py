"""Functions of other modules of the project that a file calls, and methods of objects of their classes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from hplint.facts.definitions import class_of, defined
from hplint.facts.makers import made_by
from hplint.facts.syntax import Assign, Attribute, Call, Expr, FunctionDef, Name
from hplint.facts.tree import last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_BUILDS = regex(r"_?(get|build|create|make|load|read|parse|save|write|init\w*|seed|log|plot|is)(_|$)")


class Elsewhere:
    """Finds them, each once for all that ask.

    ``words``: modules whose text holds none of these are of no interest to the one that asks.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._known: dict[int, tuple[File, FunctionDef, Expr | None] | None] = {}

    def calls(self, words: tuple[str, ...]) -> Iterator[Call]:
        """The calls of this file that run something of interest in another module, not only build or read."""
        return (call for call in self._led_away if self.helper(call, words) is not None)

    def helper(self, call: Call, words: tuple[str, ...]) -> tuple[File, FunctionDef, Expr | None] | None:
        """The function of another module that a call runs, with its file and what its ``self`` is here."""
        key = id(call)
        if key not in self._known:
            found = self._find(call.func) if self._may_be(call.func) else None
            self._known[key] = None if found is None or found[0] is self._file else found
        known = self._known[key]
        return known if known is not None and any(word in known[0].text for word in words) else None

    @cached_property
    def _led_away(self) -> tuple[Call, ...]:
        """The calls that may run something in another module, told by the first names of what is called."""
        found: list[Call] = []
        for name, same in self._file.callers.by_name.items() if self._file.uses_project else ():
            if name and not name[:1].isupper() and not _BUILDS.match(name):
                found += [call for call in same if self._may_be(call.func)]
        return tuple(found)

    def _may_be(self, func: Expr) -> bool:
        if not isinstance(func, Name | Attribute):
            return False
        if isinstance(func, Attribute) and last_name(func.value) in self._objects:
            return True
        return self._file.names.of_project(func) is not None

    def _find(self, func: Expr) -> tuple[File, FunctionDef, Expr | None] | None:
        found = defined(self._file, func)
        if found is not None:
            return (found[0], found[1], None) if isinstance(found[1], FunctionDef) else None
        made = made_by(self._file, func.value) if isinstance(func, Attribute) else ()
        owner = class_of(self._file, made[0].func) if len(made) == 1 else None
        if owner is None or not isinstance(func, Attribute):
            return None
        method = owner[0].receivers.method(owner[1], func.attr)
        return None if method is None else (owner[0], method, func.value)

    @cached_property
    def _objects(self) -> frozenset[str]:
        """The last parts of the names that are assigned what a call of another module gives."""
        return frozenset(
            last_name(target)
            for statement in self._file.all(Assign)
            if isinstance(statement.value, Call) and self._file.names.of_project(statement.value.func) is not None
            for target in statement.targets
        ) - {""}
