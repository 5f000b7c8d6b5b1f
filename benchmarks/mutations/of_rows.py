"""Mistakes in single words and numbers: characters that look like others, seeds that are none, sizes left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.of_data import LOADER, data_sets
from benchmarks.mutations.of_seeds import seedings
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped
from benchmarks.mutations.trainings import models, owner

SHIFTED = re.compile(r"\[1:,|\[:, 1:")
"""All words but the first, as those that are to be predicted."""
RANKS = re.compile(r"rank|master|world_size|local_|distributed|ddp|DataParallel|ccelerat|ightning|deepspeed")
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


@mutator("HP185", "Adagrad made before the model moves")
def moved_later(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        name, statement = owner(script, call), script.statement(call)
        made = [each.value for _, each, held in models(script) if held == name]
        if name is None or len(made) != 1 or script.is_open(call) or script.argument(call, "lr", 1) is None:
            continue
        if not isinstance(statement, ast.Assign) or statement.value is not call:
            yield Skipped("the optimizer is no plain name")
        elif any(isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) for each in made) or re.search(
            rf"\b{name}(\.to|\.cuda)\(|{name} = \w*[pP]arallel|set_default_device", script.text
        ):
            yield Skipped("the model moves already")
        elif any("device" in script.source(each) for each in script.modules() if each.name in script.source(made[0])):
            yield Skipped("the model puts parts of itself on a device")
        else:
            rate = script.argument(call, "lr", 1)
            assert rate is not None
            text = f"torch.optim.Adagrad({name}.parameters(), lr={script.source(rate)})"
            edits = (script.replaced(call, text), script.after(statement, f'{name}.to("cuda")'))
            yield planted(script, call, script.imported("import torch"), *edits, also=["HP240", "HP267"], move=())


@mutator("HP189", "a checkpoint written by every process")
def every_rank_saves(script: Script) -> Iterator[Planted | Skipped]:
    for save in script.calls("save"):
        guard = script.around(save, ast.If)
        if "init_process_group" not in script.text:
            continue
        if guard is None or not re.search(r"rank|main|master", script.source(guard.test)):
            yield Skipped("no test of the rank is around it")
        elif re.search(r"\b(rank|is_main|is_master)", script.text.replace(script.source(guard.test), "")) is None:
            yield planted(script, save, script.replaced(guard.test, "True"), move=())
        else:
            yield Skipped("the rank decides elsewhere too")


@mutator("HP189", "a script made distributed, its checkpoint as before")
def made_distributed(script: Script) -> Iterator[Planted | Skipped]:
    found = {id(statement): (statement, name) for _, statement, name in models(script)}
    for save in script.calls("save"):
        path = script.argument(save, "f", 1)
        if RANKS.search(script.text) or path is None or len(found) != 1:
            yield Skipped("a word of the script tells processes apart, or several models are made")
        elif re.search(r"tmp|temp|buffer|BytesIO", script.source(path)):
            yield Skipped("each process may have its own file")
        else:
            (statement, name) = next(iter(found.values()))
            join = script.before(statement, 'torch.distributed.init_process_group("nccl")')
            wrap = script.after(statement, f"{name} = torch.nn.parallel.DistributedDataParallel({name})")
            line = script.imported("import torch.distributed\nimport torch.nn.parallel")
            yield planted(script, save, line, join, wrap)


@mutator("HP248", "padding counted as a class")
def padding_counted(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.CrossEntropyLoss", "nn.functional.cross_entropy"):
        if script.argument(call, "ignore_index") is None or script.is_open(call):
            continue
        if "pad_sequence" not in script.text and "padding_idx" not in script.text:
            yield Skipped("it is not in view that sequences are filled up")
        else:
            yield planted(script, call, script.left_out(call, "ignore_index"))


@mutator("HP248", "words filled up, and all of them counted")
def filled_up(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.CrossEntropyLoss", "nn.functional.cross_entropy"):
        embeddings = [each for each in script.calls("nn.Embedding") if script.argument(each, "padding_idx", 2) is None]
        if len(embeddings) != 1 or call.keywords or re.search(r"mask|pack_padded|-100\b", script.text):
            yield Skipped("no embedding of words that are filled up, or something may leave the filling out")
        elif not SHIFTED.search(script.text):
            yield Skipped("it is not in view that the words themselves are predicted")
        else:
            yield planted(script, call, script.given(embeddings[0], "padding_idx", "0", 2))
