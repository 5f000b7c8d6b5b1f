"""Settings, files that change, wrong requests, and the end."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import PULLING, PUSHED, Client, Failed
from tests.lsp.conftest import Start

BAD = """import torch

first = torch.optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)
second = torch.optim.Adam(model.parameters())
"""
BOTH = ["HP101", "HP110"]
"""What is wrong with it."""


def codes(client: Client, uri: str) -> list[str]:
    return [code for code, _ in client.found(uri)]


def messages(client: Client) -> list[str]:
    return [note["params"]["message"] for note in client.notes if note["method"] == "window/showMessage"]


# --- settings


def test_the_project_is_asked_and_its_changes_count(start: Start, tmp_path: Path) -> None:
    client = start()
    config = tmp_path / "pyproject.toml"
    config.write_text('[tool.hplint]\nignore = ["HP101"]\n')
    uri = client.open("src/train.py", BAD)
    assert codes(client, uri) == ["HP110"]
    config.write_text('[tool.hplint]\nignore = ["HP110"]\n')
    assert codes(client, uri) == ["HP101"]
    config.unlink()
    assert codes(client, uri) == BOTH


def test_a_broken_configuration_is_told_of_once_and_the_last_one_stays(start: Start, tmp_path: Path) -> None:
    client = start()
    config = tmp_path / "hplint.toml"
    config.write_text('select = ["HP101"]\n')
    uri = client.open("train.py", BAD)
    assert codes(client, uri) == ["HP101"]
    config.write_text('slect = ["HP101"]\n')
    for number in range(3):
        client.change(uri, f"{BAD}# {number}\n")
        assert codes(client, uri) == ["HP101"]
    (told,) = messages(client)
    assert "`slect` is no setting of hplint: did you mean `select`?" in told


@pytest.mark.parametrize("how", ["options", "nested", "settings"])
def test_the_client_has_a_say(start: Start, how: str) -> None:
    wanted: dict[str, Any] = {"ignore": ["default-learning-rate"]}
    if how == "settings":
        client = start(settings=wanted)
    else:
        client = start(options=wanted if how == "options" else {"settings": {"hplint": wanted}})
    uri = client.open("train.py", BAD)
    if how == "settings":  # The answer to the server's question comes after the start.
        client.wait("window/logMessage")
    assert codes(client, uri) == ["HP101"]


def test_settings_of_the_client_change(start: Start) -> None:
    client = start(settings={"select": ["HP101"]})
    uri = client.open("train.py", BAD)
    client.wait("window/logMessage")
    assert codes(client, uri) == ["HP101"]
    client.settings = {"select": ["HP110"], "extendSelect": ["HP108"], "inlayHints": None}
    client.tell("workspace/didChangeConfiguration", {"settings": None})
    while [each["method"] for each in client.requests].count("workspace/configuration") < 2:
        client.pull(uri)
    assert codes(client, uri) == ["HP110"]


def test_a_configuration_for_all(start: Start, tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text('select = ["HP110"]\n')
    (tmp_path / "hplint.toml").write_text('select = ["HP101"]\n')
    client = start(options={"configuration": "strict.toml"})
    uri = client.open("train.py", BAD)
    assert codes(client, uri) == ["HP110"]
    (tmp_path / "strict.toml").write_text('select = ["HP101"]\n')
    assert codes(client, uri) == ["HP101"]


def test_wrong_settings_of_the_client_are_told_of_and_left_out(start: Start) -> None:
    client = start(options={"select": "HP101", "ignore": ["HP1O1"], "run": "never", "inlayHint": True})
    uri = client.open("train.py", BAD)
    assert codes(client, uri) == BOTH
    told = "\n".join(messages(client))
    assert "`inlayHint` is no setting of the language server: did you mean `inlayHints`?" in told
    assert "`select` must be a list of names, not 'HP101'" in told
    assert '`run` must be "onType" or "onSave", not \'never\'' in told
    assert "settings of the editor: `HP1O1` is no rule" in told


def test_checks_on_save_only(start: Start) -> None:
    client = start(options={"run": "onSave"})
    uri = client.open("train.py", BAD)
    first = client.pull(uri)
    client.change(uri, "import torch\n")
    assert client.pull(uri, first["resultId"])["kind"] == "unchanged"
    client.save(uri)
    assert client.pull(uri, first["resultId"])["items"] == []


def test_pushed_checks_on_save_only(start: Start) -> None:
    client = start(PUSHED, options={"run": "onSave"})
    uri = client.open("train.py", BAD)
    assert client.pushed(uri) == BOTH
    client.change(uri, "import torch\n")
    time.sleep(0.4)
    client.save(uri)
    assert client.pushed(uri) == []
    assert not [note for note in client.notes if note["method"] == "textDocument/publishDiagnostics"]


# --- files


def test_changed_files_lead_to_new_findings(start: Start, tmp_path: Path) -> None:
    capabilities = {**PULLING, "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    capabilities["workspace"]["diagnostics"] = {"refreshSupport": True}
    client = start(capabilities)
    text = "import torch\nfrom later import LR\n\noptimizer = torch.optim.Adam(model.parameters(), lr=LR)\n"
    uri = client.open("train.py", text)
    assert codes(client, uri) == []
    (registered,) = [each for each in client.requests if each["method"] == "client/registerCapability"]
    globs = registered["params"]["registrations"][0]["registerOptions"]["watchers"]
    assert {"globPattern": "**/*.py"} in globs
    assert {"globPattern": "**/*.toml"} in globs
    (tmp_path / "later.py").write_text("LR = '1e-3'\n")
    change = {"uri": (tmp_path / "later.py").as_uri(), "type": 1}
    client.tell("workspace/didChangeWatchedFiles", {"changes": [change]})
    while "workspace/diagnostic/refresh" not in [each["method"] for each in client.requests]:
        codes(client, uri)
    assert codes(client, uri) == ["HP108"]


# --- wrong requests


def test_wrong_requests_are_answered_with_errors_and_nothing_ends(client: Client) -> None:
    uri = client.open("train.py", BAD)
    with pytest.raises(Failed, match="-32601"):
        client.ask("textDocument/nonsense", {})
    with pytest.raises(Failed, match="-32602"):
        client.ask("textDocument/hover", {"textDocument": 5})
    with pytest.raises(Failed, match="-32602"):
        client.ask("textDocument/codeAction", None)
    with pytest.raises(Failed):
        client.ask("workspace/executeCommand", {"command": "hplint.nonsense"})
    nowhere = {"uri": "file:///nowhere.py", "version": 2}
    client.tell("textDocument/didChange", {"textDocument": nowhere, "contentChanges": []})
    client.tell("textDocument/didSave", {"textDocument": nowhere})
    client.tell("textDocument/didClose", {"textDocument": nowhere})
    client.tell("$/cancelRequest", {"id": 12345})
    client.tell("nonsense", [1, 2])
    for body in (
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "1.0", "id": 1, "method": "x"}',
    ):
        client.send_bytes(body)
    far = {"line": 10**6, "character": 10**6}
    params: dict[str, Any] = {"textDocument": {"uri": uri}, "position": far}
    assert client.ask("textDocument/hover", params) is None
    params = {"textDocument": {"uri": uri}, "range": {"start": far, "end": {"line": 0, "character": 0}}}
    assert client.ask("textDocument/inlayHint", params) == []
    params["context"] = {"diagnostics": []}
    assert client.ask("textDocument/codeAction", params) == []
    assert client.ask("codeAction/resolve", {"title": "t", "data": {"uri": 3}})["title"] == "t"
    assert codes(client, uri) == BOTH
    assert not messages(client), "the user can do nothing about it"


def test_a_cancelled_request_is_answered_and_the_next_one_too(client: Client) -> None:
    uri = client.open("train.py", BAD)
    for _ in range(5):
        number = client.send_request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        client.tell("$/cancelRequest", {"id": number})
        with suppress(Failed):  # It may have been answered before.
            client.answer(number)
    assert codes(client, uri) == BOTH


def test_the_log_goes_to_the_client(start: Start) -> None:
    client = start()
    assert "diagnostics are pulled" in client.wait("window/logMessage")["message"]


# --- the end


def test_it_ends_as_it_is_told(start: Start) -> None:
    client = start()
    client.open("train.py", BAD)
    assert client.end() == 0
    assert client.process.stderr is not None
    assert client.process.stderr.read() == b""


def test_it_ends_with_its_client(start: Start) -> None:
    client = start()
    client.open("train.py", BAD)
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.process.wait(20) == 0


def test_without_the_extra_there_is_one_clear_message() -> None:
    program = "import sys; sys.modules['pygls'] = None\nfrom hplint.cli import main\nmain(['server'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the language server is not installed: pip install 'hplint[lsp]'\n"
