"""Hovers and inlay hints."""

from __future__ import annotations

import pytest

from tests.lsp.client import Client
from tests.lsp.conftest import Start

SCRIPT = """import argparse
import torch

BATCH = 64
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--max-grad-norm", type=float)
args = parser.parse_args()
loader = torch.utils.data.DataLoader(data, BATCH)
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
"""


@pytest.mark.parametrize("word", ["lr=args", "args.lr)", '--lr"'])
def test_a_hyperparameter_has_its_value_its_way_and_its_page(client: Client, word: str) -> None:
    uri = client.open("train.py", SCRIPT)
    shown = client.hover(uri, word)
    assert shown is not None
    assert shown.startswith("`AdamW.lr`: `0.0003` (open: command line --lr)")
    assert f"`args.lr` ← `--lr` ([line 6]({uri}#L6))" in shown
    assert "Default of AdamW: `0.001`" in shown
    assert "### Learning rate" in shown
    assert "](https://" in shown, "citations are links"
    assert "`default-learning-rate` (HP110" in shown


def test_a_value_without_a_keyword_and_the_constant_behind_it(client: Client) -> None:
    uri = client.open("train.py", SCRIPT)
    for word in ("BATCH)", "64"):
        shown = client.hover(uri, word) or ""
        assert shown.startswith("`DataLoader.batch_size`: `64`")
        assert "### Batch size" in shown


def test_what_is_called_tells_what_it_is_not_given(client: Client) -> None:
    uri = client.open("train.py", SCRIPT)
    shown = client.hover(uri, "AdamW") or ""
    assert "- `weight_decay`: `0.01` (default of AdamW)" in shown
    assert "`lr`: `0.001`" not in shown


def test_an_option_that_was_not_followed_has_its_page(client: Client) -> None:
    uri = client.open("train.py", SCRIPT)
    assert "gradient" in (client.hover(uri, "max-grad-norm") or "").lower()


@pytest.mark.parametrize("word", ["import", "model.parameters", "parse_args", "\n"])
def test_other_words_show_nothing(client: Client, word: str) -> None:
    uri = client.open("train.py", SCRIPT)
    assert client.hover(uri, word) is None


@pytest.mark.parametrize("name", ["unexpected-argument", "HP101"])
def test_a_suppression_shows_the_page_of_its_rule(client: Client, name: str) -> None:
    uri = client.open("train.py", f"import torch\ntorch.optim.Adam(p, momentum=1)  # hplint: ignore[{name}] so\n")
    shown = client.hover(uri, name) or ""
    assert shown.startswith("### unexpected-argument (HP101)\n\nerror · topic calls")
    assert "```python\n" in shown
    assert client.hover(uri, " so") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conf.yaml", "model:\n  learning_rate: 1e-3  # x\n"),
        ("conf.json", '{"model": {"learning_rate": 1e-3}}\n'),
        ("conf.toml", "[model]\nlearning_rate = 1e-3\n"),
    ],
)
def test_a_key_of_a_configuration_has_its_page(client: Client, name: str, text: str) -> None:
    uri = client.open(name, text, language=name.rpartition(".")[2])
    shown = client.hover(uri, "learning_rate") or ""
    assert shown.startswith("`learning_rate` = `1e-3`")
    assert "### Learning rate" in shown
    assert client.hover(uri, "model") is None
    assert client.pull(uri)["items"] == []


def test_defaults_that_apply_are_hinted_at(client: Client) -> None:
    text = """import torch
a = torch.optim.Adam(model.parameters(), weight_decay=0.1)
b = torch.optim.SGD(
    model.parameters(),
    weight_decay=0.1,
    momentum=0.9,
)
c = torch.optim.SGD(
    model.parameters(), weight_decay=0.1, momentum=0.9  # 😋
)
d = torch.nn.Dropout()
e = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
    uri = client.open("train.py", text)
    found = client.hints(uri)
    assert [label for _, label in found] == [", lr=0.001", " lr=0.001", "lr=0.001", "p=0.5"]
    shown = text
    for at, label in sorted(found, reverse=True):
        shown = shown[:at] + label + shown[at:]
    assert "weight_decay=0.1, lr=0.001)" in shown
    assert "    momentum=0.9, lr=0.001\n)" in shown
    assert "# 😋\nlr=0.001)" in shown
    assert "Dropout(p=0.5)" in shown


def test_hints_can_be_switched_off(start: Start) -> None:
    client = start(options={"inlayHints": False})
    uri = client.open("train.py", "import torch\na = torch.optim.Adam(p)\n")
    assert client.hints(uri) == []
    client.tell("workspace/didChangeConfiguration", {"settings": {"hplint": {"inlayHints": True}}})
    assert [label for _, label in client.hints(uri)] == [", lr=0.001, weight_decay=0"]
