"""Mistakes in single words and numbers: characters that look like others, seeds that are none, sizes left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.of_data import LOADER, data_sets
from benchmarks.mutations.of_seeds import seedings
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped

TWINS = str.maketrans({"a": "\u0430", "e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441"})
"""Latin letters and the Cyrillic ones that are drawn alike."""


@mutator("HP186", "a Cyrillic letter in a name")
def look_alike(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("parameters", "backward"):
        assert isinstance(call.func, ast.Attribute)
        name = call.func.value
        if not isinstance(name, ast.Name) or name.id in script.imports:
            continue
        stored = any(each.id == name.id and isinstance(each.ctx, ast.Store) for each in script.all(ast.Name))
        odd = re.sub(r"[aeopc]", lambda found: found[0].translate(TWINS), name.id, count=1)
        if odd == name.id:
            yield Skipped("no letter of the name has a twin")
        elif not stored:
            yield Skipped("the name is given its value elsewhere")
        else:
            yield planted(script, call, script.replaced(name, odd), move=())


@mutator("HP187", "a seed that is refused, or always 0")
def fraction(script: Script) -> Iterator[Planted | Skipped]:
    for statement, kind in seedings(script):
        given = (
            statement.value.args if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else []
        )
        if kind == "python":
            yield Skipped("Python's own generator takes any number")
        elif len(given) == 1 and kind == "numpy":
            yield planted(script, statement, script.replaced(given[0], "0.5"))
        elif len(given) == 1:
            drawn = script.replaced(given[0], "planted_random.random()")
            yield planted(script, statement, script.imported("import random as planted_random"), drawn, move=())


@mutator("HP217", "decay of all parameters")
def decay_of_all(script: Script) -> Iterator[Planted | Skipped]:
    normed = any(
        script.layers(each) and re.search(r"(Batch|Layer|Group)Norm", script.source(each)) for each in script.modules()
    )
    for call in script.calls("optim.AdamW"):
        given = script.argument(call, "params", 0)
        if not isinstance(given, ast.Call) or not normed:
            yield Skipped("it is not in view that a norm is decayed")
        elif script.argument(call, "weight_decay") is None and not script.is_open(call):
            yield planted(script, call, script.added(call, "weight_decay=0.1"))


@mutator("HP249", "no batch size for the training data")
def single_samples(script: Script) -> Iterator[Planted | Skipped]:
    known = {id(call) for call, _, train in data_sets(script) if train}
    for call in script.calls(LOADER):
        data, given = script.argument(call, "dataset", 0), script.argument(call, "batch_size")
        if script.is_open(call) or given is None or data is None:
            continue
        made = next(
            (each.value for each in script.all(ast.Assign) if script.source(each.targets[0]) == script.source(data)),
            data,
        )
        if id(made) not in known:
            yield Skipped("it is not in view that the data are for training, a sample at a time")
        elif ".backward(" not in script.text:
            yield Skipped("nothing is trained with it here")
        else:
            yield planted(script, call, script.left_out(call, "batch_size"), move=())
