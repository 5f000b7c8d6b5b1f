"""Arguments bound as Python binds them."""

from __future__ import annotations

import pytest

from hplint.facts.calls import BoundCall, Presence
from tests.facts.reading import file_of


def call_of(text: str, name: str = "torch.optim.SGD") -> BoundCall:
    file = file_of("import torch\n" + text)
    return next(call for call in file.calls if call.name == name)


def test_positional_and_keyword() -> None:
    call = call_of("torch.optim.SGD(p, 0.1, weight_decay=1e-4)")
    assert set(call.arguments) == {"params", "lr", "weight_decay"}
    assert call.argument("lr").value.possible[0].constant == 0.1


def test_absent_has_the_library_default() -> None:
    argument = call_of("torch.optim.SGD(p, 0.1)").argument("momentum")
    assert argument.presence is Presence.ABSENT
    single = argument.value.single
    assert single is not None
    assert single.constant == 0


@pytest.mark.parametrize("spread", ["**cfg", "**get()", "*rest"])
def test_unknown_spread_leaves_presence_open(spread: str) -> None:
    call = call_of(f"torch.optim.SGD(p, {spread})")
    assert call.argument("momentum").presence is Presence.UNKNOWN
    assert not call.complete


@pytest.mark.parametrize(
    "text",
    [
        "torch.optim.SGD(p, **{'lr': 0.1, 'momentum': 0.9})",
        "cfg = dict(lr=0.1, momentum=0.9)\ntorch.optim.SGD(p, **cfg)",
        "cfg = {'lr': 0.1, 'momentum': 0.9}\ntorch.optim.SGD(p, **cfg)",
    ],
)
def test_known_spread_is_bound(text: str) -> None:
    call = call_of(text)
    assert call.complete
    assert call.argument("momentum").value.possible[0].constant == 0.9
    assert call.argument("nesterov").presence is Presence.ABSENT


def test_changed_dictionary_is_not_known() -> None:
    call = call_of("cfg = {'lr': 0.1}\ncfg['momentum'] = 1\ntorch.optim.SGD(p, **cfg)")
    assert call.argument("momentum").presence is Presence.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "cfg = {'lr': 0.1}\ncfg['momentum'] = 1\n",
        "cfg = {'lr': 0.1}\nif x:\n    cfg['betas'] = 1\n",
        "cfg = {**rest, 'lr': 0.1}\n",
        "cfg = dict(rest, lr=0.1)\n",
        "cfg = {'lr': 0.1, 'momentum': 1}\ndel cfg['momentum']\n",
    ],
)
def test_items_that_no_code_changes_are_known(text: str) -> None:
    call = call_of(text + "torch.optim.SGD(p, **cfg)")
    assert call.argument("lr").value.possible[0].constant == 0.1
    assert call.argument("momentum").presence is Presence.UNKNOWN
    assert not call.complete


@pytest.mark.parametrize(
    "text",
    [
        "cfg = {'lr': 0.1}\ncfg['lr'] = 1\n",
        "cfg = {'lr': 0.1}\ncfg[key] = 1\n",
        "cfg = {'lr': 0.1, **rest}\n",
        "cfg = {'lr': 0.1, 'momentum': 1}\ndel cfg['lr']\n",
        "cfg = {'lr': 0.1}\nif x:\n    cfg.pop('lr')\n",
        "cfg = {'lr': 0.1}\ncfg.update(rest)\n",
        "cfg = {'lr': 0.1}\nif x:\n    cfg = rest\n",
        "def f(p, cfg={'lr': 0.1}):\n    cfg['momentum'] = 1\n    ",
    ],
)
def test_items_that_code_may_change_are_not(text: str) -> None:
    call = call_of(text + "torch.optim.SGD(p, **cfg)")
    assert call.argument("lr").presence is Presence.UNKNOWN


def test_unexpected_and_surplus() -> None:
    call = call_of("torch.optim.Adam(p, 0.1, momentum=0.9)", "torch.optim.Adam")
    assert [arg.keyword for arg in call.unexpected] == ["momentum"]
    surplus = call_of("torch.nn.Dropout(0.1, False, 3)", "torch.nn.Dropout").surplus
    assert len(surplus) == 1


def test_super_init_is_a_call_of_the_base() -> None:
    text = "class My(torch.optim.SGD):\n    def __init__(self, p, lr):\n        super().__init__(p, lr, 5e-4)"
    call = call_of(text)
    assert call.inherited
    assert call.argument("momentum").value.possible[0].constant == 5e-4


def test_super_init_of_several_bases_is_not_known() -> None:
    text = "class My(torch.optim.SGD, Mixin):\n    def __init__(self, p):\n        super().__init__(p, 0.1)"
    file = file_of("import torch\n" + text)
    assert not [call for call in file.calls if call.inherited]
