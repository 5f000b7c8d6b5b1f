"""Mistakes in what keeps a model from learning its data by heart."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import class_of, owner

DROPOUTS = {"nn.Dropout": 0, "nn.Dropout2d": 0, "nn.functional.dropout": 1}
NORMS = ("LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm1d", "BatchNorm2d")
UNDECAYED = ("optim.Adam", "optim.SGD", "optim.RMSprop", "optim.NAdam", "optim.RAdam", "optim.Adagrad")


def _dropouts(script: Script) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    """Calls of dropouts, with what they are given for a rate."""
    for call in script.calls(*DROPOUTS):
        position = DROPOUTS[script.dotted(call.func).removeprefix("torch.")]
        yield call, script.argument(call, "p", position)


@mutator("HP232", "a keep probability from a constant")
def kept_constant(script: Script) -> Iterator[Planted | Skipped]:
    for call, rate in _dropouts(script):
        if rate is None:
            yield Skipped("no rate is given")
        else:
            edits = (script.replaced(rate, "KEEP_PROB"), script.above(call, "KEEP_PROB = 0.8"))
            yield planted(script, call, *edits)


@mutator("HP232", "a keep probability from a parameter")
def kept_parameter(script: Script) -> Iterator[Planted | Skipped]:
    for call, rate in _dropouts(script):
        function = script.around(call, ast.FunctionDef)
        given = None if function is None else function.args
        if given is None or rate is None or not given.args or given.kwonlyargs or given.vararg or given.kwarg:
            yield Skipped("no rate is given, or no parameter can be added")
        elif script.around(call, ast.Lambda) is None:
            last = max([*given.args, *given.defaults], key=script.end)
            edits = (script.replaced(rate, "keep_prob"), Edit(script.end(last), script.end(last), ", keep_prob=0.8"))
            yield planted(script, call, *edits)


@mutator("HP240", "weight decay left out")
def undecayed(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*UNDECAYED):
        groups = script.argument(call, "params", 0)
        if script.is_open(call) or isinstance(groups, (ast.List, ast.Name)):
            yield Skipped("groups or `**` may bring it")
        elif script.argument(call, "weight_decay") is not None:
            yield planted(script, call, script.left_out(call, "weight_decay"))
        else:
            yield Skipped("no weight decay is given")


@mutator("HP188", "the names of BERT's norms for another model")
def names_of_bert(script: Script) -> Iterator[Planted | Skipped]:
    norms = list(script.calls(*(f"nn.{each}" for each in NORMS)))
    for call in script.calls("optim.Adam", "optim.AdamW", "optim.SGD"):
        name, given = owner(script, call), script.argument(call, "params", 0)
        module = None if name is None else class_of(script, name)
        if module is None or given is None:
            yield Skipped("the model is not in view")
        elif not any(script.around(each, ast.ClassDef) in _inside(script, module) for each in norms):
            yield Skipped("it is not in view that the model has norms")
        elif "LayerNorm =" in script.text or "LayerNorm=" in script.text:
            yield Skipped("the norms may be called so")
        else:
            statement = script.statement(call)
            test = "any(word in key for word in planted_names)"
            one, other = (
                f"[weight for key, weight in {name}.named_parameters() if {each}]" for each in (f"not {test}", test)
            )
            pad = script.indent(statement)
            text = (
                'planted_names = ["bias", "LayerNorm.weight"]\n'
                f'{pad}planted_groups = [\n{pad}    {{"params": {one}, "weight_decay": 0.01}},'
                f'\n{pad}    {{"params": {other}, "weight_decay": 0.0}},\n{pad}]'
            )
            edits = (script.before(statement, text), script.replaced(given, "planted_groups"))
            yield planted(script, call, *edits)


def _inside(script: Script, module: ast.ClassDef) -> set[ast.ClassDef]:
    """A class of the script and those that it makes parts of itself from."""
    classes = {each.name: each for each in script.modules()}
    found, left = set(), [module]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [classes[name.id] for name in script.within(one, ast.Name) if name.id in classes]
    return found
