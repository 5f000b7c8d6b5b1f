"""Losses of batches that are added up and divided by the wrong number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.syntax import Attribute, AugAssign, Binary, Call, Expr, For, Name, Node
from hplint.facts.tree import inside, last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_LOSS = regex(r"loss|(?<![a-z])nll|(?<![a-z])mse|(?<![a-z])bce", re.IGNORECASE)
_SIZE = regex(r"\.size\(|\.shape\[|len\(|batch_?size|(?<![a-z])bs(?![a-z])|numel|\bn\b|num", re.IGNORECASE)
_PASSES = frozenset({"enumerate", "tqdm", "iter", "progress_bar"})
_READS = frozenset({"item", "detach", "cpu"})
_TOTALS = regex(r"reduction|size_average|reduce\s*=|_sum\b|\.sum\(")


@value_record
class Average:
    """``total`` sums up what batches of ``data`` have for a loss at ``added``, and is divided by ``count`` at ``at``.

    ``per_sample``: what is added is the mean of a batch and the count that of the samples; else the other way round.
    """

    added: AugAssign
    at: Binary
    count: Call
    data: Expr
    total: Name
    per_sample: bool


def wrong_averages(file: File) -> Iterator[Average]:
    """The sums of means that are divided by the number of samples, and the sums over samples by that of batches."""
    if _TOTALS.search(file.text):
        return
    loops = file.all(For)
    for division in file.every(Binary):
        count = division.right
        if division.op != "/" or not isinstance(division.left, Name) or not isinstance(count, Call):
            continue
        data = _counted(file, count)
        if data is None:
            continue
        for added in file.every(AugAssign):
            target = added.target
            if added.op != "+" or not isinstance(target, Name) or target.id != division.left.id:
                continue
            if target.scope != division.left.scope or added.start > division.start:
                continue
            loop = max((each for each in loops if inside(added, each)), key=lambda each: each.start, default=None)
            if loop is None or inside(division, loop) or file.source(_iterated(loop.iter)) != file.source(data[0]):
                continue
            mean = _adds_mean(file, added.value)
            others = [
                each
                for each in file.every(AugAssign)
                if each is not added and last_name(each.target) == target.id and inside(each, loop)
            ]
            if mean is data[1] and not others:
                yield Average(added, division, count, data[0], target, per_sample=data[1])


def _counted(file: File, count: Call) -> tuple[Expr, bool] | None:
    """The loader that ``len(loader.dataset)`` or ``len(loader)`` is about, and whether samples are counted."""
    if last_name(count.func) != "len" or len(count.args) != 1:
        return None
    data = count.args[0].value
    if isinstance(data, Attribute) and data.attr == "dataset":
        return data.value, True
    named = isinstance(data, Name | Attribute) and re.search(r"loader|(?<![a-z])dl(?![a-z])|batches", last_name(data))
    return (data, False) if named else None


def _iterated(expr: Expr) -> Node:
    """The data that a loop goes over."""
    while (
        isinstance(expr, Call) and last_name(expr.func) in ("enumerate", "tqdm", "iter", "progress_bar") and expr.args
    ):
        expr = expr.args[0].value
    return expr


def _adds_mean(file: File, value: Expr) -> bool | None:
    """Whether the loss of a batch is added as it is (True), or times the size of the batch (False)."""
    if isinstance(value, Binary) and value.op == "*":
        text = file.source(value)
        return False if _LOSS.search(text) and _SIZE.search(text) else None
    inner: Expr = value
    while (
        isinstance(inner, Call) and isinstance(inner.func, Attribute) and inner.func.attr in ("item", "detach", "cpu")
    ):
        inner = inner.func.value
    if isinstance(inner, Call) and last_name(inner.func) == "float" and inner.args:
        inner = inner.args[0].value
    return True if isinstance(inner, Name) and _LOSS.search(inner.id) else None
