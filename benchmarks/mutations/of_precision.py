"""Mistakes in mixed and in half precision."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.of_loops import Step, steps
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

HALF = 'torch.autocast("cuda", dtype=torch.float16)'
BRAIN = 'torch.autocast("cuda", dtype=torch.bfloat16)'
SCALER = 'torch.amp.GradScaler("cuda")'
OLD = ("torch.cuda.amp.autocast()", "torch.cuda.amp.GradScaler()")


def mixed(
    script: Script, step: Step, cast: str, scaler: str | None, stepped: str = "scaler.step({})", clip: str = ""
) -> list[Edit] | Skipped:
    """The edits that make a training step one in mixed precision: a cast around its forward pass, and a scaler."""
    loss = script.source(step.backward).removesuffix(".backward()")
    block = script.block(step.backward)
    passed = block[: block.index(step.backward)]
    while passed and f"{step.model}(" not in script.source(passed[0]):
        del passed[0]
    if not loss.isidentifier() or script.source(step.step) != f"{step.optimizer}.step()" or not passed:
        return Skipped("the forward pass, or what is done with its loss, is not in view")
    if script.imports.get("torch") != "torch" or any(word in script.text for word in ("autocast", "scaler", "amp")):
        return Skipped("torch has no name, or the precision is mixed already")
    edit = script.under(passed, f"with {cast}:")
    if edit is None:
        return Skipped("the forward pass cannot be put deeper")
    edits = [edit]
    if scaler is not None:
        pad = script.indent(step.step)
        lines = [*([clip.format(step.model)] if clip else ()), stepped.format(step.optimizer), "scaler.update()"]
        edits.append(script.above(step.backward, f"scaler = {scaler}"))
        edits.append(script.replaced(step.backward, f"scaler.scale({loss}).backward()"))
        edits.append(script.replaced(step.step, f"\n{pad}".join(lines)))
    return edits


def _planted(
    script: Script, cast: str, scaler: str | None, stepped: str = "scaler.step({})", clip: str = ""
) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        edits = mixed(script, each, cast, scaler, stepped, clip)
        if isinstance(edits, Skipped):
            yield edits
        elif clip and each.clip is not None:
            yield Skipped("gradients are clipped already")
        else:
            yield planted(script, each.backward, *edits, move=[each.backward])


@mutator("HP191", "scaled gradients clipped, in a step made mixed")
def clipped_scaled(script: Script) -> Iterator[Planted | Skipped]:
    clip = "torch.nn.utils.clip_grad_norm_({}.parameters(), 1.0)"
    yield from _planted(script, HALF, SCALER, clip=clip)


@mutator("HP192", "the optimizer stepped past its scaler, in a step made mixed")
def past_the_scaler(script: Script) -> Iterator[Planted | Skipped]:
    yield from _planted(script, HALF, SCALER, "{}.step()")


@mutator("HP205", "the old names of mixed precision")
def old_names(script: Script) -> Iterator[Planted | Skipped]:
    yield from _planted(script, *OLD)


@mutator("HP206", "a scaler for bfloat16")
def scaler_for_brain(script: Script) -> Iterator[Planted | Skipped]:
    yield from _planted(script, BRAIN, SCALER)


@mutator("HP207", "float16 without a scaler")
def no_scaler(script: Script) -> Iterator[Planted | Skipped]:
    yield from _planted(script, HALF, None)


@mutator("HP208", "weights in half precision")
def half_model(script: Script) -> Iterator[Planted | Skipped]:
    found = {each.optimizer: each.model for each in steps(script)}
    for call in script.calls(*OPTIMIZERS):
        statement = script.statement(call)
        model = found.get(script.source(statement).partition("=")[0].strip())
        if "import accelerate" in script.text or "from accelerate" in script.text:
            yield Skipped("another library may keep copies of the weights")
        elif model is None:
            yield Skipped("what the optimizer is given is not known, or is not trained here")
        else:
            yield planted(script, call, script.before(statement, f"{model}.half()"))
