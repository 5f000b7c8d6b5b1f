"""Mistakes in how predictions are read off a model's output."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import layers, models

LOSSES = {
    "torch.nn.CrossEntropyLoss": "BCEWithLogitsLoss",
    "torch.nn.functional.cross_entropy": "binary_cross_entropy_with_logits",
}


@mutator("HP261", "one unit where classes are told by the largest")
def one_unit(script: Script) -> Iterator[Planted | Skipped]:
    found = {module: name for module, _, name in models(script)}
    for module in script.modules():
        name = found.get(module)
        last = _last_layer(script, module)
        losses = [call for call in script.all(ast.Call) if script.dotted(call.func) in LOSSES]
        if name is None or last is None or len(last.args) < 2 or len(found) != 1:
            yield Skipped("several models, or the last layer is not in view")
        elif not losses or any(call.args[2:] or call.keywords for call in losses):
            yield Skipped("no plain cross-entropy")
        elif (asked := _index(script, name)) is None:
            yield Skipped("nothing takes the largest output of the model")
        else:
            edits = [script.replaced(last.args[1], "1")]
            for call in losses:
                end = script.end(call.func)
                old = script.dotted(call.func).rpartition(".")[2]
                edits.append(Edit(end - len(old), end, LOSSES[script.dotted(call.func)]))
            yield planted(script, asked, *edits)


def _last_layer(script: Script, module: ast.ClassDef) -> ast.Call | None:
    """The linear layer whose output `forward` returns."""
    kept = dict(layers(script, module, "Linear", "Sequential"))
    for each in module.body:
        if isinstance(each, ast.FunctionDef) and each.name == "forward":
            end = each.body[-1]
            value = end.value if isinstance(end, ast.Return) else None
            if isinstance(value, ast.Name) and len(each.body) > 1:
                before = each.body[-2]
                value = before.value if isinstance(before, ast.Assign) else None
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and script.is_own(value.func):
                layer = kept.get(value.func.attr)
                if layer is not None and script.dotted(layer.func) == "torch.nn.Sequential" and layer.args:
                    last = layer.args[-1]
                    layer = (
                        last if isinstance(last, ast.Call) and script.dotted(last.func) == "torch.nn.Linear" else None
                    )
                return layer
    return None


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
