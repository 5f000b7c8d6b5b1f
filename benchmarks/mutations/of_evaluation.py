"""Mistakes in how predictions are read off a model's output."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import layers, models

LOSSES = {
    "torch.nn.CrossEntropyLoss": "BCEWithLogitsLoss",
    "torch.nn.functional.cross_entropy": "binary_cross_entropy_with_logits",
    "torch.nn.NLLLoss": "NLLLoss",
    "torch.nn.functional.nll_loss": "nll_loss",
}
TWO_DIMENSIONS = re.compile(r"flatten\(|\.(view|reshape)\((-1|[\w.]+(\(0\)|\[0\])), [^,()]+\)")
"""What makes one row a sample."""


@mutator("HP261", "one unit where classes are told by the largest")
def one_unit(script: Script) -> Iterator[Planted | Skipped]:
    found = {module: name for module, _, name in models(script)}
    for module in script.modules():
        name = found.get(module)
        last = _last_layer(script, module)
        losses = [call for call in script.all(ast.Call) if script.dotted(call.func) in LOSSES]
        if name is None or last is None or len(last.args) < 2 or len(found) != 1:
            yield Skipped("several models, or no last layer of two dimensions is in view")
        elif not losses:
            yield Skipped("no plain loss of classes")
        elif (asked := _index(script, name)) is None:
            yield Skipped("nothing takes the largest output of the model")
        else:
            edits = [script.replaced(last.args[1], "1")]
            for call in losses:
                end = script.end(call.func)
                old = script.dotted(call.func).rpartition(".")[2]
                edits.append(Edit(end - len(old), end, LOSSES[script.dotted(call.func)]))
            yield planted(script, asked, *edits, also={"HP149"})


def _last_layer(script: Script, module: ast.ClassDef) -> ast.Call | None:
    """The linear layer whose output `forward` returns, where that certainly has two dimensions."""
    kept = dict(layers(script, module, "Linear", "Sequential"))
    forward = [each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == "forward"]
    end = forward[0].body[-1] if forward else None
    if not isinstance(end, ast.Return) or end.value is None or not TWO_DIMENSIONS.search(script.source(forward[0])):
        return None
    value: ast.expr = end.value
    for statement in [*reversed(forward[0].body[:-1]), None]:
        if isinstance(value, ast.Call) and script.dotted(value.func).endswith("softmax") and value.args:
            value = value.args[0]
        set_there = isinstance(statement, ast.Assign) and script.source(statement.targets[0]) == script.source(value)
        value = statement.value if isinstance(statement, ast.Assign) and set_there else value
    if not isinstance(value, ast.Call) or not script.is_own(value.func) or not isinstance(value.func, ast.Attribute):
        return None
    layer: ast.expr | None = kept.get(value.func.attr)
    if isinstance(layer, ast.Call) and script.dotted(layer.func) == "torch.nn.Sequential" and layer.args:
        layer = layer.args[-1]
    linear = isinstance(layer, ast.Call) and script.dotted(layer.func) == "torch.nn.Linear"
    return layer if linear and isinstance(layer, ast.Call) else None


def _index(script: Script, model: str) -> ast.Call | None:
    """Where the place of the largest output of a model is asked for."""
    outputs = {
        script.source(statement.targets[0])
        for statement in script.all(ast.Assign)
        if isinstance(statement.value, ast.Call) and script.source(statement.value.func) == model
    }
    for call in script.all(ast.Call):
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("max", "argmax"):
            continue
        plain = script.dotted(call.func) in ("torch.max", "torch.argmax")
        given = [*call.args, *(each.value for each in call.keywords)]
        scores = given[0] if plain and given else call.func.value
        dimension = given[1 if plain else 0 :][:1]
        if script.source(scores) in outputs and dimension and script.source(dimension[0]) in ("1", "-1"):
            statement = script.statement(call)
            taken = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
            if call.func.attr == "argmax" or taken:
                return call
    return None
