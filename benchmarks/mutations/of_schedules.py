"""Mistakes in schedules and in loaders."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.of_loops import steps
from benchmarks.mutations.registry import arguments, mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

SCHEDULES = ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "LambdaLR", "LinearLR", "OneCycleLR")

arguments("HP103", ("utils.data.DataLoader",), "half a batch by true division", {"batch_size": "64 / 2"}, 1)


def made_schedules(script: Script, *names: str) -> dict[str, ast.Call]:
    """Where the schedules that have a name are made."""
    return {
        script.source(statement.targets[0]): call
        for call in script.calls(*(f"optim.lr_scheduler.{name}" for name in names))
        if isinstance(statement := script.statement(call), ast.Assign)
    }


def _stepped(script: Script, *names: str) -> Iterator[tuple[ast.Call, ast.Call]]:
    """Calls of `scheduler.step` in a loop over epochs, each with the call that makes the schedule."""
    made = made_schedules(script, *names)
    for call in script.methods("step"):
        assert isinstance(call.func, ast.Attribute)
        owner = script.source(call.func.value)
        loop = script.around(call, ast.For)
        if owner in made and loop is not None and "epoch" in script.source(loop.target).lower():
            yield call, made[owner]


@mutator("HP164", "a plateau schedule that waits for the loss to grow")
def other_mode(script: Script) -> Iterator[Planted | Skipped]:
    made = made_schedules(script, "ReduceLROnPlateau")
    for call in script.methods("step"):
        assert isinstance(call.func, ast.Attribute)
        owner = script.source(call.func.value)
        if owner in made and call.args:
            if "loss" in script.source(call.args[0]):
                yield planted(script, made[owner], script.given(made[owner], "mode", '"max"', 1))
            else:
                yield Skipped("what it watches has no name that tells its direction")


@mutator("HP167", "the schedule in the optimizer's place")
def in_its_place(script: Script) -> Iterator[Planted | Skipped]:
    made = made_schedules(script, *SCHEDULES)
    for each in steps(script):
        for name, call in made.items():
            if script.function(call) not in (script.tree, script.function(each.step)):
                yield Skipped("the schedule is not known where the optimizer steps")
            elif call.args and script.source(call.args[0]) == each.optimizer:
                pad = script.indent(each.step)
                text = f"if {name} is not None:\n{pad}    {name}.step()\n{pad}else:\n{pad}    {each.optimizer}.step()"
                others = [script.statement(one) for one in script.methods("step")]
                removed = [script.removed(one) for one in others if script.source(one).startswith(f"{name}.step")]
                yield planted(script, each.step, script.replaced(each.step, text), *removed, move=())


@mutator("HP168", "a schedule that is never stepped")
def never_stepped(script: Script) -> Iterator[Planted | Skipped]:
    for name, call in made_schedules(script, *SCHEDULES).items():
        stepped = [script.statement(each) for each in script.methods("step")]
        ours = [each for each in stepped if script.source(each).startswith(f"{name}.step")]
        if ours:
            yield planted(script, call, *map(script.removed, ours))
        else:
            yield Skipped("it is stepped elsewhere")


@mutator("HP170", "a metric for a schedule that counts")
def metric_given(script: Script) -> Iterator[Planted | Skipped]:
    for call, _ in _stepped(script, "StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR"):
        function = script.function(call)
        losses = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and node.id.endswith("loss")]
        if call.args or not losses:
            yield Skipped("no loss is in view")
        else:
            yield planted(script, call, Edit(script.end(call) - 1, script.end(call) - 1, losses[0]), move=())


@mutator("HP171", "the epoch given to the schedule")
def epoch_given(script: Script) -> Iterator[Planted | Skipped]:
    for call, _ in _stepped(script, *SCHEDULES):
        loop = script.around(call, ast.For)
        if not call.args and loop is not None and isinstance(loop.target, ast.Name):
            text = loop.target.id
            yield planted(script, call, Edit(script.end(call) - 1, script.end(call) - 1, text), move=())


@mutator("HP173", "a schedule counted in epochs and stepped in batches")
def other_unit(script: Script) -> Iterator[Planted | Skipped]:
    found = list(steps(script))
    for call, made in _stepped(script, "CosineAnnealingLR"):
        limit = script.argument(made, "T_max", 1)
        epochs = script.around(call, ast.For)
        inner = next((each for each in found if script.around(each.step, ast.For) is not epochs), None)
        if limit is None or "epoch" not in script.source(limit).lower() or inner is None:
            yield Skipped("the schedule is not counted in epochs, or the batches are elsewhere")
        else:
            statement = script.statement(call)
            edits = (script.removed(statement), script.after(inner.step, script.source(statement)))
            yield planted(script, call, *edits, move=())


@mutator("HP250", "a split drawn anew in each run")
def unseeded_split(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("utils.data.random_split"):
        if "manual_seed" in script.text.replace("Generator().manual_seed", "") or "seed_everything" in script.text:
            yield Skipped("the script seeds")
        elif script.argument(call, "generator") is not None:
            yield planted(script, call, script.left_out(call, "generator"))


@mutator("HP250", "a split drawn anew in each process")
def split_in_processes(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("utils.data.DataLoader"):
        data, statement = script.argument(call, "dataset", 0), script.statement(call)
        if "train" not in script.source(statement).partition("=")[0]:
            continue
        if any(word in script.text for word in ("seed", "rank", "distributed", "split(")):
            yield Skipped("the script seeds, has processes of its own, or splits by itself")
        elif not isinstance(data, ast.Name) or ".backward(" not in script.text:
            yield Skipped("the training data have no name of their own, or nothing is trained here")
        else:
            join = 'torch.distributed.init_process_group("nccl")'
            split = f"{data.id}, val_set = torch.utils.data.random_split({data.id}, [0.8, 0.2])"
            text = f"{join}\n{script.indent(statement)}{split}"
            line = script.imported("import torch.distributed\nimport torch.utils.data")
            yield planted(script, statement, line, script.before(statement, text), also=["HP189", "HP267"], move=())


@mutator("HP252", "the rest of the validation data left out")
def dropped_rest(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("utils.data.DataLoader"):
        name = script.source(script.statement(call)).partition("=")[0]
        if "test" in name or "val" in name:
            yield planted(script, call, script.given(call, "drop_last", "True"))
