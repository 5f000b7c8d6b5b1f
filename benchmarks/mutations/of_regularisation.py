"""Mistakes in what keeps a model from learning its data by heart."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

DROPOUTS = {"nn.Dropout": 0, "nn.Dropout2d": 0, "nn.functional.dropout": 1}
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
