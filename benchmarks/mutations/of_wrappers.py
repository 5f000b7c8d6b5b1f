"""Mistakes with what is put around a model, its optimizer and its step: Accelerate, FSDP, adapters."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import Training, by_batches, loader_of, owner, scheduled, trainings, unscheduled

PREPARES = ("ccelerat", "ightning", "abric", "deepspeed", "GradScaler", "apex", "closure")
"""What has a word of its own in a step or in what an optimizer holds."""


@mutator("HP262", "the accelerator left out of the backward pass")
def past_the_accelerator(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("backward"):
        assert isinstance(call.func, ast.Attribute)
        if "accelerator" in script.source(call.func.value) and len(call.args) == 1:
            if isinstance(call.args[0], ast.Name):
                text = f"{script.source(call.args[0])}.backward()"
                yield planted(script, call, script.replaced(call, text))
            else:
                yield Skipped("the loss has no name")


@mutator("HP262", "a step that is not adapted to Accelerate")
def not_adapted(script: Script) -> Iterator[Planted | Skipped]:
    for training in trainings(script):
        model, optimizer = training.step.model, training.step.optimizer
        loss = script.source(training.step.backward).removesuffix(".backward()")
        if any(word in script.text for word in PREPARES) or not loss.isidentifier():
            yield Skipped("something else is put around the step, or the loss has no name")
        elif model is None or not model.isidentifier() or not optimizer.isidentifier():
            yield Skipped("the model or the optimizer is no plain name")
        else:
            pad = script.indent(training.statement)
            text = (
                f'planted_accelerator = Accelerator(mixed_precision="fp16")\n'
                f"{pad}{model}, {optimizer} = planted_accelerator.prepare({model}, {optimizer})"
            )
            edits = (script.imported("from accelerate import Accelerator"), script.after(training.statement, text))
            yield planted(script, training.step.backward, *edits)


@mutator("HP247", "a schedule prepared, and counted in batches of one process")
def prepared_length(script: Script) -> Iterator[Planted | Skipped]:
    for found in by_batches(script):
        if isinstance(found, Skipped):
            yield found
        else:
            training, count, loader = found
            schedule = f"CosineAnnealingLR({{}}, T_max={count} * len({loader}))"
            yield _prepared(script, training, schedule, each_batch=True)


@mutator("HP247", "a schedule prepared, and stepped once an epoch")
def prepared_epochs(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        yield _prepared(script, training, "StepLR({}, step_size=2, gamma=0.9)", each_batch=False)


def _prepared(script: Script, training: Training, schedule: str, *, each_batch: bool) -> Planted | Skipped:
    """A training that is adapted to Accelerate, its schedule made behind `prepare` and prepared, too."""
    model, optimizer, loader = training.step.model, training.step.optimizer, loader_of(script, training)
    loss = script.source(training.step.backward).removesuffix(".backward()")
    if any(word in script.text for word in PREPARES) or not loss.isidentifier():
        return Skipped("something else is put around the step, or the loss has no name")
    if loader is None or model is None or not (model.isidentifier() and optimizer.isidentifier()):
        return Skipped("the loader, the model or the optimizer is no plain name")
    pad, held = script.indent(training.statement), f"{model}, {optimizer}, {loader}"
    made, stepped = scheduled(
        script, training, f"torch.optim.lr_scheduler.{schedule.format(optimizer)}", each_batch=each_batch
    )
    prepare = f"\n{pad}planted_accelerator = Accelerator()\n{pad}{held} = planted_accelerator.prepare({held})"
    last = f"\n{pad}planted_schedule = planted_accelerator.prepare(planted_schedule)"
    return planted(
        script,
        training.made,
        script.imported("from accelerate import Accelerator"),
        Edit(made.start, made.end, f"{prepare}{made.text}{last}"),
        script.replaced(training.step.backward, f"planted_accelerator.backward({loss})"),
        stepped,
    )


@mutator("HP266", "sharded after the optimizer was made")
def sharded_late(script: Script) -> Iterator[Planted | Skipped]:
    line = "from torch.distributed.fsdp import FullyShardedDataParallel"
    yield from _wrapped(script, line, "{0} = FullyShardedDataParallel({0})")


@mutator("HP266", "adapters after the optimizer was made")
def adapted_late(script: Script) -> Iterator[Planted | Skipped]:
    line = "from peft import LoraConfig, get_peft_model"
    yield from _wrapped(script, line, "{0} = get_peft_model({0}, LoraConfig(r=16, lora_alpha=32))")


def _wrapped(script: Script, line: str, form: str) -> Iterator[Planted | Skipped]:
    """A model that is wrapped under the optimizer that was given its parameters."""
    for call in script.calls(*OPTIMIZERS):
        statement, name = script.statement(call), owner(script, call)
        if any(word in script.text for word in PREPARES):
            yield Skipped("something else is put around the model")
        elif name is None or not name.isidentifier() or not isinstance(statement, ast.Assign):
            yield Skipped("the model is no plain name")
        elif len(list(script.calls(*OPTIMIZERS))) > 1:
            yield Skipped("another optimizer may be the one that trains")
        else:
            yield planted(script, call, script.imported(line), script.after(statement, form.format(name)))
