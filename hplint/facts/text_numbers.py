"""Numbers that are text, as PyYAML reads ``1e-5``, where the code computes with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.labels import hyperparameter_of
from hplint.facts.surroundings import expected
from hplint.facts.syntax import Arg, Assign, Attribute, Binary, Call, Compare, Expr, Literal, Name, Subscript
from hplint.facts.tree import last_name
from hplint.facts.values import OriginKind, Possible
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_NUMBER = regex(r"\s*[-+]?(\d[\d_]*)(\.\d*)?[eE][-+]?\d+\s*")
_READS = regex(r"yaml\.(safe_|full_|unsafe_)?load|\.ya?ml[\"']|[\"'][-+]?\d[\d.]*[eE][-+]?\d+[\"']")
_RESOLVES = regex(r"implicit_resolver|ruamel|OmegaConf|hydra|pydantic|jsonargparse|yacs|literal_eval")
"""Loaders that read such numbers as numbers, and code that turns text into numbers."""
_ARITHMETIC = frozenset({"*", "-", "/", "//", "**"})
_ORDER = frozenset({"<", ">", "<=", ">="})
_MODULES = ("torch.optim.lr_scheduler.", "torch.nn.")
_SCHEDULES = "eta_min max_lr base_lr min_lr gamma factor threshold start_factor end_factor T_max step_size"
_LAYERS = "eps momentum p label_smoothing margin beta delta"
_NUMBERS = frozenset(f"{_SCHEDULES} {_LAYERS}".split())
"""Parameters of schedulers, layers and losses that are computed with as they come."""


@value_record
class TextNumber:
    """``at`` is text where a number is needed: ``by`` computes with it, or it is the ``argument`` of a call."""

    at: Expr
    possible: Possible
    by: Expr
    argument: str | None
    repeats: bool


def text_numbers(file: File) -> Iterator[TextNumber]:
    """Each number that is text and computed with, where that is first done."""
    if not _READS.search(file.text) or _RESOLVES.search(file.text):
        return
    passed: set[tuple[str | None, int]] = set()
    for at, by, argument in sorted(_uses(file), key=lambda use: use[0].start):
        text = _text(file, at)
        if text is not None and (text.origin.path, text.origin.start) not in passed:
            passed.add((text.origin.path, text.origin.start))
            if not expected(file, by, "TypeError", "ValueError"):
                repeats = isinstance(by, Binary) and by.op == "*" and _is_whole(file, by, at)
                yield TextNumber(at, text, by, argument, repeats)


def _uses(file: File) -> Iterator[tuple[Expr, Expr, str | None]]:
    """What is computed with, compared by size, or given to torch as a number."""
    for sum_ in file.every(Binary):
        if sum_.op in _ARITHMETIC or sum_.op == "+":
            for each, other in ((sum_.left, sum_.right), (sum_.right, sum_.left)):
                if _may_be_read(file, each) and (sum_.op != "+" or _is_number(file, other)):
                    yield each, sum_, None
    for test in file.every(Compare):
        if len(test.ops) == 1 and _ORDER.issuperset(test.ops):
            for each, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
                if _may_be_read(file, each) and _is_number(file, other):
                    yield each, test, None
    for call in file.calls:
        if call.name.startswith(_MODULES) and call.via is None:
            for name in _NUMBERS & call.arguments.keys():
                node = call.arguments[name].node
                if isinstance(node, Arg) and node in call.node.args and _may_be_read(file, node.value):
                    yield node.value, call.node, name


def _may_be_read(file: File, expr: Expr) -> bool:
    """Whether an expression has the form of an item of a configuration, or is a name for one."""
    if isinstance(expr, Name):
        assigned = file.assigned(expr)
        if isinstance(assigned, Literal):
            return isinstance(assigned.value, str)
        return assigned is not None and not isinstance(assigned, Name) and _may_be_read(file, assigned)
    if isinstance(expr, Call):
        return last_name(expr.func) == "get" and bool(expr.args) and isinstance(expr.args[0].value, Literal)
    if isinstance(expr, Attribute):
        return expr.attr in _NUMBERS or hyperparameter_of(expr.attr) is not None
    return isinstance(expr, Subscript) and isinstance(expr.index, Literal) and isinstance(expr.index.value, str)


def _text(file: File, expr: Expr) -> Possible | None:
    """The text of a number that an expression is: an item of a YAML file, or what the code itself writes in quotes."""
    value = file.value(expr)
    for possible in value.possible:
        text, origin = possible.constant, possible.origin
        if isinstance(text, str) and _NUMBER.fullmatch(text) and value.stands(possible):
            other = origin.kind is OriginKind.CONFIG_FILE and not (origin.path or "").endswith((".yaml", ".yml"))
            return None if other or _is_stored(file, _key(expr) or origin.label.rpartition(":")[2]) else possible
    return None


def _key(expr: Expr) -> str:
    match expr:
        case Attribute(attr=attr):
            return attr
        case Subscript(index=Literal(value=str(key))):
            return key
    return ""


def _is_stored(file: File, key: str) -> bool:
    """Whether the item is written too: ``cfg["lr"] = float(cfg["lr"])``."""
    for each in file.every(Assign):
        for target in each.targets:
            if isinstance(target, Attribute) and target.attr == key:
                return True
            if isinstance(target, Subscript) and isinstance(target.index, Literal) and target.index.value == key:
                return True
    return False


def _is_number(file: File, expr: Expr) -> bool:
    value = file.value(expr)
    return bool(value.possible) and all(
        isinstance(each.constant, int | float) and not isinstance(each.constant, bool) for each in value.possible
    )


def _is_whole(file: File, product: Binary, at: Expr) -> bool:
    """Whether text is multiplied by a whole number, which repeats it."""
    other = product.right if product.left is at else product.left
    value = file.value(other).single
    return value is not None and isinstance(value.constant, int)
