"""Guards: what is said to raise does raise in the installed torch, and they are read off the code rightly."""

from __future__ import annotations

import ast
import importlib
import math
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hplint import signatures
from hplint.signatures import DefaultKind, Signature, lookup
from hplint.signatures._evaluate import UNKNOWN, evaluate, truth
from hplint.signatures._guards import guards_of
from hplint.signatures._parameters import merged
from hplint.signatures._sources import Callable as Function
from hplint.signatures._sources import Class, Library
from hplint.signatures.guards import NOT_NONE, Broken, broken, filled

SCHEDULERS = "torch.optim.lr_scheduler."


@cache
def installed() -> Any:
    torch = pytest.importorskip("torch", reason="guards are held against an installed torch")
    if not torch.__version__.startswith(signatures.version()):
        pytest.skip(f"torch {torch.__version__} is installed, the data describes {signatures.version()}")
    return torch


def signature(name: str) -> Signature:
    found = lookup(name)
    assert found is not None, name
    return found


def known(found: Signature, given: dict[str, object]) -> dict[str, object]:
    """Constants among the arguments and the defaults of the rest; ``NOT_NONE`` for objects."""
    defaults = {p.name: p.default.value for p in found.parameters if p.default.kind is DefaultKind.CONSTANT}
    return {**defaults, **{key: NOT_NONE if isinstance(value, Made) else value for key, value in given.items()}}


class Made:
    """An argument that is made anew for every call."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make


def call(name: str, arguments: dict[str, object]) -> Exception | None:
    """What the live object raises for these arguments."""
    installed()
    module, _, short = name.rpartition(".")
    target = getattr(importlib.import_module(module), short)
    values = {key: value.make() if isinstance(value, Made) else value for key, value in arguments.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            target(**values)
        except Exception as error:
            return error
    return None


def raised(name: str, arguments: dict[str, object]) -> list[Broken]:
    found = signature(name)
    return list(broken(found, known(found, arguments)))


def weights() -> list[object]:
    torch = installed()
    return [torch.nn.Parameter(torch.ones(2, 2))]


PARAMS = Made(weights)
OPTIMIZER = Made(lambda: installed().optim.SGD(weights(), lr=0.1, momentum=0.9))
DATA = Made(lambda: installed().utils.data.TensorDataset(installed().arange(10.0)))
SAMPLER = Made(lambda: installed().utils.data.SequentialSampler(range(10)))
TENSOR = Made(lambda: installed().rand(2, 4, 6))

OPTIMIZERS = ["ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "RAdam"]
OPTIMIZERS += ["RMSprop", "Rprop", "SGD", "SparseAdam"]
CONVOLUTIONS = [f"{kind}{n}d" for kind in ("Conv", "ConvTranspose") for n in (1, 2, 3)]
DROPOUTS = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
TRANSFORMERS = ["TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer"]

GOOD: dict[str, dict[str, object]] = {
    **{f"torch.optim.{name}": {"params": PARAMS} for name in OPTIMIZERS},
    **{f"torch.nn.{name}": {"in_channels": 4, "out_channels": 8, "kernel_size": 3} for name in CONVOLUTIONS},
    **{f"torch.nn.{name}": {} for name in DROPOUTS},
    **{f"torch.nn.{name}": {"d_model": 8, "nhead": 2} for name in TRANSFORMERS},
    **{f"torch.nn.{name}": {"input_size": 3, "hidden_size": 4} for name in ("RNN", "LSTM", "GRU")},
    "torch.nn.MultiheadAttention": {"embed_dim": 8, "num_heads": 2},
    "torch.nn.GroupNorm": {"num_groups": 2, "num_channels": 8},
    "torch.nn.BatchNorm2d": {"num_features": 4},
    "torch.nn.LayerNorm": {"normalized_shape": 4},
    "torch.nn.Linear": {"in_features": 2, "out_features": 3},
    "torch.nn.Embedding": {"num_embeddings": 5, "embedding_dim": 3},
    "torch.nn.Hardtanh": {},
    "torch.nn.HuberLoss": {},
    "torch.nn.functional.dropout": {"input": TENSOR},
    "torch.nn.functional.mse_loss": {"input": TENSOR, "target": TENSOR},
    "torch.nn.functional.interpolate": {"input": TENSOR, "scale_factor": 2},
    "torch.utils.data.DataLoader": {"dataset": DATA},
    "torch.utils.data.BatchSampler": {"sampler": SAMPLER, "batch_size": 2, "drop_last": False},
    "torch.utils.data.RandomSampler": {"data_source": DATA},
    SCHEDULERS + "StepLR": {"optimizer": OPTIMIZER, "step_size": 3},
    SCHEDULERS + "ConstantLR": {"optimizer": OPTIMIZER},
    SCHEDULERS + "LinearLR": {"optimizer": OPTIMIZER},
    SCHEDULERS + "ExponentialLR": {"optimizer": OPTIMIZER, "gamma": 0.9},
    SCHEDULERS + "CosineAnnealingLR": {"optimizer": OPTIMIZER, "T_max": 10},
    SCHEDULERS + "CosineAnnealingWarmRestarts": {"optimizer": OPTIMIZER, "T_0": 5},
    SCHEDULERS + "ReduceLROnPlateau": {"optimizer": OPTIMIZER},
    SCHEDULERS + "OneCycleLR": {"optimizer": OPTIMIZER, "max_lr": 0.1, "total_steps": 10},
    SCHEDULERS + "CyclicLR": {"optimizer": OPTIMIZER, "base_lr": 0.1, "max_lr": 0.2},
    "torch.optim.swa_utils.SWALR": {"optimizer": OPTIMIZER, "swa_lr": 0.1},
    "torch.optim.swa_utils.get_ema_avg_fn": {},
}
"""Calls that are right."""

BAD: list[tuple[str, dict[str, object], str]] = [
    ("torch.optim.Adam", {"lr": -1}, "Invalid learning rate: -1"),
    ("torch.optim.Adam", {"lr": math.nan}, "Invalid learning rate: nan"),
    ("torch.optim.Adam", {"betas": (0.9, 1.0)}, "Invalid beta parameter at index 1: 1.0"),
    ("torch.optim.Adam", {"betas": (0, 0.999)}, "betas must be either both floats or both Tensors"),
    ("torch.optim.AdamW", {"eps": -1e-8}, "Invalid epsilon value: -1e-08"),
    ("torch.optim.AdamW", {"weight_decay": -0.1}, "Invalid weight_decay value: -0.1"),
    ("torch.optim.SGD", {"momentum": -0.9}, "Invalid momentum value: -0.9"),
    ("torch.optim.SGD", {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
    ("torch.optim.SGD", {"fused": True, "foreach": True}, "`fused` and `foreach` cannot be `True` together."),
    ("torch.optim.RMSprop", {"alpha": -1}, "Invalid alpha value: -1"),
    ("torch.optim.Rprop", {"etas": (1.2, 0.5)}, "Invalid eta values: 1.2, 0.5"),
    ("torch.optim.Muon", {"adjust_lr_fn": "x"}, "Adjust learning rate function x is not supported"),
    ("torch.nn.Dropout", {"p": 50}, "dropout probability has to be between 0 and 1, but got 50"),
    ("torch.nn.AlphaDropout", {"p": -0.1}, "dropout probability has to be between 0 and 1, but got -0.1"),
    ("torch.nn.functional.dropout", {"p": 2}, "dropout probability has to be between 0 and 1, but got 2"),
    ("torch.nn.Conv2d", {"groups": 3}, "in_channels must be divisible by groups"),
    ("torch.nn.Conv2d", {"groups": 0}, "groups must be a positive integer"),
    ("torch.nn.Conv2d", {"out_channels": 6, "groups": 4}, "out_channels must be divisible by groups"),
    ("torch.nn.Conv2d", {"padding": "sam"}, ""),
    ("torch.nn.Conv2d", {"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions"),
    ("torch.nn.Conv2d", {"padding": "same", "stride": (1, 2)}, ""),
    ("torch.nn.Conv2d", {"padding_mode": "zero"}, ""),
    ("torch.nn.ConvTranspose2d", {"padding_mode": "reflect"}, ""),
    ("torch.nn.MultiheadAttention", {"num_heads": 3}, "embed_dim must be divisible by num_heads"),
    ("torch.nn.TransformerEncoderLayer", {"nhead": 3}, "embed_dim must be divisible by num_heads"),
    ("torch.nn.TransformerEncoderLayer", {"activation": "swish"}, "activation should be relu/gelu, not swish"),
    ("torch.nn.Transformer", {"dropout": 10}, "dropout probability has to be between 0 and 1, but got 10"),
    ("torch.nn.GroupNorm", {"num_groups": 3}, "num_channels (8) must be divisible by num_groups (3)"),
    ("torch.nn.LSTM", {"proj_size": 4}, "proj_size has to be smaller than hidden_size"),
    ("torch.nn.GRU", {"dropout": 2}, ""),
    ("torch.nn.RNN", {"nonlinearity": "gelu"}, "Unknown nonlinearity 'gelu'. Select from 'tanh' or 'relu'."),
    ("torch.nn.LSTM", {"num_layers": 0}, "num_layers must be greater than zero"),
    ("torch.nn.Embedding", {"padding_idx": 5}, "Padding_idx must be within num_embeddings"),
    ("torch.nn.functional.mse_loss", {"reduction": "avg"}, "avg is not a valid value for reduction"),
    ("torch.nn.functional.interpolate", {"scale_factor": None}, "either size or scale_factor should be defined"),
    ("torch.utils.data.DataLoader", {"batch_size": 0}, ""),
    ("torch.utils.data.DataLoader", {"num_workers": -1}, ""),
    ("torch.utils.data.DataLoader", {"timeout": -1}, "timeout option should be non-negative"),
    ("torch.utils.data.DataLoader", {"prefetch_factor": 2}, ""),
    ("torch.utils.data.DataLoader", {"num_workers": 1, "prefetch_factor": -2}, ""),
    ("torch.utils.data.DataLoader", {"persistent_workers": True}, ""),
    ("torch.utils.data.DataLoader", {"multiprocessing_context": "spawn"}, ""),
    ("torch.utils.data.DataLoader", {"sampler": SAMPLER, "shuffle": True}, ""),
    ("torch.utils.data.DataLoader", {"batch_sampler": SAMPLER, "shuffle": True}, ""),
    ("torch.utils.data.DataLoader", {"batch_sampler": SAMPLER, "batch_size": 4}, ""),
    ("torch.utils.data.DataLoader", {"batch_sampler": SAMPLER, "sampler": SAMPLER}, ""),
    ("torch.utils.data.DataLoader", {"batch_sampler": SAMPLER, "drop_last": True}, ""),
    ("torch.utils.data.DataLoader", {"batch_size": None, "drop_last": True}, ""),
    (
        "torch.utils.data.RandomSampler",
        {"replacement": 1},
        "replacement should be a boolean value, but got replacement=1",
    ),
    (SCHEDULERS + "StepLR", {"optimizer": 0.1}, "float is not an Optimizer"),
    (SCHEDULERS + "LinearLR", {"start_factor": 0}, ""),
    (SCHEDULERS + "ConstantLR", {"factor": 2}, ""),
    (SCHEDULERS + "CosineAnnealingWarmRestarts", {"T_0": 0}, "Expected positive integer T_0, but got 0"),
    (SCHEDULERS + "CosineAnnealingWarmRestarts", {"T_mult": 1.5}, "Expected integer T_mult >= 1, but got 1.5"),
    (SCHEDULERS + "ReduceLROnPlateau", {"factor": 1.0}, "Factor should be < 1.0."),
    (SCHEDULERS + "ReduceLROnPlateau", {"mode": "maximum"}, "mode maximum is unknown!"),
    (SCHEDULERS + "OneCycleLR", {"total_steps": None}, ""),
    (SCHEDULERS + "OneCycleLR", {"pct_start": 30}, "Expected float between 0 and 1 pct_start, but got 30"),
    (SCHEDULERS + "OneCycleLR", {"pct_start": 1}, "Expected float between 0 and 1 pct_start, but got 1"),
    (SCHEDULERS + "CyclicLR", {"mode": "triangle"}, "mode is invalid and scale_fn is None"),
    ("torch.optim.swa_utils.SWALR", {"anneal_strategy": "cosine"}, ""),
    ("torch.optim.swa_utils.get_ema_avg_fn", {"decay": 99}, ""),
]
"""Calls that raise; the text where it does not depend on the order of a set."""


@pytest.mark.parametrize("name", GOOD)
def test_right_calls_are_silent(name: str) -> None:
    assert call(name, GOOD[name]) is None
    assert raised(name, GOOD[name]) == []


@pytest.mark.parametrize(("name", "change", "message"), BAD)
def test_wrong_calls_are_told_as_torch_tells_them(name: str, change: dict[str, object], message: str) -> None:
    arguments = {**GOOD[name], **change}
    error, found = call(name, arguments), raised(name, arguments)
    assert error is not None
    assert found
    assert found[0].exception == type(error).__name__
    assert set(change) & set(found[0].parameters)
    if message:
        assert (found[0].message, " ".join(str(error).split())) == (message, message)


NUMBERS = [-1, 0, 1, 2, 3, 8, -0.1, 0.0, 0.5, 1.0, 1.5, 1e-8, math.inf, math.nan]
STRINGS = ["", "mean", "none", "same", "valid", "zeros", "reflect", "tanh", "relu", "min", "cos", "nearest", "no-such"]
TUPLES = [
    (0.9, 0.999),
    (0.9, 1.0),
    (0, 0.999),
    (0.999, 0.9),
    (0.5, 1.2),
    (None, 1e-3),
    (1,),
    (1, 2),
    (2, 2),
    (),
    ("a", 1),
]
VALUES: list[object] = [*NUMBERS, *STRINGS, *TUPLES, True, False, None]


def told_apart(name: str, change: dict[str, object]) -> None:
    """The property that matters: no call is said to raise that does not."""
    arguments = {**GOOD[name], **change}
    if raised(name, arguments):
        assert call(name, arguments) is not None, (name, change)


@pytest.mark.parametrize("name", GOOD)
def test_no_false_alarm_when_one_argument_changes(name: str) -> None:
    for parameter in signature(name).parameters:
        if parameter.kind in {"positional", "keyword-only"}:
            for value in VALUES:
                told_apart(name, {parameter.name: value})


@st.composite
def changed_calls(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A right call of which some arguments that guards read are replaced."""
    name = draw(st.sampled_from([name for name in GOOD if signature(name).guards]))
    found = signature(name)
    read = {n.id for g in found.guards for n in ast.walk(ast.parse(g.condition)) if isinstance(n, ast.Name)}
    parameters = sorted(read & {p.name for p in found.parameters})
    chosen = draw(st.lists(st.sampled_from(parameters), min_size=1, max_size=4, unique=True))
    return name, {parameter: draw(st.sampled_from(VALUES)) for parameter in chosen}


@given(changed_calls())
@settings(max_examples=600, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_false_alarm_when_several_arguments_change(changed: tuple[str, dict[str, object]]) -> None:
    told_apart(*changed)


def test_nothing_is_said_of_what_is_unknown() -> None:
    adam = signature("torch.optim.Adam")
    assert list(broken(adam, {})) == []
    assert list(broken(adam, {"betas": (0.9, 0.999)})) == []
    loader = signature("torch.utils.data.DataLoader")
    assert list(broken(loader, {"sampler": NOT_NONE})) == []
    assert list(broken(loader, {"shuffle": True})) == []
    for sampler in (NOT_NONE, object()):
        assert len(list(broken(loader, {"sampler": sampler, "shuffle": True}))) == 1
    assert list(broken(signature(SCHEDULERS + "StepLR"), {"optimizer": object()})) == []


# --- the evaluator


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a or x", True),
        ("x or a", True),
        ("b and x", False),
        ("x and b", False),
        ("x or b", UNKNOWN),
        ("not x", UNKNOWN),
        ("0 <= n < 1", False),
        ("0 <= n < x", UNKNOWN),
        ("9 < n < x", False),
        ("s < n", UNKNOWN),
        ("s in ('mean', 'sum')", True),
        ("s not in {'none'}", True),
        ("s in ('none', x)", UNKNOWN),
        ("t[1] + 1", 3.5),
        ("t[7]", UNKNOWN),
        ("n // 0", UNKNOWN),
        ("len(t) == 2", True),
        ("any(i > 2 for i in t)", True),
        ("all(i > x for i in t)", UNKNOWN),
        ("isinstance(n, (int, float))", True),
        ("isinstance(n, torch.Tensor)", False),
        ("isinstance(x, torch.Tensor)", UNKNOWN),
        ("isinstance(a, int)", True),
        ("isinstance(n, Sequence)", UNKNOWN),
        ("o is None", False),
        ("o == 1", UNKNOWN),
        ("x is None", UNKNOWN),
        ("n if a else x", 5),
        ("n if x else n", UNKNOWN),
        ("type(n).__name__", "int"),
        ("n ** n", UNKNOWN),
        ("s * 10 ** 9", UNKNOWN),
        ("__import__('os')", UNKNOWN),
        ("s.upper()", UNKNOWN),
        ("(lambda: 1)()", UNKNOWN),
    ],
)
def test_values_of_expressions(source: str, expected: object) -> None:
    values = {"a": True, "b": False, "n": 5, "s": "mean", "t": (1, 2.5), "o": NOT_NONE}
    assert evaluate(ast.parse(source, mode="eval").body, values) == expected


def test_hostile_values_end_soon() -> None:
    huge = ast.parse("n * n * n * n > 0 and n % m == 0", mode="eval").body
    assert truth(huge, {"n": 10**100_000, "m": 7}) is None
    assert truth(ast.parse("all(i > 0 for i in t)", mode="eval").body, {"t": (1,) * 10**6}) is None


def test_messages_are_filled() -> None:
    assert filled("got {p!r} of {{a, b}}, not {q} or {p[0]}", {"p": ("x",)}) == "got ('x',) of {a, b}, not q or x"
    assert filled("two\n   lines {", {}) == "two lines"


# --- reading them off code

BASE = """
class Base:
    def __init__(self, p, *, q=1):
        self.q = q
        if p < 0:
            raise ValueError(f"p is {p!r}, q is {q}")

class Straight(Base):
    pass

class Handing(Base):
    def __init__(self, rate, **kwargs):
        super().__init__(rate, **kwargs)
        if self.q > 5:
            raise RuntimeError("q")
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("if a:\n  if b > 1:\n   raise ValueError('x')", ["a and b > 1"]),
        ("if a:\n  pass\n else:\n  raise ValueError", ["not a"]),
        ("if a:\n  return\n if b:\n  raise ValueError", ["not a and b"]),
        ("if a:\n  raise ValueError\n if b:\n  raise ValueError", ["a", "b"]),
        ("if unknown(a):\n  return\n if b:\n  raise ValueError", []),
        ("if a or unknown(b):\n  raise ValueError", ["a"]),
        ("if a and unknown(b):\n  raise ValueError", []),
        ("c = a // 2\n if c * 2 != a:\n  raise ValueError", ["a // 2 * 2 != a"]),
        ("a = unknown(a)\n if a:\n  raise ValueError", []),
        ("a = 1 if b else 2\n if a == 1:\n  raise ValueError", ["b"]),
        ("if b is None:\n  b = 3\n if b < 2:\n  raise ValueError", ["b is not None and b < 2"]),
        ("for i in a:\n  if i:\n   raise ValueError\n if b:\n  raise ValueError", ["b"]),
        ("for a in b:\n  pass\n if a:\n  raise ValueError", []),
        ("try:\n  a = b\n except KeyError:\n  raise ValueError\n if a:\n  raise ValueError", []),
        ("def a(): pass\n if a:\n  raise ValueError", []),
        ("assert a > b", ["not a > b"]),
        ("assert isinstance(a, int), 'x'", ["not isinstance(a, int)"]),
        ("modes = {'x', 'y'}\n if a not in modes:\n  raise ValueError", ["a not in {'x', 'y'}"]),
        ("check(b)", ["b == 4"]),
        ("Base(a, q=b)", ["a < 0"]),
    ],
)
def test_conditions_are_read_off_a_body(tmp_path: Path, code: str, expected: list[str]) -> None:
    helper = "def check(x):\n if x == 4:\n  raise ValueError('four')\n"
    library = made(tmp_path, f"{BASE}\n{helper}\ndef f(a, b=None):\n {code}\n")
    assert [guard["if"] for guard in read(library, "f")] == expected


def test_guards_of_a_base_class_hold_for_what_is_handed_to_it(tmp_path: Path) -> None:
    library = made(tmp_path, BASE)
    assert read(library, "Straight") == [
        {"if": "p < 0", "raises": "ValueError", "message": "p is {p!r}, q is {q}"},
    ]
    assert [guard["if"] for guard in read(library, "Handing")] == ["rate < 0"]


def made(folder: Path, code: str) -> Library:
    (folder / "__init__.py").write_text(code)
    return Library(folder, "torch")


def read(library: Library, name: str) -> list[dict[str, str]]:
    target = library.resolve("torch", name)
    if isinstance(target, Class):
        owner = next(c for c in library.mro(target) if isinstance(c, Class) and "def __init__" in ast.unparse(c.node))
        nodes = tuple(n for n in owner.node.body if isinstance(n, ast.FunctionDef))
        return guards_of(library, target, merged(library, Function("torch", nodes, False), method=True)[0], {})
    assert isinstance(target, Function)
    return guards_of(library, target, merged(library, target)[0], {})
