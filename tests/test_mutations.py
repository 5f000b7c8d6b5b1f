"""The mutation check plants what it says, and counts what is found."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.mutations import __main__ as check
from benchmarks.mutations.__main__ import unplanted
from benchmarks.mutations.outline import moved
from benchmarks.mutations.registry import MUTATORS, UNPLANTED, planted
from benchmarks.mutations.script import Planted, Script, Skipped
from hplint.registry import registry

SCRIPT = """\
import torch
from torch import nn, optim


def train(model, loader, rate):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()  # é
        optimizer.step()


class Trainer:
    def configure(self):
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
"""


def mutants(code: str, text: str = SCRIPT) -> list[str]:
    script = Script(text)
    found = [each for mutator in MUTATORS if mutator.code == code for each in mutator.mutate(script)]
    return [script.edited(each.edits) for each in found if isinstance(each, Planted)]


def test_every_mutator_is_for_a_rule_and_says_what_it_plants() -> None:
    codes = {rule.code for rule in registry().rules}
    assert {mutator.code for mutator in MUTATORS} <= codes
    assert set(UNPLANTED) <= codes - {mutator.code for mutator in MUTATORS}
    assert codes == {mutator.code for mutator in MUTATORS} | unplanted().keys()
    assert len({(mutator.code, mutator.title) for mutator in MUTATORS}) == len(MUTATORS)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("HP101", "optimizer = optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)"),
        ("HP138", "optimizer = optim.Adam(model.parameters(), lr=le-3)"),
        ("HP113", "optimizer = optim.Adam(model, lr=1e-3)"),
        ("HP110", "optimizer = optim.Adam(model.parameters())"),
        ("HP123", "optimizer.step"),
    ],
)
def test_a_mistake_is_planted_in_its_place(code: str, line: str) -> None:
    texts = mutants(code)
    assert any(line in [each.strip() for each in text.splitlines()] for text in texts)
    for text in texts:
        ast.parse(text)


def test_what_is_moved_keeps_its_names() -> None:
    script = Script(SCRIPT)
    call = next(iter(script.calls("optim.Adam")))
    mistake = planted(script, call, script.added(call, "momentum=0.9"))
    assert isinstance(mistake, Planted)
    text = moved(script, mistake)
    assert isinstance(text, str)
    assert "def planted_helper_1(model):\n    return (optim.Adam(model.parameters(), lr=1e-3, momentum=0.9))" in text
    assert "optimizer = planted_helper_1(model)" in text


def test_a_helper_that_needs_self_is_a_method() -> None:
    script = Script(SCRIPT)
    call = next(iter(script.calls("optim.SGD")))
    mistake = planted(script, call, script.given(call, "lr", "100.0"))
    assert isinstance(mistake, Planted)
    text = moved(script, mistake)
    assert isinstance(text, str)
    assert "    def planted_helper_1(self):\n" in text
    assert "self.optimizer = self.planted_helper_1()" in text


def test_what_cannot_be_moved_says_why() -> None:
    script = Script("def f(x):\n    return x + 1\n")
    statement = script.tree.body[0]
    assert isinstance(statement, ast.FunctionDef)
    result = moved(script, Planted((), (statement.body[0],)))
    assert isinstance(result, Skipped)
    assert "Return" in result.reason


def test_found_and_missed_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT, "utf-8")
    looked = check.look(str(path))
    momentum = [place for place in looked.places if MUTATORS[place.mutator].title == "momentum given to Adam"]
    told = [each for place in momentum for each in check.tell(place) if isinstance(each, check.Told)]
    assert [(each.form, each.found, each.others) for each in told] == [
        ("inline", True, ()),
        ("in a helper", True, ()),
    ]


def test_a_script_with_findings_of_its_own_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT.replace("1e-3", "le-3"), "utf-8")
    assert check.look(str(path)).places == ()


PLANNED = """\
import torch
from torch.utils.data import DataLoader


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x)


def main(data, args):
    loader = DataLoader(data, batch_size=args.batch_size, shuffle=True)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(20):
        for x, y in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
"""


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("HP145", ["model.fc = torch.nn.Linear(4, 3)"]),
        ("HP173", ["planted_schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20 * len(loader))"]),
        ("HP174", ["planted_schedule.step()"]),
        ("HP176", ["planted_schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=25)"]),
        ("HP178", ["pass", "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)"]),
        ("HP216", ['planted_settings = {"lr": "1e-4"}']),
        ("HP255", ["loader = DataLoader(data, batch_size=args.batch_size / torch.cuda.device_count(), shuffle=True)"]),
        ("HP258", ["torch.manual_seed(0)"]),
        ("HP266", ["from peft import LoraConfig, get_peft_model"]),
    ],
)
def test_a_mistake_is_planted_in_a_training(code: str, lines: list[str]) -> None:
    texts = mutants(code, PLANNED)
    assert any(all(line in [each.strip() for each in text.splitlines()] for line in lines) for text in texts)
    for text in texts:
        ast.parse(text)


def test_a_helper_is_given_what_the_mistake_brings() -> None:
    script = Script(SCRIPT)
    mistake = next(each for each in _planted("HP165", script) if isinstance(each, Planted))
    text = moved(script, mistake)
    assert isinstance(text, str)
    assert "def planted_helper_1(planted_parameters):" in text


def _planted(code: str, script: Script) -> list[Planted | Skipped]:
    return [each for mutator in MUTATORS if mutator.code == code for each in mutator.mutate(script)]


CHOSEN = """\
import torch
from torch.utils.data import DataLoader

train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
val_loader = DataLoader(val_set, batch_size=64)
test_loader = DataLoader(test_set, batch_size=64)
best_acc = 0.0
for epoch in range(10):
    train(model, train_loader)
    val_acc = evaluate(model, val_loader)
    if val_acc > best_acc:
        best_acc = val_acc
        torch.save(model.state_dict(), "best.pt")
"""


def test_a_choice_by_validation_becomes_one_by_the_test_set() -> None:
    texts = mutants("HP269", CHOSEN)
    assert any(
        "planted_test_acc = evaluate(model, test_loader)\n    if planted_test_acc > best_acc:" in t for t in texts
    )
    assert any("\nval_loader = test_loader\n" in text for text in texts)
    for text in texts:
        ast.parse(text)


def test_a_rule_without_a_place_says_why() -> None:
    number = next(n for n, each in enumerate(MUTATORS) if each.code == "HP248")
    lines = check.report([], Counter({(number, "no words are filled up"): 3}), 0)
    assert "HP248  no place: no words are filled up (3)" in lines
