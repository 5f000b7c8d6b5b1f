"""Models that are chosen, or trainings that are ended, by how well they do on the test set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.journeys import record_around
from hplint.facts.metric_names import better_when
from hplint.facts.receivers import words
from hplint.facts.stepped import step_calls
from hplint.facts.syntax import (
    Assign,
    Attribute,
    Binary,
    Call,
    Collection,
    Compare,
    Expr,
    For,
    FunctionDef,
    If,
    Literal,
    Name,
    Node,
    Subscript,
    While,
)
from hplint.facts.tree import last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_TEST = frozenset({"test", "testing", "tst"})
_VALIDATION = frozenset({"val", "valid", "validation", "dev", "vali", "vld"})
_PARTS = ("val", "dev", "vld", "test", "tst")
_NOTHING: frozenset[str] = frozenset()
_DATA = frozenset(
    {"loader", "loaders", "set", "data", "dataset", "dl", "ds", "iter", "iterator", "dataloader", "batches"}
)
_SCORES = frozenset({"score", "scores", "metric", "metrics", "result", "perf"})
_ORDER = frozenset({"<", ">", "<=", ">="})
_PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
_STOPPERS = regex(r"early_?stop\w*|stopper", flags=re.IGNORECASE)
_KEEPS = regex(r"save|state_dict|checkpoint|deepcopy", flags=re.IGNORECASE)


@value_record
class ChosenByTest:
    """``at`` chooses by ``by``, a number of the test set. ``data``: the validation set there is, or the one that is
    the test set under another name, if ``alias``.
    """

    at: Node
    by: Expr
    data: Expr
    alias: bool


def chosen_by_test(file: File) -> Iterator[ChosenByTest]:
    """The choices by a number of the test set, in a file that has another set to choose by, or says that it has."""
    data = list(_validation_data(file))
    if not data:
        return
    alias = next((one for one, value in data if _is_test_set(value)), None)
    for at, by in _choices(file):
        said = _said(by)
        if said & _TEST and not said & _VALIDATION and alias is None:
            yield ChosenByTest(at, by, data[0][0], alias=False)
        elif alias is not None and said & _VALIDATION and not said & _TEST:
            yield ChosenByTest(at, by, alias, alias=True)


def _said(expr: Expr) -> frozenset[str]:
    """The words of the name of a number: ``test_acc``, ``results["test"]``."""
    return frozenset(word for part in _names(expr) for word in words(part))


def _names(expr: Expr) -> Iterator[str]:
    match expr:
        case Name() | Attribute():
            yield last_name(expr)
        case Subscript(value=inner, index=index):
            yield from _names(inner)
            if isinstance(index, Literal) and isinstance(index.value, str):
                yield index.value


def _validation_data(file: File) -> Iterator[tuple[Expr, Expr]]:
    """What has the name of a validation set, with the expression that it, or all of a tuple, is assigned."""
    for each in file.all(Assign):
        if not isinstance(each.value, Call | Name | Attribute | Subscript | Collection):
            continue  # `valid_data = [x for x in data if x]`
        for target in each.targets:
            for one in target.elements if isinstance(target, Collection) else (target,):
                if isinstance(one, Name | Attribute) and _is_called(one, _VALIDATION, _TEST):
                    yield one, each.value


def _is_called(expr: Name | Attribute, kinds: frozenset[str], but: frozenset[str]) -> bool:
    """Whether something has the name of a set of data of one kind, and not of another."""
    name = last_name(expr)
    said = frozenset(words(name)) if any(part in name.lower() for part in _PARTS) else _NOTHING
    return bool(said & kinds) and bool(said & _DATA) and not said & but


def _is_test_set(value: Expr) -> bool:
    """Whether a validation set is the test set: ``val_loader = test_loader``, or a loader over the test set."""
    if isinstance(value, Call) and last_name(value.func) == "DataLoader" and value.args and not value.args[0].star:
        value = value.args[0].value
    return isinstance(value, Name | Attribute) and _is_called(value, _TEST, _VALIDATION)


def _choices(file: File) -> Iterator[tuple[Node, Expr]]:
    """What is told, or compares, a number of an evaluation, to keep weights, end the training or lower the rate."""
    for step in step_calls(file):
        if step.is_only(_PLATEAU) and step.call.args:
            yield step.call, step.call.args[0].value
    for call in file.every(Call):
        if _STOPPERS.fullmatch(last_name(call.func)) and call.args and _in_loop(file, call):
            yield call, call.args[0].value
    for choice in file.all(If):
        if any(_keeps(file, part) for statement in choice.body for part in walk(statement)):
            by = next((each for part in _all_of(choice.test) for each in _compared(part)), None)
            if by is not None and _in_loop(file, choice):
                yield choice.test, by


def _keeps(file: File, part: Node) -> bool:
    return isinstance(part, Call) and _KEEPS.search(last_name(part.func)) is not None


def _all_of(test: Expr) -> Iterator[Expr]:
    """The parts of a condition that must all hold."""
    if isinstance(test, Binary) and test.op == "and":
        yield from _all_of(test.left)
        yield from _all_of(test.right)
    else:
        yield test


def _compared(test: Expr) -> Iterator[Expr]:
    """The number that a condition compares with the best one so far."""
    if not isinstance(test, Compare) or len(test.ops) != 1 or not _ORDER.issuperset(test.ops):
        return
    for one, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
        best = {"best", "min", "max", "lowest", "highest"} & _said(other)
        if best and not _said(one) & {"best", "epoch", "step"} and _measures(one):
            yield one


def _measures(expr: Expr) -> bool:
    return bool(_said(expr) & _SCORES) or any(better_when(name) is not None for name in _names(expr))


def _in_loop(file: File, node: Node) -> bool:
    """Whether a record runs again and again: in a loop, or in a function that is called in one."""
    around = record_around(file, node)
    while around is not None:
        if isinstance(around, For | While):
            return True
        if isinstance(around, FunctionDef):
            return any(_in_plain_loop(file, call) for call in file.callers.by_name.get(around.name, ()))
        around = record_around(file, around)
    return False


def _in_plain_loop(file: File, call: Call) -> bool:
    around = record_around(file, call)
    while around is not None and not isinstance(around, FunctionDef):
        if isinstance(around, For | While):
            return True
        around = record_around(file, around)
    return False
