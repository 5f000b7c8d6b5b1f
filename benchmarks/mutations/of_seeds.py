"""Mistakes in what makes a run repeatable: seeds, and the ways in which cuDNN chooses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped
from benchmarks.mutations.trainings import models

SEEDS = {"torch.manual_seed": "torch", "numpy.random.seed": "numpy", "random.seed": "python"}
DRAWS = {"numpy.random.shuffle": "numpy", "numpy.random.permutation": "numpy", "random.shuffle": "python"}
SPLITS = ("train_test_split", "KFold", "StratifiedKFold", "ShuffleSplit")
SHOWS = re.compile(r"plot|show|visual|display|sample|demo|test|eval|predict|infer|__getitem__|__iter__|collate")
STORED = re.compile(r"load_state_dict|pretrained|weights=|init\.\w+_\(|\.apply\(")


def seedings(script: Script) -> Iterator[tuple[ast.stmt, str]]:
    """Statements that do nothing but seed, each with whose generator."""
    for statement in script.all(ast.Expr):
        if isinstance(statement.value, ast.Call):
            name = script.dotted(statement.value.func)
            if name in SEEDS or name.startswith("torch.cuda.manual_seed"):
                yield statement, SEEDS.get(name, "cuda")


@mutator("HP257", "cuDNN both deterministic and choosing by timing")
def both_flags(script: Script) -> Iterator[Planted | Skipped]:
    flags = [
        each
        for each in script.all(ast.Assign)
        if script.source(each.targets[0]).endswith(("cudnn.deterministic", "cudnn.benchmark"))
    ]
    for each in flags:
        target, on = script.source(each.targets[0]), script.source(each.value) == "True"
        name = "benchmark" if target.endswith("deterministic") else "deterministic"
        twin = f"{target.rpartition('.')[0]}.{name}"
        others = [one for one in flags if script.source(one.targets[0]) == twin]
        if not on:
            yield Skipped("the flag is not switched on for certain")
        elif not others:
            yield planted(script, each, script.after(each, f"{twin} = True"), move=())
        elif len(others) == 1 and others[0] in script.block(each):
            yield planted(script, each, script.replaced(others[0].value, "True"), move=())
        else:
            yield Skipped("the other flag is set elsewhere")
    if flags or "cudnn" in script.text:
        return
    for statement, kind in seedings(script):
        if kind == "torch" and script.imports.get("torch") == "torch":
            pad, place = script.indent(statement), "torch.backends.cudnn"
            text = f"{place}.deterministic = True\n{pad}{place}.benchmark = True"
            yield planted(script, statement, script.after(statement, text), move=())


@mutator("HP258", "the seed moved below the model")
def late_seed(script: Script) -> Iterator[Planted | Skipped]:
    seeds = [statement for statement, kind in seedings(script) if kind == "torch"]
    found = list(_trained(script))
    if len(seeds) != 1 or not found:
        return
    for model, _ in found[:1]:
        if script.function(seeds[0]) is not script.function(model) or script.start(seeds[0]) > script.start(model):
            yield Skipped("the seed is set in another function")
        elif seeds[0] not in script.block(seeds[0]) or STORED.search(script.text):
            yield Skipped("the weights are set by something else")
        else:
            edits = (script.removed(seeds[0]), script.after(model, script.source(seeds[0])))
            yield planted(script, model, *edits)


@mutator("HP258", "a seed for the first time below the model")
def first_seed(script: Script) -> Iterator[Planted | Skipped]:
    if "seed" in script.text.lower() or script.imports.get("torch") != "torch":
        return
    for model, _ in list(_trained(script))[:1]:
        if STORED.search(script.text):
            yield Skipped("the weights are set by something else")
        else:
            yield planted(script, model, script.after(model, "torch.manual_seed(0)"))


def _trained(script: Script) -> Iterator[tuple[ast.Assign, str]]:
    """Models of the script's own classes that it trains, made at the top of a function or of the module."""
    for _, statement, name in models(script):
        home = script.function(statement)
        trained = f"{name}.parameters(" in script.text and ".backward(" in script.text
        if trained and statement in home.body:
            yield statement, name


@mutator("HP265", "the seeds of the other generators left out")
def seeds_left_out(script: Script) -> Iterator[Planted | Skipped]:
    found = list(seedings(script))
    if "torch" not in {kind for _, kind in found} or ".backward(" not in script.text:
        return
    for library in ("numpy", "python"):
        ours = [statement for statement, kind in found if kind == library]
        drawn = [call for call in script.all(ast.Call) if _library(script, call) == library]
        if not ours:
            continue
        if not any(_splits(script, call) for call in drawn):
            yield Skipped("nothing is shuffled or split with that generator")
        else:
            yield planted(script, drawn[0], *map(script.removed, ours))


@mutator("HP265", "a permutation by NumPy")
def numpy_permutation(script: Script) -> Iterator[Planted | Skipped]:
    found = {kind for _, kind in seedings(script)}
    if "torch" not in found or "numpy" in found or ".backward(" not in script.text:
        return
    if script.imports.get("torch") != "torch" or "seed" in "".join(_unknown(script)):
        yield Skipped("something else may seed")
        return
    for call in script.calls("randperm"):
        if len(call.args) != 1 or not _splits(script, call):
            yield Skipped("it picks what is shown, or has other arguments")
        else:
            text = f"torch.from_numpy(numpy.random.permutation({script.source(call.args[0])}))"
            yield planted(script, call, script.replaced(call, text), script.imported("import numpy"))


@mutator("HP265", "a split of scikit-learn without its seed")
def split_unseeded(script: Script) -> Iterator[Planted | Skipped]:
    found = {kind for _, kind in seedings(script)}
    if "torch" not in found or "numpy" in found or ".backward(" not in script.text:
        return
    for call in script.all(ast.Call):
        if script.dotted(call.func).startswith("sklearn.") and script.argument(call, "random_state") is not None:
            yield planted(script, call, script.left_out(call, "random_state"))


def _library(script: Script, call: ast.Call) -> str | None:
    name = script.dotted(call.func)
    if name in DRAWS:
        return DRAWS[name]
    split = name.startswith("sklearn.") and name.rpartition(".")[2] in SPLITS
    return "numpy" if split and script.argument(call, "random_state") is None else None


def _splits(script: Script, call: ast.Call) -> bool:
    """Whether a draw certainly is not one for showing samples."""
    function = script.function(call)
    return not (isinstance(function, ast.FunctionDef) and SHOWS.search(function.name))


def _unknown(script: Script) -> Iterator[str]:
    """Names of functions that are called and may seed."""
    for call in script.all(ast.Call):
        name = script.dotted(call.func)
        if name not in SEEDS and not name.startswith("torch.cuda."):
            yield name


@mutator("HP267", "nothing seeded any more")
def nothing_seeded(script: Script) -> Iterator[Planted | Skipped]:
    found = [statement for statement, _ in seedings(script)]
    if not found or ".backward(" not in script.text:
        return
    options = [
        statement
        for call in script.methods("add_argument")
        if "seed" in script.source(call) and isinstance(statement := script.statement(call), ast.Expr)
    ]
    removed = [*found, *options]
    text = script.edited([script.removed(each) for each in removed])
    if "seed" in text:
        yield Skipped("something else speaks of seeds")
    elif not any(isinstance(each, ast.For) for each in script.tree.body) and "__main__" not in text:
        yield Skipped("it is a module that others import")
    else:
        yield planted(script, found[0], *map(script.removed, removed), move=())
