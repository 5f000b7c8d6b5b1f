"""Signatures: the data is what the installed torch says, and asking for it costs little."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from hplint import signatures
from hplint.signatures import DefaultKind, canonical, derives, exports, generate, is_module, lookup, names, removed

SCHEDULERS = "torch.optim.lr_scheduler."

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional-only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.KEYWORD_ONLY: "keyword-only",
    inspect.Parameter.VAR_KEYWORD: "**",
}


@cache
def installed() -> ModuleType:
    """The installed torch, if it is the version that the data describes."""
    torch: ModuleType = pytest.importorskip("torch", reason="the data is held against an installed torch")
    if not torch.__version__.startswith(signatures.version()):
        pytest.skip(f"torch {torch.__version__} is installed, the data describes {signatures.version()}")
    for module in (
        "torch.optim.swa_utils",
        "torch.cuda.amp",
        "torch.nn.utils.parametrizations",
        "torch.nn.utils.prune",
    ):
        importlib.import_module(module)
    return torch


def symbols() -> list[str]:
    return sorted(signatures._data()["symbols"])


def live(name: str) -> Any:
    """The object that a name stands for."""
    installed()
    module, _, short = name.rpartition(".")
    return getattr(importlib.import_module(module), short)


def shape(name: str) -> list[tuple[str, str]]:
    found = lookup(name)
    assert found is not None
    return [(p.name, p.kind) for p in found.parameters]


def live_signature(name: str) -> inspect.Signature | None:
    try:
        return inspect.signature(live(name))
    except (TypeError, ValueError):
        return None


def test_the_committed_file_is_what_the_generator_writes() -> None:
    installed()
    assert generate.main(["--check"]) == 0


def test_the_generator_finds_torch_without_importing_it() -> None:
    installed()
    code = (
        "import sys; from hplint.signatures import generate; generate.installed(); import hplint.signatures.guards;"
        "print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_nothing_is_read_before_the_first_question() -> None:
    code = "from hplint import signatures as s; print(s._data.cache_info().currsize, s.lookup.cache_info().currsize)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    assert out == ["0", "0"]


# --- parameters

TAKES_ANYTHING = {"torch.nn.GRU", "torch.nn.LSTM", "torch.nn.RNN", "torch.nn.NLLLoss2d", "torch.nn.Container"}
"""Their constructors are ``*args, **kwargs``; the real parameters stand in overloads, the base class or a wrapper."""


ANYTHING = [("args", "*"), ("kwargs", "**")]


def is_wrapped(name: str) -> bool:
    """Functions that torch makes by a helper, so that ``inspect`` sees ``*args, **kwargs``."""
    return "max_pool" in name or name.startswith("torch.nn.init.")


def test_every_signature_is_that_of_the_live_object() -> None:
    compared = 0
    for name in symbols():
        found, real = lookup(name), live_signature(name)
        assert found is not None
        if real is None or found.overloaded or name in TAKES_ANYTHING:
            continue
        theirs = [(p.name, KINDS[p.kind]) for p in real.parameters.values()]
        if is_wrapped(name) and theirs == ANYTHING:
            continue
        if getattr(live(name), "__init__", None) is live("torch.nn.Module").__init__:
            # Inherited from Module, which refuses whatever it is given.
            assert not found.parameters
            with pytest.raises(TypeError):
                live(name)(1)
            continue
        if name == "torch.no_grad":
            # __new__ takes the function that it decorates; inspect looks at __init__.
            assert [p.name for p in found.parameters] == ["orig_func"]
            continue
        assert [(p.name, p.kind) for p in found.parameters] == theirs, name
        for parameter in found.parameters:
            default = real.parameters[parameter.name].default
            assert (default is inspect.Parameter.empty) == (parameter.default.kind is DefaultKind.ABSENT), name
            if parameter.default.kind is DefaultKind.CONSTANT:
                assert (type(default), default) == (type(parameter.default.value), parameter.default.value), name
        compared += 1
    assert compared > 400


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch.nn.LSTM", "input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size"),
        ("torch.nn.GRU", "input_size hidden_size num_layers bias batch_first dropout bidirectional"),
        ("torch.nn.RNN", "input_size hidden_size num_layers nonlinearity bias batch_first dropout bidirectional"),
        ("torch.nn.NLLLoss2d", "weight size_average ignore_index reduce reduction"),
        ("torch.nn.Sigmoid", ""),
        ("torch.nn.Tanh", ""),
        ("torch.nn.Dropout", "p inplace"),
        ("torch.nn.functional.max_pool2d", "input kernel_size stride padding dilation ceil_mode return_indices"),
        ("torch.nn.functional.conv2d", "input weight bias stride padding dilation groups"),
        ("torch.nn.functional.gelu", "input approximate"),
        ("torch.nn.init.xavier_normal", "tensor gain generator"),
        ("torch.nn.functional.dropout", "input p training inplace"),
        ("torch.softmax", "input dim dtype out"),
    ],
)
def test_parameters_that_inspect_cannot_see(name: str, expected: str) -> None:
    parameters = [parameter for parameter, _ in shape(name)]
    assert [p for p in parameters if p not in {"device", "dtype"} or name == "torch.softmax"] == expected.split()


@pytest.mark.parametrize("name", ["torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN"])
def test_recurrent_layers_take_their_parameters_in_this_order(name: str) -> None:
    values = {"input_size": 3, "hidden_size": 4, "num_layers": 2, "nonlinearity": "relu", "bias": True}
    given = [values[parameter] for parameter, _ in shape(name) if parameter in values]
    layer = live(name)(*given)
    assert (layer.input_size, layer.hidden_size, layer.num_layers) == (3, 4, 2)


def test_what_is_strict_refuses_other_keywords_and_what_is_overloaded_may_not() -> None:
    for name in ("torch.optim.Adam", "torch.nn.Linear", "torch.nn.functional.scaled_dot_product_attention"):
        found = lookup(name)
        assert found is not None
        assert not found.accepts_any_keyword
        with pytest.raises(TypeError):
            live(name)(learning_rate=1)
    softmax = lookup("torch.softmax")
    assert softmax is not None
    assert softmax.overloaded
    live("torch.softmax")(installed().ones(2, 2), axis=1)


def test_helpers_of_a_signature() -> None:
    adam = lookup("torch.optim.adam.Adam")
    assert adam is not None
    assert (adam.name, adam.kind, adam.overloaded) == ("torch.optim.Adam", "class", False)
    betas, foreach = adam.parameter("betas"), adam.parameter("foreach")
    assert betas is not None
    assert foreach is not None
    assert betas.default.value == (0.9, 0.999)
    assert (foreach.kind, foreach.types) == ("keyword-only", ("None", "bool"))
    assert adam.parameter("momentum") is None
    params = adam.parameter("params")
    assert params is not None
    assert params.required
    sequential = lookup("torch.nn.Sequential")
    assert sequential is not None
    assert sequential.accepts_any_positional
    assert not sequential.accepts_any_keyword
    assert lookup("torch.optim.NoSuchThing") is None


# --- names


def test_aliases_are_the_same_objects() -> None:
    twins = {
        "torch.nn.functional._max_pool",
        "torch.nn.functional._adaptive_max_pool",
        "torch.nn.functional._fractional",
    }
    checked = 0
    for alias, name in signatures._data()["aliases"].items():
        module, _, short = alias.rpartition(".")
        try:
            other = getattr(importlib.import_module(module), short)
        except (ImportError, AttributeError):
            continue  # Imported for type checkers only, or kept out of the CPU build.
        if not any(alias.startswith(twin) for twin in twins):
            # torch.compile's machinery, once it is imported, wraps what seeds the generators.
            assert inspect.unwrap(other) is inspect.unwrap(live(name)), alias
            checked += 1
    assert checked > 500


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("torch.optim.adam.Adam", "torch.optim.Adam"),
        ("torch.nn.modules.linear.Linear", "torch.nn.Linear"),
        ("torch.nn.modules.Linear", "torch.nn.Linear"),
        ("torch.utils.data.dataloader.DataLoader", "torch.utils.data.DataLoader"),
        ("torch.utils.data.distributed.DistributedSampler", "torch.utils.data.DistributedSampler"),
        ("torch.nn.parallel.DataParallel", "torch.nn.DataParallel"),
        ("torch.cuda.amp.GradScaler", "torch.cuda.amp.GradScaler"),
        ("torch.autocast", "torch.amp.autocast"),
        ("torch.nn.utils.clip_grad.clip_grad_norm_", "torch.nn.utils.clip_grad_norm_"),
        ("torch.autograd.grad_mode.no_grad", "torch.no_grad"),
        ("torch.optim.adam.Adam.step", "torch.optim.Adam.step"),
        ("torch.optim.lr_scheduler.Optimizer", "torch.optim.Optimizer"),
        ("numpy.array", "numpy.array"),
    ],
)
def test_canonical_names(alias: str, name: str) -> None:
    assert canonical(alias) == name


def test_exports_hold_all_that_the_modules_have() -> None:
    installed()
    for name in generate.EXPORTS:
        found = exports(name)
        assert found is not None
        assert set(dir(importlib.import_module(name))) <= found, name
    assert exports("torch.linalg") is None
    assert "ReLu" not in (exports("torch.nn") or ())


def test_every_listed_module_exists() -> None:
    for name in signatures._data()["modules"]:
        if name.count(".") < 3:
            assert name in sys.modules or importlib.util.find_spec(name) is not None
    assert is_module("torch.nn.functional")
    assert not is_module("torch.nn.Linear")


def test_bases_say_what_issubclass_says() -> None:
    bases = [f"torch.nn.{n}" for n in ("Module", "Dropout", "Linear", "RNNBase")]
    bases += ["torch.optim.Optimizer", "torch.optim.Adam", SCHEDULERS + "LRScheduler"]
    bases += ["torch.utils.data.Dataset", "torch.utils.data.Sampler"]
    for name in symbols():
        if isinstance(live(name), type):
            for base in bases:
                assert derives(name, base) == issubclass(live(name), live(base)), (name, base)
    assert not derives("torch.nn.Unheard", "torch.nn.Module")


def test_patterns_name_the_callables_of_a_module() -> None:
    optimizers = names("torch.optim.*")
    assert {"torch.optim.SGD", "torch.optim.Adam", "torch.optim.Optimizer"} <= set(optimizers)
    assert not any("lr_scheduler" in name for name in optimizers)
    assert names("torch.optim.adam.Adam") == ("torch.optim.Adam",)
    assert "torch.nn.parallel.DistributedDataParallel" in names("torch.nn.parallel.*")
    assert "torch.optim.Optimizer" not in names(SCHEDULERS + "*")
    assert names("torch.linalg.*") == names("torch.optim.Adamm") == ()
    for name in names("torch.nn.functional.*"):
        assert callable(live(name))


# --- what is kept beside the parameters


def test_parameter_groups_may_hold_what_the_optimizer_puts_there() -> None:
    torch = installed()
    for name in names("torch.optim.*"):
        found = lookup(name)
        assert found is not None
        if not derives(name, "torch.optim.Optimizer") or name == "torch.optim.Optimizer":
            continue
        optimizer = live(name)([torch.nn.Parameter(torch.ones(2, 2))])
        assert found.group_keys == {*optimizer.defaults, "params", "param_names"}, name


def test_removed_parameters_are_refused_by_this_version() -> None:
    torch = installed()
    schedulers = [name for name in names(SCHEDULERS + "*") if name != SCHEDULERS + "LRScheduler"]
    assert len(schedulers) >= 15
    for name in schedulers:
        found = removed(name, "verbose")
        assert found is not None
        assert found.gone == "2.7"
        with pytest.raises(TypeError):
            live(name)(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]), verbose=True)
    assert removed(SCHEDULERS + "StepLR", "gamma") is None
    assert removed("torch.optim.SGD", "verbose") is None
    assert removed("torch.utils.data.sampler.Sampler", "data_source") is not None
    with pytest.raises(TypeError):
        torch.utils.data.Sampler(data_source=[])


def uses() -> dict[tuple[str, str], Callable[[str], object]]:
    """A call for parameters with options that are refused, if not at construction, then at the first use."""
    torch = installed()
    nn, functional = torch.nn, torch.nn.functional
    image, matrix, line = torch.rand(1, 2, 4, 4), torch.rand(2, 4), torch.rand(3)
    classes, signs = torch.tensor([1, 2]), torch.ones(2)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], momentum=0.9)
    pairs = [
        "L1Loss",
        "MSELoss",
        "SmoothL1Loss",
        "HuberLoss",
        "BCELoss",
        "BCEWithLogitsLoss",
        "KLDivLoss",
        "SoftMarginLoss",
    ]
    pairs += ["HingeEmbeddingLoss", "PoissonNLLLoss", "MultiLabelSoftMarginLoss"]
    found: dict[tuple[str, str], Callable[[str], object]] = {}
    for name in pairs:
        found[f"torch.nn.{name}", "reduction"] = lambda s, n=name: getattr(nn, n)(reduction=s)(matrix, matrix)  # type: ignore[misc]
    for name in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"):
        found[f"torch.nn.{name}", "reduction"] = lambda s, n=name: getattr(nn, n)(reduction=s)(matrix, classes)  # type: ignore[misc]
    for name in ("TripletMarginLoss", "TripletMarginWithDistanceLoss"):
        found[f"torch.nn.{name}", "reduction"] = lambda s, n=name: getattr(nn, n)(reduction=s)(matrix, matrix, matrix)  # type: ignore[misc]
    found["torch.nn.GaussianNLLLoss", "reduction"] = lambda s: nn.GaussianNLLLoss(reduction=s)(matrix, matrix, matrix)
    found["torch.nn.MarginRankingLoss", "reduction"] = lambda s: nn.MarginRankingLoss(reduction=s)(line, line, line)
    found["torch.nn.CosineEmbeddingLoss", "reduction"] = lambda s: nn.CosineEmbeddingLoss(reduction=s)(
        matrix, matrix, signs
    )
    found["torch.nn.GELU", "approximate"] = lambda s: nn.GELU(approximate=s)(matrix)
    found["torch.nn.EmbeddingBag", "mode"] = lambda s: nn.EmbeddingBag(3, 4, mode=s)(torch.tensor([[1, 2]]))
    found["torch.nn.RNN", "nonlinearity"] = lambda s: nn.RNN(2, 2, nonlinearity=s)
    found["torch.nn.RNNCell", "nonlinearity"] = lambda s: nn.RNNCell(4, 4, nonlinearity=s)(matrix)
    found["torch.nn.TransformerEncoderLayer", "activation"] = lambda s: nn.TransformerEncoderLayer(4, 2, activation=s)
    found["torch.nn.Conv2d", "padding"] = lambda s: nn.Conv2d(2, 2, 3, padding=s)
    found["torch.nn.Conv2d", "padding_mode"] = lambda s: nn.Conv2d(2, 2, 3, padding_mode=s)
    found["torch.nn.ConvTranspose2d", "padding_mode"] = lambda s: nn.ConvTranspose2d(2, 2, 3, padding_mode=s)
    found["torch.nn.functional.grid_sample", "mode"] = lambda s: functional.grid_sample(image, image[..., :2], mode=s)
    found["torch.nn.functional.grid_sample", "padding_mode"] = lambda s: functional.grid_sample(
        image, image[..., :2], padding_mode=s
    )
    found["torch.nn.functional.pad", "mode"] = lambda s: functional.pad(image, (1, 1), mode=s)
    found["torch.nn.init.kaiming_normal_", "mode"] = lambda s: nn.init.kaiming_normal_(matrix, mode=s)
    found["torch.nn.init.kaiming_normal_", "nonlinearity"] = lambda s: nn.init.kaiming_normal_(matrix, nonlinearity=s)
    found["torch.nn.utils.rnn.pad_sequence", "padding_side"] = lambda s: nn.utils.rnn.pad_sequence(
        [line], padding_side=s
    )
    found["torch.optim.Muon", "adjust_lr_fn"] = lambda s: torch.optim.Muon([nn.Parameter(matrix)], adjust_lr_fn=s)
    found["torch.utils.data.DataLoader", "multiprocessing_context"] = lambda s: torch.utils.data.DataLoader(
        [1], num_workers=1, multiprocessing_context=s
    )
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
    found[SCHEDULERS + "ReduceLROnPlateau", "mode"] = lambda s: plateau(optimizer, mode=s)
    found[SCHEDULERS + "ReduceLROnPlateau", "threshold_mode"] = lambda s: plateau(optimizer, threshold_mode=s)
    cycle = torch.optim.lr_scheduler.OneCycleLR
    found[SCHEDULERS + "OneCycleLR", "anneal_strategy"] = lambda s: cycle(optimizer, 1.0, 9, anneal_strategy=s)
    return found


@pytest.mark.filterwarnings("ignore")
def test_options_are_taken_and_nothing_else_is() -> None:
    for (name, parameter), use in uses().items():
        found = lookup(name)
        assert found is not None
        declared = found.parameter(parameter)
        assert declared is not None
        assert declared.options, (name, parameter)
        for option in declared.options:
            if option not in {"circular", "reflect", "replicate"}:  # Of pad: some need other shapes.
                use(option)
        with pytest.raises((ValueError, RuntimeError, NotImplementedError, KeyError)):
            use("no-such-option")
