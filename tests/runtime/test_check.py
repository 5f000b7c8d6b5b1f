"""Live torch objects: each mistake is found under its rule's code, clean objects are silent, nothing is changed."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, NAdam, Optimizer, RMSprop
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from hplint.model import Engine, Finding, Level
from hplint.registry import registry
from hplint.runtime import check
from hplint.source import display_path


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def codes(found: list[Finding]) -> list[str]:
    return sorted(finding.code for finding in found)


def said(found: list[Finding]) -> str:
    [finding] = found
    return finding.message


# --- values, as constructor arguments and inside groups


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        (Adam, {"lr": 1.0}, "HP109"),
        (Adam, {"lr": 1e3}, "HP109"),
        (AdamW, {"lr": torch.tensor(3.0)}, "HP109"),
        (RMSprop, {"lr": 20.0}, "HP109"),
        (Adam, {"lr": math.inf}, "HP109"),
        (Adadelta, {"lr": math.inf}, "HP109"),
        (SGD, {"lr": math.nan}, "HP109"),
        (SGD, {"lr": 4e7}, "HP109"),
        (SGD, {"lr": 1e-12}, "HP109"),
        (SGD, {"lr": 0.1, "momentum": 9.0}, "HP111"),
        (SGD, {"lr": 0.1, "momentum": 1.0}, "HP111"),
        (SGD, {"lr": 0.1, "momentum": math.nan}, "HP111"),
        (RMSprop, {"lr": 1e-3, "momentum": 1.5}, "HP111"),
        (RMSprop, {"lr": 1e-3, "alpha": 1.0}, "HP111"),
        (RMSprop, {"lr": 1e-3, "alpha": 2.0}, "HP111"),
        (Adam, {"lr": 1e-3, "betas": (0.999, 0.9)}, "HP112"),
        (SGD, {"lr": 0.1, "weight_decay": 10.0}, "HP114"),
        (SGD, {"lr": 0.1, "weight_decay": math.nan}, "HP114"),
        (Adam, {"lr": 1e-3, "weight_decay": 0.5}, "HP114"),
        (AdamW, {"lr": 1e-3, "weight_decay": 5e5}, "HP114"),
        (Adam, {"lr": 1e-3, "eps": 0.0}, "HP146"),
        (Adagrad, {"lr": 1e-2, "eps": 0.0}, "HP146"),
    ],
)
@pytest.mark.parametrize("inside", [False, True], ids=["argument", "group"])
def test_a_value_is_judged_wherever_it_was_given(
    kind: type[Optimizer], options: dict[str, Any], code: str, inside: bool
) -> None:
    params = list(net().parameters())
    if inside:
        optimizer = kind([{"params": params[:2], **options}, {"params": params[2:]}], lr=1e-3)  # type: ignore[call-arg]
    else:
        optimizer = kind(params, **options)
    [finding] = check(optimizer=optimizer)
    rule = registry().get(code)
    assert rule is not None
    assert (finding.code, finding.name, finding.engine) == (code, rule.name, Engine.RUNTIME)
    assert finding.path == display_path(__file__)
    assert finding.span is not None
    assert "check(" in Path(__file__).read_text("utf-8").splitlines()[finding.span.start.line - 1]
    assert finding.level.weight <= rule.level.weight, "a finding is never worse than its rule"
    option = next(key for key in (*options, "lr") if key != "lr" or len(options) == 1)
    assert finding.message.startswith(f"`{option}` is ")
    assert ("in parameter group 0" in finding.message) == inside


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (SGD, {"lr": -1.0}),
        (SGD, {"momentum": -0.1}),
        (SGD, {"weight_decay": -0.1}),
        (SGD, {"nesterov": True}),
        (Adam, {"lr": -1e-3}),
        (Adam, {"betas": (0.9, 2.0)}),
        (Adam, {"betas": (0.9, 1.0)}),
        (Adam, {"weight_decay": -0.1}),
        (Adam, {"weight_decay": math.nan}),
        (AdamW, {"eps": -1e-8}),
        (RMSprop, {"alpha": -0.5}),
        (Adadelta, {"rho": 1.5}),
    ],
)
def test_what_a_constructor_refuses_is_found_inside_a_group(kind: type[Optimizer], values: dict[str, Any]) -> None:
    params = list(net().parameters())
    with pytest.raises(ValueError, match=r"."):
        kind(params, **{"lr": 1e-3, **values})
    optimizer = kind([{"params": params[:2], **values}, {"params": params[2:]}], lr=1e-3)  # type: ignore[call-arg]
    [finding] = check(optimizer=optimizer)
    assert finding.code == "HP115"
    assert f"`{next(iter(values))}`" in finding.message
    assert "in parameter group 0" in finding.message


def test_a_value_written_after_construction_is_judged_too() -> None:
    optimizer = SGD(net().parameters(), lr=0.1)
    optimizer.param_groups[0]["lr"] = -5
    assert codes(check(optimizer=optimizer)) == ["HP115"]


def test_groups_with_the_same_fault_make_one_finding() -> None:
    groups: list[dict[str, Any]] = [{"params": [p]} for p in net().parameters()]
    assert "in all 4 parameter groups" in said(check(optimizer=SGD(groups, lr=0.1, momentum=2.0)))
    groups = [{"params": [p], "momentum": 2.0 * (n > 1)} for n, p in enumerate(net().parameters())]
    assert "in parameter groups 2 and 3" in said(check(optimizer=SGD(groups, lr=0.1)))


@pytest.mark.parametrize("eps", [1e-8, 0.0])
@pytest.mark.parametrize("kind", [Adadelta, Adagrad, Adam, AdamW, NAdam, RMSprop])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_eps_is_judged_in_the_type_of_the_parameters(kind: type[Optimizer], dtype: torch.dtype, eps: float) -> None:
    weight = nn.Parameter(torch.ones(2, dtype=dtype))
    optimizer = kind([weight], lr=1e-3, eps=eps)  # type: ignore[call-arg]
    found = codes(check(optimizer=optimizer))
    for _ in range(2):
        weight.grad = torch.tensor([0.0, 1.0], dtype=dtype)
        optimizer.step()
    assert found == (["HP146"] if weight.isnan().any() else [])


def test_the_fused_step_computes_in_float32() -> None:
    weight = nn.Parameter(torch.ones(2, dtype=torch.float16))
    assert check(optimizer=Adam([weight], lr=1e-3, fused=True)) == []
    assert codes(check(optimizer=Adam([weight], lr=1e-3, eps=0.0, fused=True))) == ["HP146"]


# --- keys of groups


@pytest.mark.parametrize(
    ("kind", "key", "meant"),
    [(SGD, "learning_rate", "lr"), (SGD, "wd", "weight_decay"), (AdamW, "weight_decy", "weight_decay")],
)
def test_a_key_near_an_option_is_found(kind: type[Optimizer], key: str, meant: str) -> None:
    optimizer = kind([{"params": list(net().parameters()), key: 1e-4}], lr=0.01)  # type: ignore[call-arg]
    [finding] = check(optimizer=optimizer)
    assert finding.code == "HP106"
    assert f"`{key}`" in finding.message
    assert f"`{meant}`" in finding.message


def test_momentum_in_a_group_of_adam_is_found() -> None:
    [finding] = check(optimizer=Adam([{"params": list(net().parameters()), "momentum": 0.9}], lr=1e-3))
    assert finding.code == "HP106"
    assert "`momentum`" in finding.message


def test_bookkeeping_keys_are_silent() -> None:
    notes = {"name": "head", "lr_scale": 0.5, "initial_lr": 1e-2, "weight_lr_power": 2.0, "min_lr": 0.0, "layer": 3}
    assert check(optimizer=SGD([{"params": list(net().parameters()), **notes}], lr=0.01)) == []


def test_a_key_that_only_repeats_an_option_that_was_set_is_silent() -> None:
    group = {"params": list(net().parameters()), "wd": 0.01, "weight_decay": 0.01}
    assert check(optimizer=AdamW([group], lr=1e-3, weight_decay=0.1)) == []


def test_a_subclass_may_read_keys_of_its_own() -> None:
    class Scaled(SGD):
        pass

    group = {"params": list(net().parameters()), "learning_rate": 1.0}
    assert check(optimizer=Scaled([group], lr=0.1)) == []
    assert codes(check(optimizer=Scaled(net().parameters(), lr=0.1, momentum=9.0))) == ["HP111"]


def test_options_of_other_libraries_are_judged_only_where_they_are_no_numbers() -> None:
    class NovoGrad(Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr, "betas": (0.95, 0.0), "momentum": 2.0, "weight_decay": 3.0, "eps": 0.0})

    assert check(optimizer=NovoGrad(net().parameters(), lr=50.0)) == []
    assert codes(check(optimizer=NovoGrad(net().parameters(), lr=math.nan))) == ["HP109"]


# --- ownership


def test_a_layer_replaced_after_the_optimizer_was_built() -> None:
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    model[2] = nn.Linear(4, 5)
    [finding] = check(optimizer=optimizer, model=model)
    assert (finding.code, finding.name, finding.level) == ("HP145", "trainable-params-not-in-optimizer", Level.ERROR)
    assert "2 of 4 trainable parameters of `Sequential`" in finding.message
    assert "`2.weight`, `2.bias`" in finding.message
    assert "2 parameters held instead" in finding.message


def test_a_model_that_is_not_trained_at_all() -> None:
    model = net()
    optimizer = SGD(copy.deepcopy(model).parameters(), lr=0.1)
    assert "4 of 4 trainable parameters" in said(check(optimizer=optimizer, model=model))


def test_many_missing_parameters_are_counted_and_three_are_named() -> None:
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(5)))
    message = said(check(optimizer=SGD(model[0].parameters(), lr=0.1), model=model))
    assert "8 of 10" in message
    assert "`1.weight`, `1.bias`, `2.weight` and 5 more" in message


def test_frozen_tied_and_shared_out_parameters_are_silent() -> None:
    model = net()
    for parameter in model[0].parameters():
        parameter.requires_grad = False
    assert check(optimizer=SGD(model[2].parameters(), lr=0.1), model=model) == []

    tied = nn.ModuleDict({"embed": nn.Embedding(4, 3), "head": nn.Linear(3, 4, bias=False)})
    tied["head"].weight = tied["embed"].weight
    assert check(optimizer=SGD(tied.parameters(), lr=0.1), model=tied) == []

    both = net()
    optimizers = [SGD(both[0].parameters(), lr=0.1), Adam(both[2].parameters(), lr=1e-3)]
    assert check(optimizer=optimizers, model=both) == []
    assert check(optimizer=SGD([*both.parameters(), nn.Parameter(torch.ones(1))], lr=0.1), model=both) == []


# --- what is right


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}),
        (SGD, {"lr": 30.0}),
        (SGD, {"lr": 0.0}),
        (Adam, {"lr": 1e-3}),
        (Adam, {"lr": 0.2}),
        (Adam, {"lr": 2e-4, "betas": (0.5, 0.999)}),
        (Adam, {"lr": torch.tensor(1e-3)}),
        (AdamW, {"lr": 3e-4, "betas": (0.9, 0.95), "weight_decay": 0.1}),
        (AdamW, {"lr": 1e-3, "weight_decay": 0.5}),
        (NAdam, {"lr": 2e-3, "weight_decay": 0.3, "decoupled_weight_decay": True}),
        (RMSprop, {"lr": 1e-3, "momentum": 0.9}),
        (Adadelta, {"lr": 1.0}),
        (torch.optim.LBFGS, {"lr": 1.0}),
        (torch.optim.Rprop, {"lr": 1.0}),
        (torch.optim.Adafactor, {"lr": 1.0}),
    ],
)
def test_what_people_really_use_is_silent(kind: type[Optimizer], options: dict[str, Any]) -> None:
    model = net()
    assert check(optimizer=kind(model.parameters(), **options), model=model) == []


def test_every_optimizer_of_torch_with_its_own_defaults_is_silent() -> None:
    kinds = [kind for kind in vars(torch.optim).values() if isinstance(kind, type) and issubclass(kind, Optimizer)]
    assert len(kinds) > 10
    for kind in kinds:
        if kind is not Optimizer:
            assert check(optimizer=kind([nn.Parameter(torch.ones(2, 2))])) == [], kind  # type: ignore[call-arg]


def test_a_schedule_that_starts_low_is_silent() -> None:
    warming = SGD(net().parameters(), lr=0.1)
    LambdaLR(warming, lambda step: 1e-12)
    assert warming.param_groups[0]["lr"] < 1e-12
    assert check(optimizer=warming) == []
    cycling = Adam(net().parameters(), lr=1e-3)
    OneCycleLR(cycling, max_lr=1e-3, total_steps=10)
    assert check(optimizer=cycling) == []


# --- how it is called


def test_worst_first_and_nothing_given_is_nothing_found() -> None:
    model = net()
    optimizer = Adam(model[0].parameters(), lr=1e-3, betas=(0.999, 0.9))
    assert [finding.code for finding in check(optimizer=optimizer, model=model)] == ["HP145", "HP112"]
    assert check() == check(model=model) == []


def test_findings_have_the_place_of_the_call_and_its_comments_count(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import hplint.runtime, torch\n"
        "from torch import nn\n"
        "model = nn.Linear(3, 2)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=9.0)\n"
        "for found in hplint.runtime.check(\n"
        "    optimizer=optimizer,\n"
        "):\n"
        "    print(found.path, found.span.start.line, found.span.start.column, found.span.end.line, found.code)\n"
        "print(hplint.runtime.check(optimizer=optimizer))  # hplint: ignore[HP111] it explodes on purpose\n"
    )
    done = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    line = done.stdout.splitlines()
    assert line[0] == ("train.py 5 14 7 HP111" if sys.version_info >= (3, 11) else "train.py 5 1 5 HP111")
    assert line[1:] == ["[]"]


def test_wrappers_are_seen_through() -> None:
    class Wrapper:
        def __init__(self, optimizer: Optimizer) -> None:
            self.optimizer = optimizer

    wrapped: Any = Wrapper(SGD(net().parameters(), lr=0.1, momentum=9.0))
    assert codes(check(optimizer=wrapped)) == ["HP111"]


def test_other_objects_are_refused() -> None:
    model: Any = net()
    with pytest.raises(TypeError, match=r"no torch\.optim\.Optimizer but Linear"):
        check(optimizer=model)
    with pytest.raises(TypeError, match=r"no torch\.nn\.Module but int"):
        check(optimizer=SGD(model.parameters(), lr=0.1), model=3)  # type: ignore[arg-type]


def test_nothing_is_changed() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    optimizer = Adam([{"params": list(model[0].parameters()), "learning_rate": 1.0}], lr=5.0, betas=(0.999, 0.9))
    model(torch.randn(8, 3)).sum().backward()
    optimizer.step()

    def state() -> tuple[Any, ...]:
        grads = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
        return copy.deepcopy((model.state_dict(), optimizer.state_dict(), grads, model.training, torch.get_rng_state()))

    before = state()
    assert codes(check(optimizer=optimizer, model=model)) == ["HP106", "HP109", "HP112", "HP145"]
    torch.testing.assert_close(state(), before, rtol=0, atol=0, equal_nan=True)
    assert set(vars(optimizer)) == set(vars(Adam(model.parameters(), lr=1e-3)))


def test_without_torch_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    code = "import hplint.runtime as r\ntry:\n    r.check()\nexcept ImportError as e:\n    print(e)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "pip install 'hplint[runtime]'" in done.stdout
