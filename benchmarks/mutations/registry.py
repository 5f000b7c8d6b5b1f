"""The mutators: each plants one kind of mistake, at every place of a script where it fits."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.mutations.script import Edit, Planted, Script, Skipped

Mutate: TypeAlias = Callable[[Script], Iterator[Planted | Skipped]]


@dataclass(frozen=True, slots=True)
class Mutator:
    """Plants what the rule ``code`` is to find."""

    code: str
    title: str
    mutate: Mutate


MUTATORS: list[Mutator] = []
UNPLANTED = {
    **dict.fromkeys(("HP000", "HP001", "HP002", "HP003", "HP004"), "about hplint and its files, not about training"),
    "HP146": "told by the running program only: the text does not say of which type parameters are",
}
"""Rules whose mistake is not planted, each with the reason."""


def mutator(code: str, title: str) -> Callable[[Mutate], Mutate]:
    """Register a function that plants the mistake of a rule."""

    def register(mutate: Mutate) -> Mutate:
        MUTATORS.append(Mutator(code, title, mutate))
        return mutate

    return register


def planted(
    script: Script, at: ast.AST, *edits: Edit | None, also: Iterable[str] = (), move: Iterable[ast.AST] | None = None
) -> Planted | Skipped:
    """The mistake that these edits make at a node; its statement is what can be moved, unless ``move`` says others."""
    if None in edits:
        return Skipped("the argument cannot be written there")
    statements = tuple(dict.fromkeys(script.statement(each) for each in ([at] if move is None else move)))
    return Planted(tuple(edit for edit in edits if edit is not None), statements, frozenset(also))


def arguments(
    code: str,
    callables: Iterable[str],
    title: str,
    values: dict[str, str],
    position: int | None = None,
    without: Iterable[str] = (),
) -> None:
    """Register a mutator that gives calls these arguments; ``position`` is where the first may stand without a name.

    Calls that are given one of ``without`` are passed over.
    """

    def mutate(script: Script) -> Iterator[Planted | Skipped]:
        for call in script.calls(*callables):
            if script.is_open(call):
                yield Skipped("`*` or `**` may bring the argument")
            elif any(script.argument(call, name) for name in without):
                yield Skipped("another argument decides there")
            else:
                yield planted(script, call, *_edits(script, call, values, position))

    mutator(code, title)(mutate)


def _edits(script: Script, call: ast.Call, values: dict[str, str], position: int | None) -> Iterator[Edit | None]:
    """Edits that replace what is passed, and one that adds the rest."""
    new = []
    for index, (name, text) in enumerate(values.items()):
        old = script.argument(call, name, position if index == 0 else None)
        if old is None:
            new.append(f"{name}={text}")
        else:
            yield script.replaced(old, text)
    if new:
        yield script.added(call, ", ".join(new))
