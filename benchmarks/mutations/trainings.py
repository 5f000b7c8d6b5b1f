"""Trainings of a script that mutators write into: an optimizer, its step, the loops around it and the model."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.of_loops import Step, steps
from benchmarks.mutations.script import Edit, Script, Skipped

SCHEDULE = "planted_schedule"


@dataclass(frozen=True, slots=True)
class Training:
    """A step in a loop over batches, the loop over epochs around it, and the one optimizer that both have above them.

    All of it stands in one function, or in the module.
    """

    step: Step
    made: ast.Call
    statement: ast.Assign
    """`optimizer = Adam(net.parameters())`."""
    epochs: ast.For
    batches: ast.For
    count: ast.expr
    """`args.epochs` of `for epoch in range(args.epochs)`."""


def trainings(script: Script) -> Iterator[Training]:
    """The trainings of a script that are wholly in view."""
    for step in steps(script):
        batches = script.around(step.step, ast.For)
        epochs = None if batches is None else script.around(batches, ast.For)
        made = optimizer_of(script, step.optimizer)
        if batches is None or epochs is None or made is None or script.parents[step.step] is not batches:
            continue
        homes = {script.function(each) for each in (batches, epochs, made[0])}
        count = epochs.iter.args[-1] if isinstance(epochs.iter, ast.Call) and epochs.iter.args else None
        ranged = isinstance(epochs.iter, ast.Call) and script.dotted(epochs.iter.func) == "range" and count is not None
        over_epochs = isinstance(epochs.target, ast.Name) and "epoch" in epochs.target.id.lower()
        if (
            len(homes) == 1
            and ranged
            and over_epochs
            and count is not None
            and script.end(made[1]) < script.start(epochs)
        ):
            yield Training(step, *made, epochs, batches, count)


def optimizer_of(script: Script, name: str) -> tuple[ast.Call, ast.Assign] | None:
    """The only call that makes an optimizer of a name, with its statement."""
    found = [
        (call, statement)
        for call in script.calls(*OPTIMIZERS)
        if isinstance(statement := script.statement(call), ast.Assign)
        and statement.value is call
        and script.source(statement.targets[0]) == name
    ]
    return found[0] if len(found) == 1 else None


def scheduled(script: Script, training: Training, schedule: str, *, each_batch: bool) -> tuple[Edit, Edit]:
    """A schedule for the optimizer, stepped behind each batch or each epoch."""
    last = training.step.step if each_batch else training.epochs.body[-1]
    made = script.after(training.statement, f"{SCHEDULE} = {schedule}")
    return made, script.after(last, f"{SCHEDULE}.step()")


def has_schedule(script: Script) -> bool:
    """Whether a script changes a learning rate by itself."""
    return any(word in script.text for word in ("sched", "lr_scheduler", "param_groups"))


def unscheduled(script: Script) -> Iterator[Training]:
    """Trainings at a constant rate, in scripts that call torch by its name."""
    if not has_schedule(script) and script.imports.get("torch") == "torch":
        yield from trainings(script)


def loader_of(script: Script, training: Training) -> str | None:
    """What the batches come from: `train_loader` of `for i, x in enumerate(train_loader)`; None for other words."""
    loader = training.batches.iter
    while isinstance(loader, ast.Call) and loader.args and script.dotted(loader.func) in ("enumerate", "tqdm.tqdm"):
        loader = loader.args[0]
    named = isinstance(loader, (ast.Name, ast.Attribute)) and "load" in script.source(loader).lower()
    return script.source(loader) if named and is_known(script, loader, training.statement) else None


def by_epochs(script: Script) -> Iterator[Training | Skipped]:
    """Unscheduled trainings whose number of epochs is known where the optimizer is made, by a name that says so."""
    for training in unscheduled(script):
        count = training.count
        named = isinstance(count, (ast.Name, ast.Attribute)) and "epoch" in script.source(count).lower()
        if named and is_known(script, count, training.statement):
            yield training
        else:
            yield Skipped("no word says that epochs are counted where the optimizer is made")


def by_batches(script: Script) -> Iterator[tuple[Training, str, str] | Skipped]:
    """Unscheduled trainings, how the number of epochs is written, and the loader: both known at the optimizer."""
    for training in unscheduled(script):
        loader = loader_of(script, training)
        if loader is not None and is_known(script, training.count, training.statement):
            yield training, script.source(training.count), loader
        else:
            yield Skipped("the loader or the number of epochs is not known where the optimizer is made")


def is_known(script: Script, expr: ast.expr, at: ast.stmt) -> bool:
    """Whether an expression of plain names can be worked out at a statement: they were given values above it."""
    names = {node.id for node in ast.walk(expr) if isinstance(node, ast.Name)}
    bound = {
        node.id
        for node in script.all(ast.Name)
        if isinstance(node.ctx, ast.Store) and script.end(node) < script.start(at)
        if script.function(node) in (script.tree, script.function(at))
    }
    function = script.function(at)
    given = {each.arg for each in function.args.args} if isinstance(function, ast.FunctionDef) else set()
    return names <= bound | given | set(script.imports) | {"len", "int"}


def assigned(script: Script, expr: ast.expr) -> ast.expr | None:
    """What a name is given, once in the whole script; any other expression itself."""
    if not isinstance(expr, ast.Name):
        return expr
    values = [node for node in script.all(ast.Name) if node.id == expr.id and isinstance(node.ctx, ast.Store)]
    only = script.parents[values[0]] if len(values) == 1 else None
    if any(each.arg == expr.id for each in script.all(ast.arg)) or not isinstance(only, ast.Assign):
        return None
    return only.value


def number(script: Script, expr: ast.expr) -> float | None:
    """A number that is written there, or that a name is given once in the whole script."""
    found = assigned(script, expr)
    value = found.value if isinstance(found, ast.Constant) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def class_of(script: Script, name: str) -> ast.ClassDef | None:
    """The class of the script that a model of this name is made from, here and nowhere else."""
    found = [made for made, _, held in models(script) if held == name]
    return found[0] if len(found) == 1 else None


def models(script: Script) -> Iterator[tuple[ast.ClassDef, ast.Assign, str]]:
    """The statements that make a model of a class of the script, with what it is called."""
    classes = {each.name: each for each in script.modules()}
    for statement in script.all(ast.Assign):
        made = statement.value
        while isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr in ("to", "cuda"):
            made = made.func.value
        if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in classes:
            yield classes[made.func.id], statement, script.source(statement.targets[0])


def layers(script: Script, module: ast.ClassDef, *kinds: str) -> Iterator[tuple[str, ast.Call]]:
    """The layers that a module keeps as `self.x`, each with its `x`."""
    wanted = {f"torch.nn.{kind}" for kind in kinds}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target = node.targets[0]
            if script.dotted(node.value.func) in wanted and script.is_own(target) and isinstance(target, ast.Attribute):
                yield target.attr, node.value


def owner(script: Script, call: ast.Call) -> str | None:
    """`net` of `Adam(net.parameters())`."""
    given = script.argument(call, "params", 0)
    plain = isinstance(given, ast.Call) and not given.args and not given.keywords
    if (
        plain
        and isinstance(given, ast.Call)
        and isinstance(given.func, ast.Attribute)
        and given.func.attr == "parameters"
    ):
        return script.source(given.func.value)
    return None


def last_units(script: Script, scores: ast.expr, call: ast.Call) -> object:
    """How many units the last layer of the model has whose output is given to a loss; None where that is not known.

    The output is that of a model of one class of the script, or a name for it, and the last layer is a `Linear`, or the
    end of a `Sequential`, that `forward` returns the output of.
    """
    if isinstance(scores, ast.Name):
        block = script.within(script.function(call), ast.Assign)
        made = [each.value for each in block if script.source(each.targets[0]) == scores.id]
        scores = made[0] if len(made) == 1 else scores
    module = class_of(script, script.source(scores.func)) if isinstance(scores, ast.Call) else None
    forward = None if module is None else script.method(module, "forward")
    end = forward.body[-1] if forward is not None else None
    if module is None or not isinstance(end, ast.Return) or end.value is None:
        return None
    value = end.value
    for statement in reversed(forward.body[:-1] if forward is not None else []):
        if isinstance(statement, ast.Assign) and script.source(statement.targets[0]) == script.source(value):
            value = statement.value
    kept = {f"self.{name}": layer for name, layer in script.layers(module).items()}
    layer: ast.expr | None = kept.get(script.source(value.func)) if isinstance(value, ast.Call) else None
    while isinstance(layer, ast.Call) and script.dotted(layer.func) == "torch.nn.Sequential":
        layer = layer.args[-1] if layer.args else None
    if not isinstance(layer, ast.Call) or script.dotted(layer.func) != "torch.nn.Linear":
        return None
    units = script.argument(layer, "out_features", 1)
    return units.value if isinstance(units, ast.Constant) else None
