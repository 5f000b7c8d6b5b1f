"""Findings in editors: over the wire, in the real process."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.lsp.client import PUSHED, Client
from tests.lsp.conftest import Start

BAD = "import torch\n\noptimizer = torch.optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)\n"
GOOD = BAD.replace(", momentum=0.9", "")
WIDE = BAD.replace("optimizer =", 's = "😋漢字é"; optimizer =')


def test_a_finding_is_pulled_with_all_that_is_known_of_it(client: Client) -> None:
    text = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fcl = nn.Linear(4, 12)

    def forward(self, x):
        return torch.relu(self.fc1(x))
"""
    uri = client.open("net.py", text)
    found = {each["code"]: each for each in client.pull(uri)["items"]}["HP131"]
    assert (found["source"], found["severity"], client.at(uri, found["range"])) == ("hplint", 1, "self.fc1")
    (related,) = found["relatedInformation"]
    assert related["message"] == "`fcl` is stored here"
    assert (related["location"]["uri"], client.at(uri, related["location"]["range"])) == (uri, "self.fcl")


def test_a_client_that_pulls_is_not_pushed_at(client: Client) -> None:
    uri = client.open("train.py", BAD)
    assert client.found(uri) == [("HP101", "momentum=0.9")]
    client.change(uri, GOOD)
    assert client.found(uri) == []
    time.sleep(0.3)
    client.pull(uri)
    assert not [note for note in client.notes if note["method"] == "textDocument/publishDiagnostics"]


def test_what_is_the_same_is_not_sent_again(client: Client) -> None:
    uri = client.open("train.py", BAD)
    first = client.pull(uri)
    assert first["kind"] == "full"
    assert client.pull(uri, first["resultId"]) == {"kind": "unchanged", "resultId": first["resultId"]}
    client.change(uri, GOOD)
    assert client.pull(uri, first["resultId"])["kind"] == "full"


def test_findings_are_pushed_to_a_client_that_cannot_pull(start: Start) -> None:
    client = start(PUSHED)
    uri = client.open("train.py", BAD)
    assert client.pushed(uri) == ["HP101"]
    client.change(uri, GOOD)
    assert client.pushed(uri) == []
    client.change(uri, BAD)
    assert client.pushed(uri) == ["HP101"]
    client.close(uri)
    closed = client.wait("textDocument/publishDiagnostics")
    assert (closed["uri"], closed["diagnostics"]) == (uri, [])


def test_of_many_quick_edits_the_last_one_counts(start: Start) -> None:
    client = start(PUSHED)
    uri = client.open("train.py", GOOD)
    assert client.pushed(uri) == []
    for number in range(20):
        client.change(uri, f"{GOOD}# {number}\n")
    client.change(uri, BAD)
    assert client.pushed(uri) == ["HP101"]
    versions = [note["params"]["version"] for note in client.notes if "diagnostics" in note["params"]]
    assert len(versions) < 5, "every edit was checked"


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16", "utf-32"])
def test_columns_are_counted_as_was_agreed(start: Start, encoding: str | None) -> None:
    client = start(encoding=encoding)
    assert client.capabilities["positionEncoding"] == (encoding or "utf-16")
    uri = client.open("train.py", WIDE)
    assert client.found(uri) == [("HP101", "momentum=0.9")]
    assert "Learning rate" in (client.hover(uri, "lr=1e-3") or "")


def test_lines_end_where_the_protocol_says(client: Client) -> None:
    text = BAD.replace("\n\n", "\n# a\x0cb\u2028c\x85d\n", 1)
    uri = client.open("train.py", text)
    assert client.found(uri) == [("HP101", "momentum=0.9")]
    uri = client.open("crlf.py", BAD.replace("\n", "\r\n"))
    assert client.found(uri) == [("HP101", "momentum=0.9")]


def test_half_typed_code_keeps_the_findings_without_an_error(client: Client) -> None:
    uri = client.open("train.py", BAD)
    assert client.found(uri) == [("HP101", "momentum=0.9")]
    for typed in ("opt2 = torch.optim.SGD(", "opt2 = torch.optim.SGD(model.par", "def f(:"):
        client.change(uri, f"import torch\n{typed}\n" + BAD.partition("\n")[2])
        assert client.found(uri) == [("HP101", "momentum=0.9")]
        client.change(uri, BAD + typed)
        assert client.found(uri) == [("HP101", "momentum=0.9")]
    assert client.actions(uri, "momentum=0.9") == []
    client.save(uri)
    assert [code for code, _ in client.found(uri)] == ["HP001", "HP101"]
    client.change(uri, GOOD)
    assert client.found(uri) == []


def test_a_file_that_was_never_right_has_its_error(client: Client) -> None:
    uri = client.open("train.py", "import torch\nlr = = 1\n")
    assert [code for code, _ in client.found(uri)] == ["HP001"]


def test_what_the_editor_shows_of_a_module_counts(start: Start, tmp_path: Path) -> None:
    client = start()
    (tmp_path / "constants.py").write_text("LR = 1e-3\n")
    text = "import torch\nfrom constants import LR\n\noptimizer = torch.optim.Adam(model.parameters(), lr=LR)\n"
    uri = client.open("train.py", text)
    assert client.found(uri) == []
    module = client.open("constants.py", "LR = 1e-3\n")
    client.change(module, "LR = '1e-3'\n")
    assert [code for code, _ in client.found(uri)] == ["HP108"]
    client.close(module)
    assert client.found(uri) == []
    (tmp_path / "constants.py").write_text("LR = '1e-3'  # saved by somebody else\n")
    assert [code for code, _ in client.found(uri)] == ["HP108"]


def test_those_who_import_what_is_edited_are_pushed_at(start: Start) -> None:
    client = start(PUSHED)
    client.open("constants.py", "LR = 1e-3\n")
    text = "import torch\nfrom constants import LR\n\noptimizer = torch.optim.Adam(model.parameters(), lr=LR)\n"
    (client.root / "constants.py").write_text("LR = 1e-3\n")
    uri = client.open("train.py", text)
    assert client.pushed(uri) == []
    client.change((client.root / "constants.py").as_uri(), "LR = '1e-3'\n")
    assert client.pushed(uri) == ["HP108"]


def test_texts_without_a_file_are_checked_and_others_are_not(client: Client) -> None:
    item = {"uri": "untitled:Untitled-1", "languageId": "python", "version": 1, "text": BAD}
    client.tell("textDocument/didOpen", {"textDocument": item})
    assert [each["code"] for each in client.pull("untitled:Untitled-1")["items"]] == ["HP101"]
    assert client.pull(client.open("notes.md", BAD, language="markdown"))["items"] == []
    assert client.pull(client.open("venv/lib/train.py", BAD))["items"] == []
    assert client.pull((client.root / "never_opened.py").as_uri())["items"] == []


def test_a_byte_order_mark_moves_nothing(client: Client) -> None:
    uri = client.open("train.py", "\ufeff" + BAD.replace("import torch\n\n", "import torch; "))
    assert client.found(uri) == [("HP101", "momentum=0.9")]


def test_a_text_that_no_python_file_can_be(start: Start) -> None:
    client = start()
    assert [code for code, _ in client.found(client.open("null.py", BAD + "\0"))] == ["HP001"]
    (client.root / "hplint.toml").write_text("max-file-size = 200\n")
    assert [code for code, _ in client.found(client.open("big.py", BAD + "#" * 200))] == ["HP003"]


def test_tags_and_levels(client: Client) -> None:
    uri = client.open("train.py", "import torch\nx = 1  # hplint: ignore[unexpected-argument]\n")
    (found,) = client.pull(uri)["items"]
    assert (found["code"], found["tags"]) == ("HP004", [1])
    uri = client.open("default.py", GOOD.replace(", lr=1e-3", ""))
    assert [(each["code"], each["severity"]) for each in client.pull(uri)["items"]] == [("HP110", 3)]
