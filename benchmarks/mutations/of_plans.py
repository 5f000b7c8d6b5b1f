"""Mistakes in what a schedule is planned for: the optimizer, the length, the rate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.mutations.of_schedules import made_schedules
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped
from benchmarks.mutations.trainings import (
    Training,
    by_batches,
    by_epochs,
    number,
    optimizer_of,
    scheduled,
    unscheduled,
)

STEP_BY_STEP = ("StepLR", "MultiStepLR", "ExponentialLR", "LinearLR", "ConstantLR", "PolynomialLR", "CosineAnnealingLR")
"""Their `get_lr()` goes on from the rate in use."""
ALL = (*STEP_BY_STEP, "LambdaLR", "OneCycleLR", "CyclicLR", "CosineAnnealingWarmRestarts", "ReduceLROnPlateau")
TORCH = "torch.optim.lr_scheduler"


@mutator("HP169", "another optimizer after the schedule")
def replaced_optimizer(script: Script) -> Iterator[Planted | Skipped]:
    for name, call in made_schedules(script, *ALL).items():
        statement = script.statement(call)
        optimizer = script.argument(call, "optimizer", 0)
        made = None if optimizer is None else optimizer_of(script, script.source(optimizer))
        if made is None or made[1] not in script.block(statement):
            yield Skipped("the optimizer is made elsewhere")
        elif f"{name}.step(" not in script.text:
            yield Skipped("it is stepped elsewhere")
        else:
            twice = {"HP184", "HP240"}
            yield planted(script, call, script.after(statement, script.source(made[1])), also=twice)


@mutator("HP169", "the other optimizer's name in a copied line")
def copied_line(script: Script) -> Iterator[Planted | Skipped]:
    found = list(made_schedules(script, *ALL).values())
    for one, other in pairwise(found):
        mine, theirs = script.argument(one, "optimizer", 0), script.argument(other, "optimizer", 0)
        if mine is None or theirs is None or script.source(mine) == script.source(theirs):
            yield Skipped("both schedules are for one optimizer")
        else:
            yield planted(script, other, script.replaced(theirs, script.source(mine)))


@mutator("HP172", "the next rate in the log")
def next_rate(script: Script) -> Iterator[Planted | Skipped]:
    made = made_schedules(script, *STEP_BY_STEP)
    for call in script.methods("step"):
        assert isinstance(call.func, ast.Attribute)
        name, statement = script.source(call.func.value), script.statement(call)
        if name in made and isinstance(statement, ast.Expr) and statement.value is call:
            yield planted(script, call, script.before(statement, f"print({name}.get_lr())"), move=[made[name]])


@mutator("HP174", "a cycle in batches, stepped once an epoch")
def cycle_in_batches(script: Script) -> Iterator[Planted | Skipped]:
    for found in by_batches(script):
        if isinstance(found, Skipped):
            yield found
        else:
            training, count, loader = found
            yield _cycle(script, training, f"epochs={count}, steps_per_epoch=len({loader})", each_batch=False)


@mutator("HP174", "a cycle in epochs, stepped once a batch")
def cycle_in_epochs(script: Script) -> Iterator[Planted | Skipped]:
    for found in by_epochs(script):
        if isinstance(found, Skipped):
            yield found
        else:
            yield _cycle(script, found, f"total_steps={script.source(found.count)}", each_batch=True)


def _cycle(script: Script, training: Training, length: str, *, each_batch: bool) -> Planted | Skipped:
    rate = script.argument(training.made, "lr", 1)
    if rate is None:
        return Skipped("the optimizer is given no rate")
    name, peak = training.step.optimizer, script.source(rate)
    text = f"{TORCH}.OneCycleLR({name}, max_lr={peak}, {length}, cycle_momentum=False)"
    return planted(script, training.made, *scheduled(script, training, text, each_batch=each_batch))


@mutator("HP173", "a cosine laid out in epochs, stepped once a batch")
def cosine_in_epochs(script: Script) -> Iterator[Planted | Skipped]:
    for found in by_epochs(script):
        if isinstance(found, Skipped):
            yield found
        else:
            yield _cosine(script, found, script.source(found.count), each_batch=True)


@mutator("HP173", "a cosine laid out in batches, stepped once an epoch")
def cosine_in_batches(script: Script) -> Iterator[Planted | Skipped]:
    for found in by_batches(script):
        if isinstance(found, Skipped):
            yield found
        else:
            training, count, loader = found
            yield _cosine(script, training, f"{count} * len({loader})", each_batch=False)


def _cosine(script: Script, training: Training, length: str, *, each_batch: bool) -> Planted | Skipped:
    text = f"{TORCH}.CosineAnnealingLR({training.step.optimizer}, T_max={length})"
    return planted(script, training.made, *scheduled(script, training, text, each_batch=each_batch))


@mutator("HP175", "the rate as a factor of the rate")
def squared_rate(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        rate = script.argument(training.made, "lr", 1)
        value = None if rate is None else number(script, rate)
        if rate is None or (isinstance(rate, ast.Constant) and value is not None and value >= 0.05):
            yield Skipped("the rate may be a factor by itself")
        elif not isinstance(rate, (ast.Constant, ast.Name, ast.Attribute)) or value == 1:
            yield Skipped("the rate is worked out in place")
        else:
            text = f"{TORCH}.LambdaLR({training.step.optimizer}, lambda epoch: {script.source(rate)} * 0.95**epoch)"
            yield planted(script, training.made, *scheduled(script, training, text, each_batch=False))


@mutator("HP176", "a step size beyond the last epoch")
def step_beyond(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        yield _beyond(script, training, "StepLR({}, step_size={:.0f})")


@mutator("HP176", "milestones beyond the last epoch")
def milestones_beyond(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        yield _beyond(script, training, "MultiStepLR({}, milestones=[{:.0f}, 100000], gamma=0.1)")


def _beyond(script: Script, training: Training, form: str) -> Planted | Skipped:
    count = number(script, training.count)
    if count is None or count < 2:
        return Skipped("the number of epochs is not written out")
    text = f"{TORCH}.{form.format(training.step.optimizer, count + 5)}"
    return planted(script, training.made, *scheduled(script, training, text, each_batch=False))


@mutator("HP177", "a warm-up that is longer than training")
def long_warmup(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        line = script.imported("from transformers import get_linear_schedule_with_warmup")
        text = (
            f"get_linear_schedule_with_warmup({training.step.optimizer}, num_warmup_steps=1000, num_training_steps=500)"
        )
        yield planted(script, training.made, line, *scheduled(script, training, text, each_batch=True))


@mutator("HP181", "a momentum that the cycle overwrites")
def overwritten_momentum(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        short, rate = script.dotted(training.made.func).rpartition(".")[2], script.argument(training.made, "lr", 1)
        if rate is None or short not in ("Adam", "AdamW", "SGD"):
            yield Skipped("the optimizer has no momentum or no rate")
            continue
        edit = (
            script.given(training.made, "momentum", "0.5", 2)
            if short == "SGD"
            else script.given(training.made, "betas", "(0.5, 0.999)", 2)
        )
        text = f"{TORCH}.OneCycleLR({training.step.optimizer}, max_lr={script.source(rate)}, total_steps=100000)"
        yield planted(script, training.made, edit, *scheduled(script, training, text, each_batch=True))


@mutator("HP181", "an option for the rate that the cycle overwrites")
def overwritten_rate(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        rate = script.argument(training.made, "lr", 1)
        name = rate.attr.replace("_", "-") if isinstance(rate, ast.Attribute) else ""
        options = ("".join((quote, "--", each, quote)) for quote in "'\"" for each in (name, name.replace("-", "_")))
        if not name or not any(option in script.text for option in options):
            yield Skipped("the rate is no option of the command line")
        else:
            text = (
                f"{TORCH}.OneCycleLR({training.step.optimizer}, max_lr=0.1, total_steps=100000, cycle_momentum=False)"
            )
            yield planted(script, training.made, *scheduled(script, training, text, each_batch=True))
