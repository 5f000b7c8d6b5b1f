"""What an optimizer is given, and what becomes of its learning rate."""

from __future__ import annotations

import pytest

from hplint.facts.lifetimes import (
    Groups,
    never_sets_rate,
    optimizer_of,
    optimizers,
    parameter_groups,
    schedulers,
    sets_rate_later,
)
from tests.facts.reading import file_of

START = "import torch\nfrom torch.optim import lr_scheduler\n"


def groups_of(text: str) -> Groups:
    file = file_of(START + text)
    return parameter_groups(file, next(optimizers(file)))


@pytest.mark.parametrize(
    "given",
    [
        "model.parameters()",
        "model.named_parameters()",
        "list(model.parameters())",
        "filter(lambda p: p.requires_grad, model.parameters())",
        "[p for p in model.parameters() if p.requires_grad]",
        "list(a.parameters()) + list(b.parameters())",
        "[*a.parameters(), *b.parameters()]",
        "[model.weight, model.bias]",
        "[torch.zeros(3, requires_grad=True)]",
    ],
)
def test_parameters(given: str) -> None:
    assert groups_of(f"o = torch.optim.SGD({given}, lr=1)").plain
    assert groups_of(f"given = {given}\no = torch.optim.SGD(given, lr=1)").plain


@pytest.mark.parametrize(
    "given", ["given", "groups(model)", "model.groups()", "[]", "self.given", "[g for g in groups]"]
)
def test_what_may_be_groups(given: str) -> None:
    assert groups_of(f"o = torch.optim.SGD({given}, lr=1)") == Groups()


def test_groups_that_are_written_out() -> None:
    found = groups_of("o = torch.optim.SGD([{'params': p, 'lr': 2}, {'params': q, **rest}], lr=1)")
    assert found.complete
    assert [(sorted(group.options), group.complete) for group in found.listed] == [
        (["lr", "params"], True),
        (["params"], False),
    ]
    assert not groups_of("g = [{'params': p}]\ng.append(more)\no = torch.optim.SGD(g, lr=1)").complete


NEVER, UNKNOWN, SET = (False, True), (False, False), (True, False)
"""Whether a rate is set later, whether it certainly is not."""


def rate_of(text: str) -> tuple[bool, bool]:
    file = file_of(START + text)
    optimizer = next(optimizers(file))
    return sets_rate_later(file, optimizer), never_sets_rate(file, optimizer)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("o.zero_grad()\no.step()", NEVER),
        ("scaler.step(o)\nscaler.update()", NEVER),
        ("def train(opt):\n    opt.step()\ntrain(o)", NEVER),
        ("o.zero_grad()", UNKNOWN),
        ("train(o)", UNKNOWN),
        ("def train(opt):\n    opt.step()\n    more(opt)\ntrain(o)", UNKNOWN),
        ("s = lr_scheduler.StepLR(o, 3)\no.step()", UNKNOWN),
        ("for g in o.param_groups:\n    print(g)\no.step()", UNKNOWN),
        ("s = lr_scheduler.OneCycleLR(o, 0.1, 100)", SET),
        ("s = lr_scheduler.LambdaLR(o, f)", SET),
        ("s = NoamSchedule(o)", SET),
        ("adjust_learning_rate(o, 3)", SET),
        ("o.param_groups[0]['lr'] = 3", SET),
        ("def set(g):\n    g['lr'] *= 3", SET),
    ],
)
def test_whether_the_rate_is_set_later(text: str, later: tuple[bool, bool]) -> None:
    assert rate_of(f"o = torch.optim.SGD(model.parameters(), lr=1)\n{text}\n") == later


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("wrap(torch.optim.SGD(p, lr=1))", SET),
        ("self.o = torch.optim.SGD(p, lr=1)", UNKNOWN),
        ("self.o = torch.optim.SGD(p, lr=1)\nself.o.step()", NEVER),
        ("def build(p):\n    return torch.optim.SGD(p, lr=1)", UNKNOWN),
        ("def build(p):\n    return torch.optim.SGD(p, lr=1)\no = build(p)\no.step()", NEVER),
        ("def build(p):\n    o = torch.optim.SGD(p, lr=1)\n    return p, o\nm, o = build(p)\no.step()", NEVER),
        ("a, b = torch.optim.SGD(p, lr=1), 3\na.step()", NEVER),
        ("o = [torch.optim.SGD(p, lr=1)]\no[0].step()", UNKNOWN),
    ],
)
def test_where_an_optimizer_is_put(text: str, later: tuple[bool, bool]) -> None:
    assert rate_of(text) == later


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("o = torch.optim.SGD(p, lr=1)\ns = lr_scheduler.StepLR(o, 3)", True),
        ("self.o = torch.optim.SGD(p, lr=1)\ns = lr_scheduler.StepLR(self.o, 3)", True),
        ("s = lr_scheduler.StepLR(o, 3)", False),
        ("o = build()\ns = lr_scheduler.StepLR(o, 3)", False),
        ("if x:\n    o = torch.optim.SGD(p)\nelse:\n    o = torch.optim.Adam(p)\ns = lr_scheduler.StepLR(o, 3)", False),
    ],
)
def test_the_optimizer_of_a_schedule(text: str, known: bool) -> None:
    file = file_of(START + text)
    assert (optimizer_of(file, next(schedulers(file))) is not None) is known
