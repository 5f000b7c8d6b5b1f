"""Mistakes in the order of a training step, in evaluation, and in schedules."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

EVALUATES = re.compile(r"(^|_)(eval|evaluate|test|valid|validate|validation)(_|$)")
CLIPS = ("clip_grad_norm_", "clip_grad_norm", "clip_grad_value_")


@dataclass(frozen=True, slots=True)
class Step:
    """The statements of one plain training step that stand in one block."""

    backward: ast.stmt
    step: ast.stmt
    cleared: ast.stmt | None
    clip: ast.stmt | None
    optimizer: str
    model: str | None
    """`net` of `optimizer = Adam(net.parameters())`."""


def steps(script: Script) -> Iterator[Step]:
    """Blocks in a loop that hold a backward pass and the step of one known optimizer after it."""
    made = {
        script.source(statement.targets[0])
        for call in script.calls(*OPTIMIZERS)
        if isinstance(statement := script.statement(call), ast.Assign)
    }
    for call in script.methods("backward"):
        backward = script.statement(call)
        if script.around(backward, (ast.For)) is None or not isinstance(backward, ast.Expr):
            continue
        block = script.block(backward)
        behind = block[block.index(backward) + 1 :]
        step = next((each for each in behind if _method(each) == "step"), None)
        if step is None or sum(_method(each) == "backward" for each in block) != 1:
            continue
        owner = script.source(step).partition(".step")[0]
        if owner not in made:
            continue
        cleared = next((each for each in block if script.source(each) == f"{owner}.zero_grad()"), None)
        clip = next((each for each in block if _method(each) in CLIPS), None)
        yield Step(backward, step, cleared, clip, owner, _model(script, owner))


def _method(statement: ast.stmt) -> str:
    """`step` of `optimizer.step()`."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return ""


def _model(script: Script, optimizer: str) -> str | None:
    for call in script.calls(*OPTIMIZERS):
        statement = script.statement(call)
        if isinstance(statement, ast.Assign) and script.source(statement.targets[0]) == optimizer:
            given = script.argument(call, "params", 0)
            if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and not given.args:
                return script.source(given.func.value)
    return None


@mutator("HP119", "cleared between backward and step")
def cleared_too_late(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        if each.cleared is None:
            yield Skipped("nothing is cleared in the block")
        else:
            edits = (script.removed(each.cleared), script.before(each.step, f"{each.optimizer}.zero_grad()"))
            yield planted(script, each.backward, *edits, move=[each.backward, each.step])


@mutator("HP120", "clipped before backward")
def clipped_too_early(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        yield _clipped(script, each, each.backward, script.before)


@mutator("HP121", "clipped after the step")
def clipped_too_late(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        yield _clipped(script, each, each.step, script.after)


def _clipped(script: Script, step: Step, beside: ast.stmt, write: Callable[[ast.stmt, str], Edit]) -> Planted | Skipped:
    """Gradients clipped on the line before or after a statement."""
    if step.model is None or step.clip is not None:
        return Skipped("the model is not known, or gradients are clipped already")
    text = f"torch.nn.utils.clip_grad_norm_({step.model}.parameters(), 1.0)"
    return planted(script, beside, write(beside, text), move=[step.step])


@mutator("HP122", "a clipping limit of zero")
def clipped_to_nothing(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods(*CLIPS):
        if len(call.args) > 1:
            yield planted(script, call, script.replaced(call.args[1], "0.0"))


@mutator("HP123", "a method without its brackets")
def not_called(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        assert isinstance(each.step, ast.Expr)
        yield planted(script, each.step, script.replaced(each.step.value, f"{each.optimizer}.step"), move=())


@mutator("HP124", "the loss function overwritten by the loss")
def shadowed(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        owner = script.source(each.backward).partition(".backward")[0]
        block = script.block(each.backward)
        for statement in block[: block.index(each.backward)]:
            if not isinstance(statement, ast.Assign) or script.source(statement.targets[0]) != owner:
                continue
            if isinstance(statement.value, ast.Call) and isinstance(statement.value.func, ast.Name):
                name = statement.value.func.id
                function = script.function(statement)
                uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == owner]
                yield planted(script, statement, *(script.replaced(use, name) for use in uses), move=())


@mutator("HP152", "gradients never cleared")
def never_cleared(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        cleared = [script.statement(call) for call in script.methods("zero_grad")]
        if each.cleared is None or any(script.source(one) != script.source(each.cleared) for one in cleared):
            yield Skipped("it is cleared elsewhere too")
        else:
            yield planted(script, each.step, *map(script.removed, cleared), move=[each.backward, each.step])


@mutator("HP153", "evaluation in training mode")
def training_mode(script: Script) -> Iterator[Planted | Skipped]:
    if not any(word in script.text for word in ("Dropout", "BatchNorm", "dropout")):
        yield Skipped("no layer depends on the mode")
        return
    if "def train(self, mode" in script.text:
        yield Skipped("a model decides on its mode by itself")
        return
    calls = [call for call in script.methods("eval") if not call.args]
    for call in calls:
        statement = script.statement(call)
        if isinstance(statement, ast.Expr) and statement.value is call:
            same = [each for each in calls if script.source(each) == script.source(call)]
            if not _measures(script, call):
                yield Skipped("nothing is computed in that mode there")
            elif not _evaluates(script, statement):
                yield Skipped("no name says that something is evaluated there")
            elif len(same) == 1:
                yield planted(script, call, script.removed(statement), move=())
            else:
                yield Skipped("the mode is set in several places")


def _evaluates(script: Script, statement: ast.stmt) -> bool:
    """Whether a statement stands in a function for evaluation, or before a loop over data that is named for it."""
    function, block = script.function(statement), script.block(statement)
    if isinstance(function, ast.FunctionDef) and EVALUATES.search(function.name):
        return True
    behind = [node for each in block[block.index(statement) :] for node in ast.walk(each)]
    return any(isinstance(node, ast.For) and EVALUATES.search(script.source(node.iter)) for node in behind)


def _measures(script: Script, call: ast.Call) -> bool:
    """Whether the model is called behind `model.eval()`, before it is put back into training mode."""
    assert isinstance(call.func, ast.Attribute)
    model, statement = script.source(call.func.value), script.statement(call)
    block = script.block(statement)
    behind = "\n".join(script.source(each) for each in block[block.index(statement) + 1 :])
    behind = behind.partition(f"{model}.train(")[0]
    return (
        re.search(rf"(?<![\w.]){re.escape(model)}(\.(forward|module|inference|predict|generate))?\(", behind)
        is not None
    )


@mutator("HP154", "gradients recorded in evaluation")
def with_gradients(script: Script) -> Iterator[Planted | Skipped]:
    for block in script.all(ast.With):
        held = block.items[0].context_expr
        if len(block.items) == 1 and isinstance(held, ast.Call) and script.dotted(held.func) == "torch.no_grad":
            function = script.function(block)
            named = isinstance(function, ast.FunctionDef) and EVALUATES.search(function.name)
            if isinstance(function, ast.FunctionDef) and script.text.count(f"{function.name}(") < 2:
                yield Skipped("nobody calls the function in view")
            elif named and any("model(" in script.source(loop) for loop in script.within(block, ast.For)):
                start, end = script.start(block), script.start(block.body[0])
                header = script.between(start, end)
                edit = Edit(start, start + header.index(":"), "if True")
                yield planted(script, block, edit, move=())
            else:
                yield Skipped("no loop in it calls a model, or the function has no name of an evaluation")


@mutator("HP156", "the schedule before the optimizer")
def schedule_first(script: Script) -> Iterator[Planted | Skipped]:
    made = {
        script.source(statement.targets[0])
        for node in script.all(ast.Call)
        if script.dotted(node.func).startswith("torch.optim.lr_scheduler.")
        and not script.dotted(node.func).endswith("ReduceLROnPlateau")
        and isinstance(statement := script.statement(node), ast.Assign)
    }
    for call in script.methods("step"):
        statement = script.statement(call)
        assert isinstance(call.func, ast.Attribute)
        if script.source(call.func.value) not in made or script.around(call, ast.For) is None:
            continue
        block = script.block(statement)
        if block[0] is statement or not isinstance(script.parents[statement], ast.For):
            yield Skipped("it does not stand behind the epoch")
            continue
        text = script.source(statement)
        yield planted(script, statement, script.removed(statement), script.before(block[0], text), move=())


@mutator("HP158", "a plateau schedule without its number")
def plateau(script: Script) -> Iterator[Planted | Skipped]:
    made = {
        script.source(statement.targets[0])
        for call in script.calls("optim.lr_scheduler.ReduceLROnPlateau")
        if isinstance(statement := script.statement(call), ast.Assign)
    }
    for call in script.methods("step"):
        assert isinstance(call.func, ast.Attribute)
        if script.source(call.func.value) in made and call.args:
            yield planted(script, call, script.replaced(call, f"{script.source(call.func)}()"), move=())
