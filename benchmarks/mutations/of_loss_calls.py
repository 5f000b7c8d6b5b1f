"""Mistakes in what a loss is called with, and in the average of losses."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped

FUNCTIONS = {
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
}
ASYMMETRIC = ("CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss")


def measured(script: Script) -> Iterator[tuple[ast.Call, str]]:
    """Calls of a loss of torch with predictions and targets, each with the class of the loss."""
    kept: dict[str, set[str]] = {}
    for node in script.all(ast.Assign):
        name = script.dotted(node.value.func) if isinstance(node.value, ast.Call) else ""
        kept.setdefault(script.source(node.targets[0]), set()).add(name)
    for call in script.all(ast.Call):
        names = kept.get(script.source(call.func), {""})
        short = next(iter(names)).removeprefix("torch.nn.") if len(names) == 1 else ""
        function = script.dotted(call.func)
        if function.startswith("torch.nn.functional."):
            short = FUNCTIONS.get(function.removeprefix("torch.nn.functional."), "")
        if short in FUNCTIONS.values() and len(call.args) == 2 and not call.keywords and not script.is_open(call):
            yield call, short


@mutator("HP203", "a loss constructed with its tensors")
def constructed(script: Script) -> Iterator[Planted | Skipped]:
    for call, short in measured(script):
        yield planted(script, call, script.replaced(call.func, f"torch.nn.{short}"))


@mutator("HP204", "the targets first")
def targets_first(script: Script) -> Iterator[Planted | Skipped]:
    for call, short in measured(script):
        if short in ASYMMETRIC:
            first, second = call.args
            edits = (script.replaced(first, script.source(second)), script.replaced(second, script.source(first)))
            yield planted(script, call, *edits)
        else:
            yield Skipped("the order makes no difference to the loss")


@mutator("HP210", "an average over samples of means of batches")
def wrong_count(script: Script) -> Iterator[Planted | Skipped]:
    for division in script.all(ast.BinOp):
        count = division.right
        if not isinstance(division.op, ast.Div) or not isinstance(count, ast.Call) or len(count.args) != 1:
            continue
        total, data = division.left, script.source(count.args[0])
        if script.dotted(count.func) != "len" or not isinstance(total, ast.Name) or "load" not in data.lower():
            continue
        function = script.function(division)
        added = [
            script.source(each.value)
            for each in script.within(function, ast.AugAssign)
            if isinstance(each.target, ast.Name) and each.target.id == total.id
        ]
        if len(added) != 1 or "loss" not in added[0].lower() or data.endswith(".dataset"):
            yield Skipped("what is averaged is not a loss that is added up in one place")
        elif "." in added[0].removesuffix(".item()"):
            yield Skipped("what is added up is no plain name")
        elif _is_own(script, function, added[0].removesuffix(".item()")):
            yield Skipped("a method of the model computes the loss, which may be no mean")
        elif added[0].endswith(".item()") and "*" not in added[0]:
            yield planted(script, division, script.replaced(count, f"len({data}.dataset)"))
        else:
            yield Skipped("what is added up may be no mean")


def _is_own(script: Script, function: ast.AST, name: str) -> bool:
    """Whether a name is given what `model.loss(...)` returns."""
    for statement in script.within(function, ast.Assign):
        if script.source(statement.targets[0]) == name and isinstance(statement.value, ast.Call):
            return script.source(statement.value.func).endswith(".loss")
    return False
