"""Values and the names that the code gives them to, whatever the form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from hplint import hyperparameters
from hplint.facts.syntax import Assign, Attribute, Call, Dict, Expr, FunctionDef, Literal, Name

if TYPE_CHECKING:
    from hplint.facts.file import File

_LONGEST = 40
"""Longer strings are no names."""


class Labelled(NamedTuple):
    """``value`` is given to ``label``: by a keyword, an assignment, a dictionary, a parameter's or option's default."""

    label: str
    value: Expr


def labelled_values(file: File) -> Iterator[Labelled]:
    """Every value of a file that is written next to a name for it."""
    for call in file.all(Call):
        yield from (Labelled(arg.keyword, arg.value) for arg in call.args if arg.keyword is not None)
    for flag in file.flags:
        if flag.default is not None:
            yield Labelled(flag.dest, flag.default)
    for statement in file.all(Assign):
        for target in statement.targets:
            if statement.value is not None and isinstance(target, Name | Attribute):
                yield Labelled(target.id if isinstance(target, Name) else target.attr, statement.value)
    for display in file.all(Dict):
        for key, value in display.items:
            if isinstance(key, Literal) and isinstance(key.value, str):
                yield Labelled(key.value, value)
    for function in file.all(FunctionDef):
        yield from (Labelled(each.name, each.default) for each in function.parameters if each.default is not None)


def words_of(file: File) -> set[str]:
    """All names, attributes, keywords, parameters and short strings of a file, options without their dashes."""
    found = {attribute.attr for attribute in file.every(Attribute)} | file.identifiers
    found |= {arg.keyword for call in file.every(Call) for arg in call.args if arg.keyword is not None}
    found |= {each.name for function in file.every(FunctionDef) for each in function.parameters}
    strings = {each.value for each in file.every(Literal) if isinstance(each.value, str)}
    found |= {text.lstrip("-").replace("-", "_") for text in strings if len(text) < _LONGEST}
    return found


def hyperparameter_of(label: str) -> str | None:
    """The row of the table that a name in the code stands for (``LR``, ``wd``), None when there is none, or several."""
    return hyperparameters.row_of(label)
