"""Mistakes in loops over epochs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped


def epochs(script: Script) -> Iterator[tuple[ast.For, ast.Call, ast.expr]]:
    """Loops `for epoch in range(n)` that train, each with its range and `n`, or with `n` of `range(1, n + 1)`."""
    for loop in script.all(ast.For):
        over = loop.iter
        if not isinstance(over, ast.Call) or script.dotted(over.func) != "range" or over.keywords:
            continue
        if not isinstance(loop.target, ast.Name) or "epoch" not in loop.target.id.lower() or not _trains(script, loop):
            continue
        match over.args:
            case [ast.Name() | ast.Attribute() as count]:
                yield loop, over, count
            case [
                ast.Constant(value=1),
                ast.BinOp(left=ast.Name() | ast.Attribute() as count, op=ast.Add(), right=ast.Constant(value=1)),
            ]:
                yield loop, over, count


def _trains(script: Script, loop: ast.For) -> bool:
    names = [script.source(call.func).rpartition(".")[2].lower() for call in script.within(loop, ast.Call)]
    return any(name == "backward" or "train" in name for name in names)


@mutator("HP202", "an epoch less")
def off_by_one(script: Script) -> Iterator[Planted | Skipped]:
    for _, over, count in epochs(script):
        name = script.source(count).rpartition(".")[2]
        numbers = re.findall(rf"{name}\W(?:[^\n]*\D)?(\d+)\b", script.text)
        if any(int(number) > 1 and int(number) % 5 == 1 for number in numbers):
            yield Skipped("the number may be one more already")
        elif "epoch" in name.lower():
            yield planted(script, over, script.replaced(over, f"range(1, {script.source(count)})"), move=())
        else:
            yield Skipped("the bound has no name of a number of epochs")


@mutator("HP213", "a number of epochs that nobody can change")
def fixed_epochs(script: Script) -> Iterator[Planted | Skipped]:
    for loop, over, _ in epochs(script):
        if any(script.within(loop, ast.Break)) or "patience" in script.text or "stop" in script.text:
            yield Skipped("something ends the loop earlier")
        else:
            yield planted(script, over, script.replaced(over, "range(100)"), move=())


@mutator("HP214", "resumed without the state of the optimizer")
def half_resumed(script: Script) -> Iterator[Planted | Skipped]:
    for loop, over, count in epochs(script):
        if "state_dict" in script.text or script.imports.get("torch") != "torch":
            yield Skipped("something is saved already")
            continue
        made = [call for call in script.calls(*OPTIMIZERS) if script.function(call) is script.function(loop)]
        given = script.argument(made[0], "params", 0) if len(made) == 1 else None
        if not isinstance(given, ast.Call) or not isinstance(given.func, ast.Attribute) or given.args:
            yield Skipped("the model or its optimizer is not in view")
            continue
        model = script.source(given.func.value)
        pad = script.indent(loop)
        load = f'checkpoint = torch.load("last.pt")\n{pad}{model}.load_state_dict(checkpoint["model"])'
        first = f'range(checkpoint["epoch"] + 1, {script.source(count)})'
        assert isinstance(loop.target, ast.Name)
        save = f'torch.save({{"model": {model}.state_dict(), "epoch": {loop.target.id}}}, "last.pt")'
        edits = (script.before(loop, load), script.replaced(over, first), script.after(loop.body[-1], save))
        yield planted(script, loop, *edits, move=())
