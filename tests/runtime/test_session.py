"""The watch itself: it leaves no trace, shows nothing to the program, and survives its own faults."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules import module as modules
from torch.optim import SGD, AdamW, Optimizer, lr_scheduler, optimizer
from torch.utils.data import DataLoader, TensorDataset, dataloader

from hplint.registry import registry
from hplint.runtime import events, watch
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.checks import all_checks
from hplint.runtime.recorder import WeakIds
from hplint.runtime.session import Session

x, y = torch.randn(4, 4), torch.tensor([0, 1, 2, 0])


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def backward(loss: Any) -> None:
    loss.backward()


def train(model: nn.Module, optimizer: Optimizer, steps: int = 2) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        backward(functional.cross_entropy(model(x), y))
        optimizer.step()


def attributes() -> dict[tuple[str, str], object]:
    """Whatever a tap may replace."""
    public = (*vars(lr_scheduler).values(), *vars(torch.optim).values())
    kinds = list(dict.fromkeys(each for each in public if isinstance(each, type)))
    owners = [torch, torch.autograd, torch.jit, torch.amp.GradScaler, functional, nn.Module, Optimizer, DataLoader]
    owners += [torch.nn.utils, torch.nn.utils.clip_grad, dataloader._BaseDataLoaderIter, *kinds]
    found = {
        (repr(owner), name): value
        for owner in owners
        for name, value in vars(owner).items()
        if name not in ("__slotnames__", "__abstractmethods__", "_abc_impl")
    }
    hooks = {name: len(value) for name, value in vars(modules).items() if name.startswith("_global") and value}
    found[("hooks", "modules")] = str(hooks)
    found[("hooks", "optimizers")] = (
        len(optimizer._global_optimizer_pre_hooks),
        len(optimizer._global_optimizer_post_hooks),
    )
    return found


@pytest.fixture(scope="module", autouse=True)
def _first_optimizer() -> None:
    """Torch prepares each class of optimizers when it is first used."""
    for kind in (SGD, AdamW):
        kind([nn.Parameter(torch.ones(1))], lr=0.1)


def test_torch_is_afterwards_what_it_was() -> None:
    before = attributes()
    with watch() as session:
        assert sum(before[key] is not value for key, value in attributes().items()) > 20
        model = net()
        train(model, SGD(model.parameters(), lr=0.1))
    after = attributes()
    assert after.keys() == before.keys()
    assert [key for key, value in after.items() if value is not before[key] and value != before[key]] == []
    assert session.world.step == 2


def test_torch_is_what_it_was_after_an_exception_too() -> None:
    before = attributes()
    with pytest.raises(ZeroDivisionError), watch():
        _ = 1 / 0
    assert all(value is before[key] or value == before[key] for key, value in attributes().items())


def test_a_watch_inside_a_watch() -> None:
    before = attributes()
    with watch() as outer:
        with watch() as inner:
            model = net()
            train(model, SGD(model.parameters(), lr=0.1))
        train(model, SGD(model.parameters(), lr=0.1), steps=3)
    assert (outer.world.step, inner.world.step) == (3, 2)
    assert all(value is before[key] or value == before[key] for key, value in attributes().items())


def test_objects_are_stored_without_a_word_of_us() -> None:
    def state() -> list[bytes]:
        torch.manual_seed(0)
        model = net()
        model.__dict__["loss"] = functional.cross_entropy
        sgd = SGD(model.parameters(), lr=0.1, momentum=0.9)
        scheduler = lr_scheduler.StepLR(sgd, step_size=2)
        loader = DataLoader(TensorDataset(x, y), batch_size=2)
        train(model, sgd)
        scheduler.step()
        assert set(vars(copy.deepcopy(model))) == set(vars(model))
        assert copy.deepcopy(model).loss is functional.cross_entropy
        stored = [pickle.dumps(each) for each in (scheduler.state_dict(), vars(loader)["batch_size"])]
        for each in (model, sgd, scheduler, loader):
            assert b"hplint" not in pickle.dumps(each)
            assert not [name for name in vars(each) if "hplint" in name]
        buffer = io.BytesIO()
        torch.save(model.state_dict(), buffer)
        return [*stored, pickle.dumps({name: value.tolist() for name, value in model.state_dict().items()})]

    plain = state()
    with watch():
        watched = state()
    assert watched == plain


def test_a_function_that_was_kept_is_stored_as_torchs() -> None:
    with watch():
        kept = functional.cross_entropy
        inside = pickle.loads(pickle.dumps(kept))
    assert inside is kept
    assert pickle.loads(pickle.dumps(kept)) is functional.cross_entropy
    assert kept(torch.zeros(1, 3), torch.tensor([0])).item() == pytest.approx(1.0986, abs=1e-3)


def test_torchscript_and_compilation_see_torchs_own_functions() -> None:
    class Lossy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return functional.cross_entropy(self.layer(x), y)

    def run() -> float:
        torch.manual_seed(0)
        torch._dynamo.reset()
        model = Lossy()
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*global hooks.*")
            loss = compiled(x, y)
        loss.backward()
        scripted: Any = torch.jit.script(Lossy())
        assert scripted(x, y) > 0
        return float(loss.item())

    plain = run()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with watch() as session:
            assert run() == plain
    assert session.findings() == []


@pytest.mark.filterwarnings("ignore:Profiler")
def test_compiled_steps_are_left_to_torch_and_others_are_seen() -> None:
    """Torch compiles whatever runs in a compiled function, and would trace the taps with it."""
    dynamo = torch._dynamo.utils.counters

    def run() -> int:
        torch._dynamo.reset()
        dynamo.clear()
        model = net()
        optimizer = AdamW(model.parameters())
        step = torch.compile(optimizer.step, backend="eager")

        @torch.compile(backend="eager")
        def whole() -> None:
            backward(functional.cross_entropy(model(x), y))
            optimizer.step()

        for each in (step, whole, optimizer.step):
            for _ in range(2):
                optimizer.zero_grad()
                backward(functional.cross_entropy(model(x), y))
                each()
        return dynamo["stats"]["unique_graphs"]

    graphs = run()
    with watch() as session:
        assert run() == graphs
    assert "hplint" not in "".join(dynamo["graph_break"])
    assert session.findings() == []
    assert session.world.step >= 2


def test_warnings_of_torch_point_at_the_line_that_they_point_at_without_us() -> None:
    def warned() -> list[tuple[str, int]]:
        optimizer = SGD(net().parameters(), lr=0.1)
        scheduler = lr_scheduler.StepLR(optimizer, 1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scheduler.step()
            functional.mse_loss(torch.zeros(4, 1), torch.zeros(4))
            nn.utils.clip_grad_norm_(iter(()), 1.0)
        return [(each.filename, each.lineno) for each in caught]

    plain = warned()
    assert [file for file, _ in plain[:2]] == [__file__, __file__]
    with watch():
        assert warned() == plain


def test_a_fault_of_a_check_becomes_a_finding_and_the_program_goes_on() -> None:
    class Faulty(Check):
        rules = ("missing-zero-grad",)
        calls = 0

        @on(events.StepEnds)
        def fail(self, event: events.StepEnds) -> Iterator[Problem]:
            type(self).calls += 1
            raise RuntimeError("no luck")

    session = Session([Faulty])
    session.install()
    try:
        model = net()
        train(model, SGD(model.parameters(), lr=0.1), steps=3)
    finally:
        session.undo()
    [finding] = session.findings()
    assert finding.code == "HP000"
    assert "`Faulty`" in finding.message
    assert "no luck" in finding.message
    assert (Faulty.calls, session.world.step) == (1, 3)


def test_a_fault_of_a_tap_becomes_a_finding_and_the_program_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no luck")

    session = Session([])
    monkeypatch.setattr(session.world.optimizers, "add", fail)
    session.install()
    try:
        model = net()
        train(model, SGD(model.parameters(), lr=0.1), steps=3)
    finally:
        session.undo()
    assert {finding.code for finding in session.findings()} == {"HP000"}


def test_what_a_check_does_is_no_event() -> None:
    class Curious(Check):
        rules = ("missing-zero-grad",)
        seen = 0

        @on(events.Forward)
        def look(self, event: events.Forward) -> Iterator[Problem]:
            type(self).seen += 1
            event.module(*event.args)
            assert not torch.is_grad_enabled()
            yield from ()

    session = Session([Curious])
    session.install()
    try:
        net()(x)
    finally:
        session.undo()
    assert Curious.seen == 1
    assert session.findings() == []


def test_nothing_is_kept_alive() -> None:
    import gc
    import weakref

    with watch() as session:
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        train(model, optimizer)
        alive = [weakref.ref(each) for each in (model, optimizer, model[0].weight)]
        del model, optimizer
        gc.collect()
        assert [ref() for ref in alive] == [None, None, None]
        assert [record.kind for record in session.world.optimizers] == ["SGD"]
    assert session.findings() == []


def test_the_loader_of_a_watch_is_not_cut_and_its_workers_are_not_watched() -> None:
    loader = DataLoader(TensorDataset(torch.arange(20)), batch_size=2, num_workers=1)
    with watch() as session:
        assert len(list(loader)) == len(loader) == 10
    [record] = session.world.loaders
    assert (record.passes, record.steps, record.kind) == (1, 10, "DataLoader")


def test_random_numbers_are_as_without_a_watch() -> None:
    def draw() -> torch.Tensor:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3))
        train(model, SGD(model.parameters(), lr=0.1), steps=4)
        return torch.cat([p.detach().flatten() for p in model.parameters()] + [torch.rand(3)])

    plain = draw()
    with watch():
        assert torch.equal(draw(), plain)


def test_the_report_shows_the_line() -> None:
    with watch() as session:
        model = net()
        sgd = SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            backward(functional.cross_entropy(model(x), y))
            sgd.step()
    report = session.report()
    assert "|     loss.backward()" in report
    assert "Found 1 error in 2 steps." in report


def test_a_comment_suppresses() -> None:
    with watch() as session:
        model = net()
        sgd = SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            loss: Any = functional.cross_entropy(model(x), y)
            loss.backward()  # hplint: ignore[missing-zero-grad] on purpose
            sgd.step()
    assert session.findings() == []


def test_columns_are_counted_in_characters() -> None:
    with watch() as session:
        model = net()
        é = "é"; sgd = SGD(model.parameters(), lr=0.1, momentum=9.0)  # fmt: skip # noqa: E702, F841
        train(model, sgd)
    [finding] = session.findings()
    assert finding.span is not None
    assert (finding.span.start.column, finding.span.end.column) == (24, 69)


def test_every_rule_that_a_check_speaks_for_exists() -> None:
    names = {rule.name for rule in registry().rules}
    for check in all_checks():
        assert check.rules
        assert set(check.rules) <= names, check
        assert check.__doc__


def test_rules_tell_that_a_check_says_them_too() -> None:
    """``runtime=True`` is for the rules of checks, and for no others: a comment that suppresses one is no HP004."""
    said = {name for check in all_checks() for name in check.rules}
    assert {rule.name for rule in registry().rules if rule.runtime} == said


def test_weak_ids_ask_no_object_for_its_hash() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        def __hash__(self) -> int:
            raise AssertionError

    kept: WeakIds[int | None] = WeakIds()
    one, two = Odd(), Odd()
    kept[one], kept[two] = 1, None
    assert (kept.get(one), one in kept, two in kept, len(kept)) == (1, True, True, 2)
    del one
    assert len(kept) == 1
    kept.pop(two)
    assert two not in kept
