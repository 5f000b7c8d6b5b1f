"""`check` on everything that a training has: what it says of schedules and loaders, and that it leaves no trace."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, lr_scheduler
from torch.utils.data import DataLoader, Dataset, TensorDataset

from hplint.model import Finding, Level
from hplint.runtime import check, once
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.checks import all_checks
from hplint.runtime.events import Finish, Forward

numpy: Any = pytest.importorskip("numpy")


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


def sgd(lr: float = 0.1) -> SGD:
    return SGD(net().parameters(), lr=lr, momentum=0.9)


def codes(found: list[Finding]) -> list[str]:
    return sorted(finding.code for finding in found if finding.level is not Level.ADVICE)


class Noisy(Dataset[Any]):
    """Samples with a generator of its own, which each one draws from."""

    def __init__(self, labels: Callable[[int], int] = lambda number: number % 3) -> None:
        self.random = random.Random(3)
        self.label = labels
        self.read = 0

    def __len__(self) -> int:
        return 60

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        self.read += 1
        return torch.randn(4) * self.random.random(), self.label(number)


# --- schedules


@pytest.mark.parametrize(
    ("make", "steps", "code"),
    [
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=60), 90, "HP291"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=9000), 90, "HP292"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=9_000_000), 90_000, "HP292"),
        (lambda o: lr_scheduler.PolynomialLR(o, total_iters=5), 10, "HP291"),
        (lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9), 5000, "HP291"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0.01, total_iters=1000), 100, "HP177"),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: min(1.0, step / 1000)), 4, "HP177"),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 - step / 50), 60, "HP290"),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: (step + 1) // 20), 10, "HP293"),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: max(0.0, 1 - step / 100)), 1000, "HP291"),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=100), 120, "HP174"),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=1000), 10, "HP174"),
        (lambda o: lr_scheduler.StepLR(o, step_size=30), 20, "HP176"),
        (lambda o: lr_scheduler.MultiStepLR(o, milestones=[30, 60]), 20, "HP176"),
        (lambda o: lr_scheduler.CyclicLR(o, base_lr=0.001, max_lr=0.1, step_size_up=2000), 100, "HP177"),
    ],
)
def test_a_schedule_that_does_not_fit_the_run(
    make: Callable[[SGD], lr_scheduler.LRScheduler], steps: int, code: str
) -> None:
    optimizer = sgd()
    found = check(optimizer=optimizer, scheduler=make(optimizer), steps=steps)
    assert codes(found) == [code], found
    assert all("`" in finding.message and finding.path for finding in found)


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=90), 90),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=90), 91),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=100, eta_min=1e-5), 90),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=10), 100),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=10, T_mult=2), 70),
        (lambda o: lr_scheduler.PolynomialLR(o, total_iters=100), 100),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=100), 100),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=101), 100),
        (lambda o: lr_scheduler.StepLR(o, step_size=30), 90),
        (lambda o: lr_scheduler.StepLR(o, step_size=90), 90),
        (lambda o: lr_scheduler.MultiStepLR(o, milestones=[30, 600]), 90),
        (lambda o: lr_scheduler.ExponentialLR(o, gamma=0.95), 100),
        (lambda o: lr_scheduler.ExponentialLR(o, gamma=1.1), 100),
        (lambda o: lr_scheduler.ConstantLR(o, factor=0.1, total_iters=4), 100),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: 1.0), 100),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: min(1.0, step / 10)), 100),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: max(0.0, 1 - step / 100)), 100),
        (lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 / 0), 100),
        (lambda o: lr_scheduler.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=10), 100),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o), 100),
        (
            lambda o: lr_scheduler.SequentialLR(
                o,
                [lr_scheduler.LinearLR(o, 0.01, total_iters=10), lr_scheduler.CosineAnnealingLR(o, T_max=90)],
                milestones=[10],
            ),
            100,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_schedule_that_fits(make: Callable[[SGD], lr_scheduler.LRScheduler], steps: int) -> None:
    optimizer = sgd()
    try:
        scheduler = make(optimizer)
    except ZeroDivisionError:
        return
    assert codes(check(optimizer=optimizer, scheduler=scheduler, steps=steps)) == []


def test_a_schedule_of_another_optimizer() -> None:
    first, second = sgd(), sgd()
    scheduler = lr_scheduler.StepLR(first, 30)
    assert codes(check(optimizer=second, scheduler=scheduler)) == ["HP169"]
    assert codes(check(optimizer=[first, second], scheduler=[scheduler])) == []


def test_a_function_that_writes_is_not_called() -> None:
    calls: list[int] = []

    def factor(step: int) -> float:
        calls.append(step)
        return 1 - step / 50

    optimizer = sgd()
    scheduler = lr_scheduler.LambdaLR(optimizer, factor)
    assert codes(check(optimizer=optimizer, scheduler=scheduler, steps=60)) == []
    assert calls == [0]


# --- loaders


def data(samples: int, label: Callable[[int], int] = lambda number: number % 3) -> TensorDataset:
    return TensorDataset(torch.randn(samples, 4), torch.tensor([label(number) for number in range(samples)]))


def test_loaders() -> None:
    assert codes(check(loader=DataLoader(data(60), batch_size=8))) == []
    assert codes(check(loader=DataLoader(data(6), batch_size=8, drop_last=True))) == ["HP253"]
    assert codes(check(loader=DataLoader(data(0), batch_size=8))) == ["HP294"]
    assert codes(check(loader=DataLoader(data(60, lambda number: number // 20), batch_size=8))) == ["HP162"]
    assert codes(check(loader=DataLoader(data(60, lambda number: number // 20), batch_size=8, shuffle=True))) == []
    assert codes(check(loader=DataLoader(Noisy(lambda number: number // 20), batch_size=8))) == ["HP162"]
    assert codes(check(loader=DataLoader(Noisy(), batch_size=8, num_workers=2))) == ["HP256"]


def test_a_sample_left_over_needs_batch_norm() -> None:
    model = net()
    loader = DataLoader(data(17), batch_size=8, shuffle=True)
    assert codes(check(model=model, loader=loader)) == ["HP254"]
    assert codes(check(model=model.eval(), loader=loader)) == []
    assert codes(check(model=nn.Linear(4, 3), loader=loader)) == []


# --- the model is run


def test_a_batch_is_run_and_the_loss_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []

    class Looks(Check):
        @on(Forward)
        def ran(self, event: Forward) -> Iterator[Problem]:
            seen.append((type(event.module).__name__, event.training))
            yield from ()

    monkeypatch.setattr(once, "all_checks", lambda: (*all_checks(), Looks))
    x, y = torch.randn(8, 4), torch.randint(0, 3, (8,))
    model = net()
    assert codes(check(model=model, loss=nn.functional.cross_entropy, batch=(x, y))) == []
    assert codes(check(model=model, batch=x)) == []
    assert codes(check(model=model, batch={"input": x})) == []
    assert seen == [("Sequential", True)] * 3


# --- nothing is changed


class Everything:
    """A model in the middle of its training, with all that belongs to it."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(4, 8)), *list(net())[1:])
        self.model[3].eval()
        self.model[4].bias.requires_grad_(False)
        self.optimizer = AdamW(self.model.parameters(), lr=1e-3)
        self.scheduler = lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=5)
        self.data = Noisy()
        self.loader = DataLoader(self.data, batch_size=8, num_workers=0)
        self.batch = torch.randn(8, 4), torch.randint(0, 3, (8,))
        for _ in range(2):
            nn.functional.cross_entropy(self.model(self.batch[0]), self.batch[1]).backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.scheduler.step()
        self.objects = [id(each) for each in (*self.model.parameters(), *self.model.buffers())]

    def look(self) -> tuple[Any, ...]:
        state = (
            {name: each.tolist() for name, each in self.model.state_dict().items()},
            [None if each.grad is None else each.grad.tolist() for each in self.model.parameters()],
            [each.requires_grad for each in self.model.parameters()],
            [module.training for module in self.model.modules()],
            [sorted(vars(module)) for module in self.model.modules()],
            repr(self.optimizer.state_dict()),
            sorted(vars(self.optimizer)),
            repr({key: value for key, value in self.scheduler.state_dict().items() if key != "optimizer"}),
            sorted(vars(self.loader)),
            torch.get_rng_state().tolist(),
            random.getstate(),
            self.data.random.getstate(),
            repr([each.tolist() if hasattr(each, "tolist") else each for each in numpy.random.get_state()]),
            torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            torch.is_grad_enabled(),
            self.objects == [id(each) for each in (*self.model.parameters(), *self.model.buffers())],
        )
        return copy.deepcopy(state)

    def check(self, loss: Callable[..., Any] = nn.functional.cross_entropy) -> list[Finding]:
        return check(
            model=self.model,
            optimizer=self.optimizer,
            scheduler=self.scheduler,
            loader=self.loader,
            loss=loss,
            batch=self.batch,
            steps=100,
        )


def drawing_loss(output: Tensor, target: Tensor) -> Tensor:
    random.random()
    numpy.random.random()
    torch.rand(3)
    if torch.cuda.is_available():
        torch.rand(3, device="cuda")
    return nn.functional.cross_entropy(output + torch.randn_like(output), target)


def test_nothing_is_changed() -> None:
    everything = Everything()
    before = everything.look()
    everything.check(drawing_loss)
    assert everything.look() == before
    assert everything.data.read > 0, "samples were read"


def test_nothing_is_changed_where_a_check_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Check):
        @on(Forward, Finish)
        def fails(self, event: Any) -> Iterator[Problem]:
            raise RuntimeError("boo")
            yield

    monkeypatch.setattr(once, "all_checks", lambda: (Broken, *all_checks()))
    everything = Everything()
    before = everything.look()
    assert "HP000" in [finding.code for finding in everything.check()]
    assert everything.look() == before


def test_nothing_is_changed_where_the_model_or_the_loss_raises() -> None:
    everything = Everything()
    before = everything.look()

    def loss(output: Tensor, target: Tensor) -> Tensor:
        norm, head = everything.model[1], everything.model[4]
        assert isinstance(norm, nn.BatchNorm1d)
        assert isinstance(head, nn.Linear)
        assert norm.running_mean is not None
        everything.model.eval()
        norm.running_mean.add_(1)
        head.weight.data.mul_(2)
        head.weight.grad = None
        everything.model.zero_grad(set_to_none=False)
        raise KeyError("target")

    with pytest.raises(KeyError, match="target"):
        everything.check(loss)
    everything.batch = torch.ones(8, 5), everything.batch[1]
    with pytest.raises(RuntimeError, match="shapes"):
        everything.check()
    assert everything.look() == before


# --- how it is called


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scheduler": 3}, r"`scheduler` is no scheduler of torch\.optim\.lr_scheduler but int"),
        ({"scheduler": [object()]}, r"`scheduler` is no scheduler"),
        ({"loader": [1, 2]}, r"`loader` is no torch\.utils\.data\.DataLoader but list"),
        ({"loss": 3.0}, r"`loss` cannot be called: it is float"),
        ({"steps": "100"}, r"`steps` is no whole number but str"),
        ({"steps": True}, r"`steps` is no whole number but bool"),
    ],
)
def test_what_is_no_such_object_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        check(**given)


def test_a_run_has_steps() -> None:
    with pytest.raises(ValueError, match="at least one"):
        check(steps=0)


def test_a_patience_that_no_run_has() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    for patience, codes in ((8, []), (9, ["HP292"]), (100, ["HP292"])):
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=patience)
        found = check(optimizer=optimizer, scheduler=scheduler, steps=10)
        assert [finding.code for finding in found] == codes
        assert {finding.level.value for finding in found} <= {"advice"}
