"""Mistakes in what a training step does: backward, step, accumulation, scaling, modes and the weights that are kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.of_loops import steps
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped


@mutator("HP190", "the best weights kept without a copy")
def no_copy(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.all(ast.Call):
        if script.dotted(call.func) in ("copy.deepcopy", "deepcopy") and len(call.args) == 1:
            kept = script.source(call.args[0])
            if not kept.endswith(".state_dict()"):
                yield Skipped("what is copied is no state")
            elif script.around(call, ast.For) is None:
                yield Skipped("it is copied outside a loop")
            else:
                yield planted(script, call, script.replaced(call, kept))


@mutator("HP191", "scaled gradients clipped")
def clipped_scaled(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("unscale_"):
        statement = script.statement(call)
        if any("clip_grad" in script.source(each) for each in script.block(statement)):
            yield planted(script, call, script.removed(statement), move=())
        else:
            yield Skipped("nothing is clipped beside it")


@mutator("HP192", "the optimizer stepped past its scaler")
def past_the_scaler(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("step"):
        assert isinstance(call.func, ast.Attribute)
        if "scaler" in script.source(call.func.value) and len(call.args) == 1:
            yield planted(script, call, script.replaced(call, f"{script.source(call.args[0])}.step()"), move=())


@mutator("HP193", "cleared in each step of an accumulation")
def cleared_while_adding(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("zero_grad"):
        statement = script.statement(call)
        guard = script.parents[statement]
        if not isinstance(guard, ast.If) or "%" not in script.source(guard.test):
            continue
        loop = script.around(guard, ast.For)
        text = script.source(guard)
        if loop is None or ".step(" not in text or "backward" in text or "backward" not in script.source(loop):
            yield Skipped("the guard is not that of an accumulation")
        else:
            edits = (script.removed(statement), script.before(loop.body[0], script.source(statement)))
            yield planted(script, call, *edits, move=())


@mutator("HP194", "losses added up with their graphs")
def kept_graphs(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.AugAssign):
        value = node.value
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or value.func.attr != "item":
            continue
        loop = script.around(node, ast.For)
        owner = script.source(value.func.value)
        if loop is not None and f"{owner}.backward()" in script.source(loop):
            yield planted(script, node, script.replaced(value, owner), move=())
        else:
            yield Skipped("what is added up is no loss of a training step")


@mutator("HP195", "a loss made anew before backward")
def cut(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        owner = script.source(each.backward).partition(".backward")[0]
        if owner.isidentifier():
            text = f"{owner} = torch.tensor({owner}.item(), requires_grad=True)"
            yield planted(script, each.backward, script.before(each.backward, text), move=[each.step])


@mutator("HP196", "training without gradients")
def without_gradients(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        function = script.function(each.backward)
        if isinstance(function, ast.FunctionDef) and not function.decorator_list and function.col_offset == 0:
            edit = script.before(function, "@torch.no_grad()")
            yield planted(script, each.backward, edit, move=[each.backward])
        else:
            yield Skipped("the step is not in a plain function")


@mutator("HP197", "training mode set once, before the epochs")
def mode_once(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("train"):
        statement = script.statement(call)
        loop = script.parents[statement]
        if call.args or not isinstance(loop, ast.For) or not isinstance(statement, ast.Expr):
            continue
        assert isinstance(call.func, ast.Attribute)
        if f"{script.source(call.func.value)}.eval()" not in script.source(loop) or script.text.count(".train()") != 1:
            yield Skipped("the loop does not evaluate by itself, or the mode is set elsewhere too")
        else:
            text = script.source(statement)
            yield planted(script, call, script.removed(statement), script.before(loop, text), move=())


@mutator("HP198", "no step")
def no_step(script: Script) -> Iterator[Planted | Skipped]:
    found = list(steps(script))
    for each in found:
        if script.text.count(".step(") > len(found):
            yield Skipped("something else is stepped, too")
        else:
            yield planted(script, each.step, script.removed(each.step), move=[each.backward])


@mutator("HP199", "no backward")
def no_backward(script: Script) -> Iterator[Planted | Skipped]:
    found = list(steps(script))
    for each in found:
        if script.text.count("backward(") > len(found) or len(found) > 1:
            yield Skipped("there are other backward passes")
        else:
            yield planted(script, each.step, script.removed(each.backward), move=[each.step])


@mutator("HP200", "backward twice")
def twice(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        if "retain_graph" in script.source(each.backward):
            yield Skipped("the graph is kept")
        else:
            text = script.source(each.backward)
            yield planted(script, each.backward, script.after(each.backward, text), move=[each.step])


@mutator("HP165", "a generator of parameters used twice")
def exhausted(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        given = script.argument(call, "params", 0)
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "parameters":
            statement = script.statement(call)
            pad = script.indent(statement)
            text = (
                f"planted_parameters = {script.source(given)}\n"
                f"{pad}planted_count = sum(each.numel() for each in planted_parameters)"
            )
            edits = (script.before(statement, text), script.replaced(given, "planted_parameters"))
            yield planted(script, call, *edits)
        else:
            yield Skipped("the parameters are no plain call")


@mutator("HP166", "all parameters frozen")
def frozen(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        given = script.argument(call, "params", 0)
        if "requires_grad" in script.text:
            yield Skipped("parameters are frozen or thawed by the script itself")
        elif isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and not given.args:
            statement = script.statement(call)
            pad = script.indent(statement)
            text = f"for planted_weight in {script.source(given)}:\n{pad}    planted_weight.requires_grad = False"
            yield planted(script, call, script.before(statement, text))
