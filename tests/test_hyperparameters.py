"""The table of hyperparameters: complete, consistent, true to the libraries, and readable in a terminal."""

from __future__ import annotations

import ast
import inspect
import json
import operator
import re
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import click
import pytest

from hplint import hyperparameters, signatures
from hplint.hyperparameters import Hyperparameter
from hplint.model import Level
from hplint.report.explain import explain

TEXT = Path(hyperparameters.__file__).with_suffix(".toml").read_text(encoding="utf-8")
ROWS = hyperparameters.rows()
CATEGORIES = ("Optimization", "Training configuration", "Network architecture", "Regularization")
LIBRARIES = {"torch", "keras", "transformers", "lightning", "timm", "optax", "trl", "accelerate", "peft"}

SEED = {
    "learning-rate": "Optimization",
    "momentum": "Optimization",
    "optimizer": "Optimization",
    "epochs": "Training configuration",
    "batch-size": "Training configuration",
    "hidden-layers-and-units": "Network architecture",
    "activation": "Network architecture",
    "dropout": "Regularization",
    "weight-decay": "Regularization",
    "l1-regularization": "Regularization",
}
"""The nine rows that the project started from, L1/L2 regularization in two, in their order."""

PREAMBLE = """
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch.optim import lr_scheduler
x, y = torch.randn(64, 4), torch.randint(0, 3, (64,))
dataset = TensorDataset(x, y)
loader = DataLoader(dataset, batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
epochs = 3
total_steps = epochs * len(loader)
"""
"""What every example may rely on."""

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def key(spelling: str) -> str:
    return spelling.lower().replace("-", "_")


# --- the text


def test_the_seed_rows_come_first() -> None:
    assert {row.name: row.category for row in ROWS[: len(SEED)]} == SEED
    assert [row.name for row in ROWS[: len(SEED)]] == list(SEED)


def test_names_are_distinct_and_text_is_ascii() -> None:
    assert len({row.name for row in ROWS}) == len({row.title for row in ROWS}) == len(ROWS)
    assert TEXT.isascii()
    assert not re.search(r"[ \t]$", TEXT, re.MULTILINE)


@each_row
def test_a_row_is_complete(row: Hyperparameter) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", row.name)
    assert row.category in CATEGORIES
    assert row.default in {"yes", "no", "depends"}
    assert row.title
    assert row.specific
    assert row.choose
    assert row.carries
    assert row.sources
    assert {default.library for default in row.defaults} <= LIBRARIES
    for sentences in (row.what, row.why, *row.choose, row.default_why, row.accepts, row.seen):
        assert sentences.endswith(".")
    for prose in row.prose:
        assert "  " not in prose
        assert prose.count("`") % 2 == 0
        assert prose == prose.strip()


@each_row
def test_spellings_are_identifiers_and_canonical_ones_are_long(row: Hyperparameter) -> None:
    assert len(set(row.spellings)) == len(row.spellings)
    assert all(spelling.isidentifier() for spelling in row.spellings)
    assert set(row.canonical) <= set(row.spellings)
    assert all(len(word) >= 8 and word.islower() for word in row.canonical)


def test_a_spelling_of_two_rows_is_declared_ambiguous() -> None:
    declared = TEXT.partition("ambiguous = [")[2].partition("]")[0]
    ambiguous = set(re.findall(r"'(\w+)'", declared))
    owners = Counter(owner for row in ROWS for owner in {key(row.name), *map(key, row.spellings)})
    assert {spelling for spelling, count in owners.items() if count > 1} <= ambiguous
    assert ambiguous <= owners.keys()


def test_every_source_is_used() -> None:
    listed = re.findall(r"^\[sources\.'(.+?)'\]", TEXT, re.MULTILINE)
    assert set(listed) == {source.key for row in ROWS for source in row.sources}
    assert len(listed) == len(set(listed))


def test_an_argument_belongs_to_one_row() -> None:
    carried = Counter(argument for row in ROWS for argument in row.carries)
    assert [argument for argument, count in carried.items() if count > 1] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title = 'Momentum'", "title = 'Momentum'\nrules = ['HP111']", "momentum: unknown key rules"),
        ("title = 'Momentum'\n", "", "momentum: missing key title"),
        ("[code survey], so its absence", "[a survey], so its absence", "source a survey is not listed"),
    ],
)
def test_a_mistake_in_the_table_is_refused(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=re.escape(message)):
        hyperparameters._read(TEXT.replace(old, new, 1))


# --- true to PyTorch


def torch_names(row: Hyperparameter) -> list[str]:
    return [name for name in (*row.carries, *(d.argument for d in row.defaults)) if name.startswith("torch.")]


def exists(name: str) -> bool:
    """Whether a name is a public callable of PyTorch or a parameter of one; ``*`` stands for any of a module."""
    if signatures.names(name):
        return True
    owner, _, parameter = name.rpartition(".")
    found = [signatures.lookup(symbol) for symbol in signatures.names(owner)]
    return any(signature and signature.parameter(parameter) for signature in found)


@each_row
def test_what_carries_it_exists(row: Hyperparameter) -> None:
    assert [name for name in torch_names(row) if not exists(name)] == []


@each_row
def test_defaults_are_those_of_pytorch(row: Hyperparameter) -> None:
    torch = pytest.importorskip("torch")
    for default in row.defaults:
        if default.library == "torch":
            owner, _, parameter = default.argument.removeprefix("torch.").rpartition(".")
            callable_ = reduce(getattr, owner.split("."), torch)
            if inspect.isclass(callable_) and issubclass(callable_, torch.nn.RNNBase):
                callable_ = torch.nn.RNNBase
            if owner == "manual_seed":
                assert default.value == "required"
                continue
            real = inspect.signature(callable_).parameters[parameter].default
            if default.value == "required":
                assert real is inspect.Parameter.empty, default.argument
            elif default.value.startswith("torch."):
                assert real is operator.attrgetter(default.value.removeprefix("torch."))(torch)
            else:
                stated = ast.literal_eval(default.value)
                assert stated == real, default.argument
                assert type(stated) is type(real), default.argument


@each_row
def test_the_example_runs(row: Hyperparameter) -> None:
    pytest.importorskip("torch")
    assert max(map(len, row.code.splitlines())) <= 86
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(PREAMBLE + row.code, row.name, "exec"), {"__name__": row.name})


# --- asking


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("learning-rate", "learning-rate"),
        ("lr", "learning-rate"),
        ("LEARNING_RATE", "learning-rate"),
        ("t_max", "t-max"),
        ("momentum", "momentum"),
        ("bn_momentum", "batch-norm-momentum"),
        ("step-size", "step-size"),
        ("alpha", None),
        ("beta", None),
        ("num_layers", None),
        ("learing_rate", None),
        ("", None),
    ],
)
def test_get(asked: str, name: str | None) -> None:
    row = hyperparameters.get(asked)
    assert (row and row.name) == name


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("learing_rate", "learning-rate"),
        ("weigth-decay", "weight-decay"),
        ("batchsize", "batch-size"),
        ("droput", "dropout"),
        ("num_layers", "hidden-layers-and-units"),
        ("flux_capacitor", None),
        ("", None),
    ],
)
def test_suggest(asked: str, name: str | None) -> None:
    assert hyperparameters.suggest(asked) == name


@pytest.mark.parametrize(
    ("call", "parameter", "name"),
    [
        ("torch.optim.Adam", "lr", "learning-rate"),
        ("torch.optim.Adam", "weight_decay", "weight-decay"),
        ("torch.optim.SGD", "momentum", "momentum"),
        ("torch.optim.RMSprop", "alpha", "rmsprop-alpha"),
        ("torch.nn.BatchNorm2d", "momentum", "batch-norm-momentum"),
        ("torch.nn.LSTM", "dropout", "rnn-dropout"),
        ("torch.nn.LSTM", "num_layers", "rnn-num-layers"),
        ("torch.nn.LSTM", "hidden_size", "rnn-hidden-size"),
        ("torch.nn.functional.dropout", "p", "dropout"),
        ("torch.utils.data.DataLoader", "batch_size", "batch-size"),
        ("torch.optim.lr_scheduler.OneCycleLR", "max_lr", "max-lr"),
        ("transformers.BertConfig", "hidden_size", "hidden-layers-and-units"),
        ("torch.optim.Adam", "maximize", None),
        ("torch.optim", "Adam", None),
        ("Adam", "lr", None),
    ],
)
def test_for_argument(call: str, parameter: str, name: str | None) -> None:
    assert hyperparameters.for_argument(call, parameter) == name


def test_spellings_are_specific() -> None:
    spellings = hyperparameters.spellings()
    assert {"lr", "learning_rate", "weight_decay", "momentum", "dropout", "batch_size", "epochs"} <= spellings
    assert {"LR", "BATCH_SIZE", "EPOCHS"} <= spellings
    assert {"alpha", "beta", "eta", "seed", "mode", "p", "solver", "step_size", "optim", "rate"}.isdisjoint(spellings)


def test_vocabulary() -> None:
    vocabulary = hyperparameters.vocabulary()
    assert {"learning_rate", "weight_decay", "batch_size", "num_epochs", "dropout_rate"} <= vocabulary
    assert not {"optimizer", "scheduler", "activation", "milestones"} & vocabulary


def test_the_index_is_in_step_with_the_table() -> None:
    assert hyperparameters.INDEX.read_text("utf-8") == hyperparameters.index(), "run `python docs/generate.py`"


def test_importing_reads_nothing() -> None:
    code = "import sys, json, hplint.hyperparameters; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert not {"tomllib", "tomli", "difflib", "torch", "libcst", "click"} & set(loaded)


# --- in a terminal


@dataclass(frozen=True)
class Watcher:
    code: str = "HP109"
    name: str = "lr-implausible"
    summary: str = "A learning rate far outside of what its optimizer is used with"
    level: Level = Level.ERROR


@each_row
@pytest.mark.parametrize("width", [72, 88, 120])
def test_explain_fits_the_terminal(row: Hyperparameter, width: int) -> None:
    text = explain(row, [Watcher()], width=width)
    examples = {f"  {line}" for line in row.code.splitlines()}
    for line in text.splitlines():
        assert line == line.rstrip()
        unbroken = len(line.split()) == 1
        assert len(line) <= width or line in examples or "https://" in line or unbroken
    assert "\n\n\n" not in text
    assert text.endswith("common practice.\n")


def test_explain_says_it_all() -> None:
    row = hyperparameters.get("learning-rate")
    assert row is not None
    text = explain(row, [Watcher()], width=88)
    headings = re.findall(r"^[A-Z ?]+$", text, re.MULTILINE)
    assert headings == [
        "WHAT IT IS",
        "WHY IT MATTERS",
        "HOW TO CHOOSE IT",
        "CAN IT STAY AT ITS DEFAULT?",
        "USUAL VALUES",
        "DEFAULTS",
        "WHAT IT MAY BE",
        "HOW A WRONG VALUE SHOWS",
        "IN PYTORCH",
        "NAMES IN CODE",
        "CARRIED BY",
        "RULES THAT WATCH IT",
        "SOURCES",
    ]
    assert text.startswith("Learning rate\nlearning-rate (Optimization)\n")
    assert "  torch         0.001     lr of Adam, AdamW, SGD, RAdam, SparseAdam, Muon\n" in text
    assert "                0.002     lr of NAdam, Adamax\n" in text
    assert "  HP109  lr-implausible  error\n         A learning rate far outside" in text
    assert "  Goyal 2017: Goyal et al., Accurate, Large Minibatch SGD" in text


def test_explain_leaves_empty_sections_out() -> None:
    row = hyperparameters.get("dampening")
    assert row is not None
    text = explain(row, [])
    assert "RULES" not in text
    assert "USUAL VALUES" not in text


@each_row
def test_color_changes_nothing_else(row: Hyperparameter) -> None:
    colored = explain(row, [Watcher(), Watcher(level=Level.PEDANTIC)], color=True)
    assert "\x1b[1mWHAT IT IS\x1b[0m" in colored
    assert click.unstyle(colored) == explain(row, [Watcher(), Watcher(level=Level.PEDANTIC)])
