"""Fixes and suppressions: asked for, applied, and looked at in the buffer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lsp.client import Client
from tests.lsp.conftest import Start

HEAD = "import torch\n\n"
TYPOS = HEAD + "一 = '😋'; optimizer = torch.optim.Adam(params, lr=le-3, weight_decay=le-5)\n"


def titles(actions: list[dict[str, Any]]) -> list[str]:
    return [action["title"] for action in actions]


def chosen(actions: list[dict[str, Any]], word: str) -> dict[str, Any]:
    (found,) = [action for action in actions if word in action["title"]]
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_fix_is_applied(start: Start, encoding: str) -> None:
    client = start(encoding=encoding)
    uri = client.open("train.py", TYPOS)
    action = chosen(client.actions(uri, "le-5"), "1e-5")
    assert (action["kind"], action["isPreferred"]) == ("quickfix", True)
    assert client.at(uri, action["diagnostics"][0]["range"]) == "le-5"
    client.apply(action["edit"])
    assert client.texts[uri] == TYPOS.replace("le-5", "1e-5")
    assert client.found(uri) == [("HP138", "le-3")]


def test_an_unsafe_fix_is_named_so_and_not_preferred(client: Client) -> None:
    uri = client.open("train.py", HEAD + "optimizer = torch.optim.Adam(params, lr=1e-3, momentum=0.9)\n")
    action = chosen(client.actions(uri, "momentum=0.9"), "betas")
    assert action["title"].endswith("(unsafe: may change what the program does)")
    assert "isPreferred" not in action
    client.apply(action["edit"])
    assert "betas=(0.9, 0.999)" in client.texts[uri]
    assert client.found(uri) == []


def test_all_safe_fixes_at_once(client: Client) -> None:
    uri = client.open("train.py", TYPOS.replace("\n", "\r\n"))
    (action,) = client.actions(uri, "import", only=["source.fixAll"])
    assert action["kind"] == "source.fixAll.hplint"
    assert "edit" not in action, "it is worked out when it is chosen"
    client.apply(client.ask("codeAction/resolve", action)["edit"])
    assert client.texts[uri] == TYPOS.replace("le-", "1e-").replace("\n", "\r\n")
    assert client.found(uri) == []
    assert client.actions(uri, "import", only=["source.fixAll.hplint"]) == []


def test_a_client_that_never_resolves_gets_the_edit_at_once(start: Start) -> None:
    client = start({"textDocument": {"diagnostic": {}}})
    uri = client.open("train.py", TYPOS)
    (action,) = client.actions(uri, "import", only=["source.fixAll.hplint"])
    assert list(action["edit"]) == ["changes"]
    client.apply(action["edit"])
    assert client.texts[uri] == TYPOS.replace("le-", "1e-")


def test_what_is_chosen_too_late_changes_nothing(client: Client) -> None:
    uri = client.open("train.py", TYPOS)
    (action,) = client.actions(uri, "import", only=["source.fixAll"])
    client.change(uri, TYPOS + "x = 1\n")
    assert "edit" not in client.ask("codeAction/resolve", action)


def test_only_what_is_asked_for_is_offered(client: Client) -> None:
    uri = client.open("train.py", TYPOS)
    assert {action["kind"] for action in client.actions(uri, "le-5")} == {"quickfix", "source.fixAll.hplint"}
    assert {action["kind"] for action in client.actions(uri, "le-5", only=["quickfix"])} == {"quickfix"}
    assert client.actions(uri, "le-5", only=["refactor"]) == []
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}
    params = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": [], "only": ["quickfix"]}}
    assert client.ask("textDocument/codeAction", params) == []


SUPPRESSED = {
    "Adam(params, lr=1e-3, momentum=0.9)": "Adam(params, lr=1e-3, momentum=0.9)  # hplint: ignore[unexpected-argument]",
    "Adam(params, momentum=0.9, lr=1e-3)  # why": (
        "Adam(params, momentum=0.9, lr=1e-3)  # why  # hplint: ignore[unexpected-argument]"
    ),
    "Adam(\n    params,\n    lr=1e-3,\n    momentum=0.9,\n)": (
        "Adam(\n    params,\n    lr=1e-3,\n    momentum=0.9,  # hplint: ignore[unexpected-argument]\n)"
    ),
    "Adam(params, momentum=0.9, lr=1e-3 + \\\n    0)": (
        "Adam(params, momentum=0.9, lr=1e-3 + \\\n    0)  # hplint: ignore[unexpected-argument]"
    ),
    'Adam(params, momentum=0.9, lr=f("""a\n# b\n"""))': (
        'Adam(params, momentum=0.9, lr=f("""a\n# b\n"""))  # hplint: ignore[unexpected-argument]'
    ),
    'Adam(params, momentum=0.9, lr=f(f"""a\n{1}\n"""))': (
        'Adam(params, momentum=0.9, lr=f(f"""a\n{1}\n"""))  # hplint: ignore[unexpected-argument]'
    ),
    "Adam(params, momentum=0.9, lr='x')  # hplint: ignore[lr-string] because": (
        "Adam(params, momentum=0.9, lr='x')  # hplint: ignore[lr-string, unexpected-argument] because"
    ),
    "Adam(params, momentum=0.9)  # hplint: file-ignore[lr-string]": (
        "Adam(params, momentum=0.9)  # hplint: file-ignore[lr-string]  # hplint: ignore[unexpected-argument]"
    ),
}


@pytest.mark.parametrize("code", SUPPRESSED)
def test_a_suppression_is_put_where_it_counts(client: Client, code: str) -> None:
    head = HEAD + "optimizer = torch.optim."
    uri = client.open("train.py", f"{head}{code}\n")
    client.apply(chosen(client.actions(uri, "momentum=0.9"), "Suppress unexpected-argument")["edit"])
    assert client.texts[uri] == f"{head}{SUPPRESSED[code]}\n"
    assert not {name for name, _ in client.found(uri)} & {"HP101", "HP001"}


def test_what_cannot_be_suppressed_is_not_offered_to_be(client: Client) -> None:
    uri = client.open("train.py", "x = 1  # hplint: ignore[unexpected-argument]\nlr = 'torch'\n")
    assert titles(client.actions(uri, "unexpected-argument")) == [
        "Remove the suppression",
        "Fix all hplint findings that are safe to fix",
    ]
