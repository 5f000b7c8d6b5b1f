"""Mistakes in what an optimizer is given, and in when it is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import ADAMS, OPTIMIZERS
from benchmarks.mutations.registry import arguments, mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped
from benchmarks.mutations.trainings import class_of, layers, models, optimizer_of, owner, trainings

SPARSE_TOO = ("optim.SGD", "optim.Adagrad")
"""They take sparse gradients as well."""
REPLACED = ("HP163", "HP267")
"""With the old optimizer its options go, and what names it is told again."""

arguments("HP179", ADAMS, "an eps of zero", {"eps": "0.0"}, 3)
arguments("HP179", ADAMS, "an eps of ten", {"eps": "10.0"}, 3)


@mutator("HP145", "a layer exchanged after the optimizer was made")
def exchanged(script: Script) -> Iterator[Planted | Skipped]:
    for module, model, name in models(script):
        made = _trained(script, model, name)
        if made is None:
            yield Skipped("no optimizer is given the model's parameters under it")
            continue
        kept = [(attr, call) for attr, call in layers(script, module, "Linear", "Conv2d") if _is_plain(call)]
        if not kept:
            yield Skipped("the model has no layer of plain sizes")
            continue
        attr, layer = kept[-1]
        statement = script.statement(made)
        text = f"{name}.{attr} = {script.source(layer)}"
        yield planted(script, made, script.after(statement, text))


def _trained(script: Script, model: ast.Assign, name: str) -> ast.Call | None:
    """The optimizer that is given a model's parameters in the statements under it, not in a loop."""
    block = script.block(model)
    for call in script.calls(*OPTIMIZERS):
        statement = script.statement(call)
        kept = isinstance(statement, ast.Assign) and statement.value is call and statement in block
        if kept and owner(script, call) == name and script.start(model) < script.start(statement):
            return None if script.around(statement, ast.For) else call
    return None


def _is_plain(call: ast.Call) -> bool:
    return all(isinstance(each, ast.Constant) for each in (*call.args, *(one.value for one in call.keywords)))


@mutator("HP178", "the optimizer made anew in each epoch")
def made_anew(script: Script) -> Iterator[Planted | Skipped]:
    for training in trainings(script):
        text = script.source(training.statement)
        name, function = training.step.optimizer, script.function(training.statement)
        uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
        between = [
            node
            for node in uses
            if script.end(training.statement) < script.start(node) < script.start(training.epochs.body[0])
        ]
        if script.dotted(training.made.func).endswith("SGD") and "momentum" not in text:
            yield Skipped("plain SGD remembers nothing")
        elif between or not name.isidentifier() or script.block(training.statement) != script.block(training.epochs):
            yield Skipped("the optimizer is used before the epochs, or belongs to something else")
        else:
            edits = (script.removed(training.statement), script.before(training.epochs.body[0], text))
            yield planted(script, training.statement, *edits, move=[training.step.backward, training.step.step])


@mutator("HP180", "an embedding with sparse gradients")
def sparse(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        module = class_of(script, owner(script, call) or "")
        if module is None or script.dotted(call.func) in {f"torch.{name}" for name in SPARSE_TOO}:
            yield Skipped("the model is not in view, or the optimizer takes sparse gradients")
            continue
        for _, layer in layers(script, module, "Embedding"):
            yield planted(script, call, script.given(layer, "sparse", "True"), move=[script.statement(call)])
            break


@mutator("HP180", "Muon for more than matrices")
def muon(script: Script) -> Iterator[Planted | Skipped]:
    for call, text in _with_bias(script):
        yield planted(script, call, script.replaced(call, f"torch.optim.Muon({text}, lr=0.02)"), also=REPLACED)


@mutator("HP180", "SparseAdam for dense gradients")
def sparse_adam(script: Script) -> Iterator[Planted | Skipped]:
    for call, text in _with_bias(script):
        yield planted(script, call, script.replaced(call, f"torch.optim.SparseAdam({text}, lr=1e-3)"), also=REPLACED)


def _with_bias(script: Script) -> Iterator[tuple[ast.Call, str]]:
    """Optimizers of a model in view that has layers with a bias, and what they are given."""
    for call in script.calls(*OPTIMIZERS):
        module = class_of(script, owner(script, call) or "")
        given = script.argument(call, "params", 0)
        if module is not None and given is not None and script.imports.get("torch") == "torch":
            found = layers(script, module, "Linear", "Conv2d")
            if any(script.argument(layer, "bias") is None and len(layer.args) < 8 for _, layer in found):
                yield call, script.source(given)


@mutator("HP182", "a transformer's weight decay in Adam")
def decay_in_adam(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("optim.Adam", "optim.AdamW"):
        if not any(name.startswith(("transformers", "peft", "trl")) for name in script.imports.values()):
            yield Skipped("the script trains no model of transformers")
        elif script.is_open(call):
            yield Skipped("`*` or `**` may bring the argument")
        else:
            name = script.replaced(call.func, script.source(call.func).replace("AdamW", "Adam"))
            yield planted(script, call, name, script.given(call, "weight_decay", "0.01"))


@mutator("HP183", "two optimizers for one of two models")
def same_model(script: Script) -> Iterator[Planted | Skipped]:
    stepped: dict[ast.For | None, dict[str, ast.Call]] = {}
    for call in script.methods("step"):
        assert isinstance(call.func, ast.Attribute)
        made = optimizer_of(script, script.source(call.func.value))
        if (
            made is not None
            and owner(script, made[0]) is not None
            and isinstance(script.parents[script.statement(call)], ast.For)
        ):
            stepped.setdefault(script.around(call, ast.For), {})[script.source(call.func.value)] = made[0]
    for found in stepped.values():
        for one, other in zip(list(found.values())[:-1], list(found.values())[1:], strict=True):
            mine, theirs = script.argument(one, "params", 0), script.argument(other, "params", 0)
            assert mine is not None
            assert theirs is not None
            if script.block(script.statement(one)) is not script.block(script.statement(other)):
                yield Skipped("the optimizers are made in different places")
            elif script.source(mine) != script.source(theirs):
                yield planted(script, other, script.replaced(theirs, script.source(mine)))


@mutator("HP184", "SGD without its momentum")
def no_momentum(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("optim.SGD"):
        if script.is_open(call) or "OneCycleLR" in script.text or "CyclicLR" in script.text:
            yield Skipped("a schedule or `**` may bring the momentum")
        elif script.argument(call, "nesterov") or script.argument(call, "dampening"):
            yield Skipped("other arguments need the momentum")
        elif script.argument(call, "momentum") is not None:
            yield planted(script, call, script.left_out(call, "momentum"), also=("HP163",))
