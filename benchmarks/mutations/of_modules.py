"""Mistakes in classes of models, in how they are called, and in how their weights start."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.of_loops import steps
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped
from benchmarks.mutations.trainings import models, trainings

SWITCHED = (".eval()", "Dropout", "BatchNorm")
RECURRENT = ("nn.LSTM", "nn.GRU", "nn.RNN")
NORMALIZED = ("resnet", "resnext", "densenet", "mobilenet", "efficientnet", "googlenet", "inception")


@mutator("HP201", "a training loop called `train`")
def own_train(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        forward = script.method(module, "forward")
        if forward is None or script.method(module, "train") is not None:
            yield Skipped("the class has no forward, or a `train` of its own")
        elif not any(word in script.text for word in SWITCHED):
            yield Skipped("nothing depends on the mode")
        else:
            pad = script.indent(forward)
            lines = ("optimizer.zero_grad()", "self(batch).mean().backward()", "optimizer.step()")
            body = "".join(f"\n{pad}        {line}" for line in lines)
            text = f"def train(self, loader, optimizer):\n{pad}    for batch in loader:{body}"
            yield planted(script, forward, script.after(forward, text), move=())


@mutator("HP212", "`model.forward(x)`")
def forward_called(script: Script) -> Iterator[Planted | Skipped]:
    if ".forward(" in script.text:
        yield Skipped("forward is called already")
        return
    made: dict[str, list[ast.expr]] = {}
    for node in script.all(ast.Assign):
        made.setdefault(script.source(node.targets[0]), []).append(node.value)
    classes = {module.name for module in script.modules()}
    for call in script.all(ast.Call):
        values = made.get(script.source(call.func), []) if isinstance(call.func, ast.Name) else []
        kinds = [script.dotted(value.func) for value in values if isinstance(value, ast.Call)]
        if not values:
            continue
        if len(kinds) == 1 == len(values) and (kinds[0] in classes or kinds[0].startswith("torch.nn.Seq")):
            yield planted(script, call, script.replaced(call.func, f"{script.source(call.func)}.forward"))
        else:
            yield Skipped("what is called is not certainly a model")


@mutator("HP237", "a recurrent layer without `batch_first`")
def time_first(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        for layer in script.layers(module).values():
            if script.dotted(layer.func).removeprefix("torch.") not in RECURRENT:
                continue
            lasts = [each for each in script.within(module, ast.Subscript) if _is_last_step(each)]
            if lasts and script.argument(layer, "batch_first") is not None:
                yield planted(script, layer, script.left_out(layer, "batch_first"))
            else:
                yield Skipped("the last step is not taken of its output")


@mutator("HP237", "the last step of an output that is time first")
def last_example(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        layers = {f"self.{name}": layer for name, layer in script.layers(module).items()}
        for call in script.within(module, ast.Call):
            layer = layers.get(script.source(call.func))
            if layer is None or script.dotted(layer.func).removeprefix("torch.") not in RECURRENT:
                continue
            statement = script.statement(call)
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            first = target.elts[0] if isinstance(target, ast.Tuple) else None
            if not isinstance(first, ast.Name) or script.argument(layer, "batch_first") is not None:
                yield Skipped("it is batch first, or its output has no name")
                continue
            if any("unsqueeze(0)" in script.source(each) for each in call.args):
                yield Skipped("a sequence of one step is put in by hand")
                continue
            later = [
                each
                for each in script.within(script.function(call), ast.Name)
                if each.id == first.id and isinstance(each.ctx, ast.Load) and each.lineno > (statement.end_lineno or 0)
            ]
            if later and script.is_open(layer) is False:
                use = later[0]
                yield planted(script, statement, script.replaced(use, f"{first.id}[:, -1]"), move=())


def _is_last_step(item: ast.Subscript) -> bool:
    """`[:, -1]` and `[:, -1, :]`."""
    return isinstance(item.slice, ast.Tuple) and [ast.unparse(each) for each in item.slice.elts[:2]] == [":", "-1"]


@mutator("HP238", "all weights set to one number")
def equal_weights(script: Script) -> Iterator[Planted | Skipped]:
    found = {each.optimizer: each.model for each in steps(script)}
    for call in script.calls(*OPTIMIZERS):
        statement = script.statement(call)
        model = found.get(script.source(statement).partition("=")[0].strip())
        if model is None or script.imports.get("torch") != "torch":
            yield Skipped("what the optimizer is given is not known, or is not trained here")
        elif len(list(script.calls("nn.Linear", "nn.Conv2d"))) < 2:
            yield Skipped("the script has no two layers")
        else:
            pad = script.indent(statement)
            text = (
                f"for layer in {model}.modules():\n{pad}    if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):"
                f"\n{pad}        torch.nn.init.constant_(layer.weight, 0.01)"
            )
            yield planted(script, call, script.before(statement, text))


@mutator("HP238", "a constant for random numbers")
def constant_start(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.all(ast.Call):
        name = script.dotted(call.func)
        weight = script.source(call.args[0]) if call.args else ""
        if not name.startswith("torch.nn.init.") or not weight.endswith(".weight") or "_" not in name[-2:]:
            continue
        guard = script.around(call, ast.If)
        test = "" if guard is None else script.source(guard.test)
        if "isinstance" in test and ("Linear" in test or "Conv" in test) and "Norm" not in test and "Emb" not in test:
            yield planted(script, call, script.replaced(call, f"torch.nn.init.constant_({weight}, 0.01)"))
        else:
            yield Skipped("the weight is not that of each hidden layer")


@mutator("HP245", "a frozen network with batch normalisation")
def frozen(script: Script) -> Iterator[Planted | Skipped]:
    for statement in script.all(ast.Assign):
        value, model = statement.value, script.source(statement.targets[0])
        name = script.dotted(value.func) if isinstance(value, ast.Call) else ""
        if not name.startswith("torchvision.models.") or not name.rpartition(".")[2].startswith(NORMALIZED):
            continue
        if f"{model}.train()" not in script.text or "backward()" not in script.text:
            yield Skipped("it is not trained here")
        elif "requires_grad" in script.text or "Norm" in script.text:
            yield Skipped("the script freezes by itself")
        else:
            pad = script.indent(statement)
            text = f"for weight in {model}.parameters():\n{pad}    weight.requires_grad = False"
            yield planted(script, statement, script.after(statement, text))


@mutator("HP245", "a frozen ResNet in the place of the model")
def frozen_resnet(script: Script) -> Iterator[Planted | Skipped]:
    made = {name: statement for _, statement, name in models(script)}
    for training in trainings(script):
        statement = made.get(training.step.model or "")
        if statement is None or not any(script.calls("nn.CrossEntropyLoss", "nn.functional.cross_entropy")):
            yield Skipped("the model is not made here, or its loss is not one of classes")
        elif "torchvision" not in script.text:
            yield Skipped("the script has no images")
        elif re.search(r"requires_grad|Norm|norm|torchvision.models", script.text):
            yield Skipped("the script freezes by itself, or has a word for normalisation")
        else:
            pad, name = script.indent(statement), training.step.model
            text = (
                f"for planted_weight in {name}.parameters():\n{pad}    planted_weight.requires_grad = False"
                f"\n{pad}{name}.fc = torch.nn.Linear(512, 10)"
            )
            new = script.replaced(statement.value, 'torchvision.models.resnet18(weights="DEFAULT")')
            mode = script.before(training.epochs.body[0], f"{name}.train()")
            line = script.imported("import torch\nimport torchvision")
            yield planted(script, statement, line, new, script.after(statement, text), mode)
