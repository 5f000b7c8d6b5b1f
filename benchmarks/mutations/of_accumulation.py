"""Mistakes in steps that add up the gradients of several batches, and in graphs that are kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.of_loops import Step, steps
from benchmarks.mutations.of_loss_calls import measured
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped


def accumulated(script: Script, step: Step, backward: str) -> list[Edit] | Skipped:
    """The edits that make a training step one that adds up the gradients of four batches."""
    loop = script.around(step.backward, ast.For)
    loss = script.source(step.backward).removesuffix(".backward()")
    if loop is None or script.block(step.backward) is not loop.body or step.cleared is None or step.clip is not None:
        return Skipped("the step is not plain, or does more than step")
    if not loss.isidentifier() or script.source(step.step) != f"{step.optimizer}.step()":
        return Skipped("the loss has no name, or the step does more than step")
    if isinstance(loop.iter, ast.Call) and script.dotted(loop.iter.func) in ("range", "tqdm.trange", "count"):
        return Skipped("the loop is not over batches")
    edits, counter = _counted(script, loop)
    pad = script.indent(step.step)
    text = f"if ({counter} + 1) % GROUP == 0:\n{pad}    {step.optimizer}.step()\n{pad}    {step.optimizer}.zero_grad()"
    edits += [script.removed(step.cleared), script.replaced(step.step, text)]
    edits += [script.above(loop, "GROUP = 4"), script.replaced(step.backward, backward.format(loss))]
    return edits


def _counted(script: Script, loop: ast.For) -> tuple[list[Edit], str]:
    """The counter of a loop, and the edits that give it one."""
    counts = isinstance(loop.iter, ast.Call) and script.dotted(loop.iter.func) == "enumerate"
    if counts and isinstance(loop.target, ast.Tuple) and isinstance(loop.target.elts[0], ast.Name):
        return [], loop.target.elts[0].id
    target, data = script.source(loop.target), script.source(loop.iter)
    batch = f"({target})" if isinstance(loop.target, ast.Tuple) and not target.startswith("(") else target
    edits = [script.replaced(loop.target, f"number, {batch}"), script.replaced(loop.iter, f"enumerate({data})")]
    return edits, "number"


@mutator("HP209", "the loss of an accumulation not divided")
def not_divided(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        owner = script.source(each.backward).partition(".backward")[0]
        block = script.block(each.backward)
        made = [one.value for one in block if isinstance(one, ast.Assign) and script.source(one.targets[0]) == owner]
        means = {call for call, _ in measured(script)}
        if any(word in script.text for word in ('="sum"', "='sum'", "size_average")) or not set(made) & means:
            yield Skipped("the loss is not certainly a mean")
            continue
        edits = accumulated(script, each, "{}.backward()")
        yield edits if isinstance(edits, Skipped) else planted(script, each.backward, *edits, move=[each.backward])


@mutator("HP215", "the rest of an accumulation dropped")
def rest_dropped(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        edits = accumulated(script, each, "({} / GROUP).backward()")
        loop = script.around(each.backward, ast.For)
        if loop is None or script.around(loop, (ast.For)) is None:
            yield Skipped("the epochs are not in view")
        else:
            yield edits if isinstance(edits, Skipped) else planted(script, each.backward, *edits, move=[each.backward])


@mutator("HP211", "a graph kept for nothing")
def kept_graph(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        text = script.source(each.backward)
        function = script.function(each.backward)
        again = [call for call in script.methods("backward") if script.function(call) is function]
        if not text.endswith(".backward()") or "autograd.grad" in script.text or "create_graph" in script.text:
            yield Skipped("gradients of gradients are taken")
        elif len(again) > 1:
            yield Skipped("there are other backward passes")
        else:
            end = script.end(each.backward) - 1
            yield planted(script, each.backward, Edit(end, end, "retain_graph=True"))
