"""Where a file may do something to gradients: the calls and assignments that training steps are read off."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from hplint.facts.effects import Effects
from hplint.facts.syntax import BindingKind, Call, FunctionDef, Name, Node
from hplint.facts.tree import inside, last_name

if TYPE_CHECKING:
    from hplint.facts.file import File


class Callers:
    """The calls of a file ``by_name``, the last part of what is called, and the functions they stand in."""

    def __init__(self, file: File) -> None:
        self._scopes = file.code.scopes
        self._functions = {function.scope: function for function in file.all(FunctionDef)}
        self.by_name: dict[str, list[Call]] = {}
        for call in file.all(Call):
            self.by_name.setdefault(last_name(call.func), []).append(call)

    def function_around(self, call: Call) -> FunctionDef | None:
        """The function that a call stands in, None for the module."""
        return self._around(call.scope)

    def function_outside(self, function: FunctionDef) -> FunctionDef | None:
        """The function that another one is defined in."""
        return self._around(self._scopes[function.scope].parent)

    @cached_property
    def aliases(self) -> dict[str, list[str]]:
        """The names that are assigned another name, by that other name."""
        found: dict[str, list[str]] = {}
        for scope in self._scopes:
            for name, bindings in scope.bindings.items():
                for binding in bindings:
                    if binding.kind is BindingKind.ASSIGN and isinstance(binding.value, Name):
                        found.setdefault(binding.value.id, []).append(name)
        return found

    def _around(self, here: int | None) -> FunctionDef | None:
        while here is not None and here not in self._functions:
            here = self._scopes[here].parent
        return None if here is None else self._functions[here]


class Places:
    """The calls and assignments that do something, in themselves or through functions of this file.

    Told by names alone: a few are in it for no reason, and all else need not be read. ``foreign`` are calls of helpers
    in other modules that do something.
    """

    def __init__(self, file: File, effects: Effects, callers: Callers, foreign: tuple[Call, ...] = ()) -> None:
        self.foreign = foreign
        acting = [*effects.acting(callers.by_name), *foreign]
        stores = [*effects.stores()]
        around = (callers.function_around(call) for call in acting)
        pending = [function.name for function in around if function is not None]
        if stores:
            functions = file.all(FunctionDef)
            pending += [each.name for each in functions if any(inside(store, each) for store in stores)]
        aliases = callers.aliases
        passed: set[str] = set()
        while pending:
            name = pending.pop()
            if name in passed:
                continue
            passed.add(name)
            pending += aliases.get(name, ())
            for call in callers.by_name.get(name, ()):
                acting.append(call)
                function = callers.function_around(call)
                pending += [function.name] if function is not None else []
        self._calls = frozenset(map(id, acting))
        self._starts = sorted(each.start for each in (*acting, *stores))

    def __contains__(self, call: Call) -> bool:
        return id(call) in self._calls

    def within(self, node: Node) -> bool:
        """Whether something is done inside a record."""
        at = bisect_left(self._starts, node.start)
        return at < len(self._starts) and self._starts[at] < node.end
