"""A client of the language server that speaks JSON-RPC to the real process, one message at a time."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
"""Seconds: far more than any answer takes, so that a busy machine fails no test."""
Message = dict[str, Any]

PULLING: Message = {
    "textDocument": {"diagnostic": {}, "codeAction": {"resolveSupport": {"properties": ["edit"]}}},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}
"""The capabilities of a client that asks for diagnostics."""
PUSHED: Message = {"textDocument": {}, "workspace": {}}
"""Those of a client that waits for them."""


class Failed(Exception):
    """The server has answered with an error."""


class Client:
    """One server process. ``settings`` are what the client tells when it is asked, ``options`` what it starts with."""

    def __init__(
        self,
        root: Path,
        capabilities: Message = PULLING,
        *,
        encoding: str | None = None,
        settings: Message | None = None,
        options: Message | None = None,
        start: bool = True,
    ) -> None:
        command = [sys.executable, "-m", "hplint", "server"]
        self.process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.root = root
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.notebooks: dict[str, list[str]] = {}
        """The cells of each open notebook."""
        self.notes: list[Message] = []
        """Notifications that nobody has waited for yet."""
        self.requests: list[Message] = []
        """What the server has asked for."""
        self.settings = settings
        self.encoding = encoding or "utf-16"
        self._incoming: queue.Queue[Message | None] = queue.Queue()
        self._last = self._cells = self._versions = 0
        threading.Thread(target=self._receive, daemon=True).start()
        if start:
            self._start(capabilities, encoding, options)

    def _start(self, capabilities: Message, encoding: str | None, options: Message | None) -> None:
        own: Message = {**capabilities, "general": {"positionEncodings": [encoding]} if encoding else {}}
        if self.settings is not None:
            own["workspace"] = {**own.get("workspace", {}), "configuration": True}
        folder = {"uri": self.root.as_uri(), "name": "w"}
        params = {
            "processId": None,
            "rootUri": folder["uri"],
            "workspaceFolders": [folder],
            "capabilities": own,
            "initializationOptions": options,
        }
        self.capabilities: Message = self.ask("initialize", params)["capabilities"]
        self.tell("initialized", {})

    # --- messages

    def ask(self, method: str, params: Any) -> Any:
        """Send a request, and wait for its answer."""
        number = self.send_request(method, params)
        return self.answer(number)

    def send_request(self, method: str, params: Any) -> int:
        """Send a request whose answer is fetched later."""
        self._last += 1
        self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        return self._last

    def answer(self, number: int) -> Any:
        """Wait for an answer; what else comes in between is kept."""
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise Failed(message["error"])
                return message["result"]

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def wait(self, method: str) -> Any:
        """The parameters of the next notification of a kind."""
        while True:
            for note in self.notes:
                if note["method"] == method:
                    self.notes.remove(note)
                    return note["params"]
            self._next()

    def send(self, message: Any) -> None:
        """Send any message."""
        self.send_bytes(json.dumps(message).encode())

    def send_bytes(self, body: bytes) -> None:
        """Send any bytes as a message."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.removeprefix(b"Content-Length: "))
            while stream.readline().strip():
                pass
            self._incoming.put(json.loads(stream.read(length)))
        self._incoming.put(None)

    def _next(self) -> Message:
        message = self._incoming.get(timeout=TIMEOUT)
        if message is None:
            assert self.process.stderr is not None
            raise AssertionError(f"the server has ended: {self.process.stderr.read().decode()}")
        if "method" in message and "id" in message:
            self.requests.append(message)
            result = [self.settings] if message["method"] == "workspace/configuration" else None
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        elif "method" in message:
            self.notes.append(message)
        return message

    # --- texts

    def open(self, name: str, text: str, *, language: str = "python") -> str:
        """Open a text of a file that need not exist; the answer is its URI."""
        uri = (self.root / name).as_uri()
        self.texts[uri], self.versions[uri] = text, 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, text: str) -> None:
        """Make another text of one."""
        self.texts[uri] = text
        self.versions[uri] += 1
        changed = {"uri": uri, "version": self.versions[uri]}
        notebook = next((each for each, cells in self.notebooks.items() if uri in cells), None)
        if notebook is None:
            self.tell("textDocument/didChange", {"textDocument": changed, "contentChanges": [{"text": text}]})
        else:
            self.change_notebook(notebook, {"textContent": [{"document": changed, "changes": [{"text": text}]}]})

    def save(self, uri: str) -> None:
        """Tell that a text was saved."""
        self.tell("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close(self, uri: str) -> None:
        """Close a text."""
        del self.texts[uri], self.versions[uri]
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    # --- notebooks

    def open_notebook(self, name: str, *cells: str | tuple[str, str]) -> list[str]:
        """Open a notebook of code cells, each its text or (language, text); the answer is the URIs of the cells."""
        uri = (self.root / name).as_uri()
        self.notebooks[uri] = []
        items = [self.cell(uri, each) for each in cells]
        document = {
            "uri": uri,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [{"kind": 2, "document": item["uri"]} for item in items],
        }
        self.notebooks[uri] = [item["uri"] for item in items]
        self.tell("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": items})
        return self.notebooks[uri]

    def cell(self, notebook: str, given: str | tuple[str, str]) -> Message:
        """A new cell as the protocol tells of it."""
        language, text = ("python", given) if isinstance(given, str) else given
        self._cells += 1
        uri = notebook.replace("file:", "vscode-notebook-cell:") + f"#{self._cells}"
        self.texts[uri], self.versions[uri] = text, 1
        return {"uri": uri, "languageId": language, "version": 1, "text": text}

    def change_notebook(self, uri: str, cells: Message) -> None:
        """Tell of cells that are edited, come, go or move."""
        self._versions += 1
        params = {"notebookDocument": {"uri": uri, "version": self._versions}, "change": {"cells": cells}}
        self.tell("notebookDocument/didChange", params)

    def splice(self, uri: str, start: int, gone: int, *cells: str) -> list[str]:
        """Put new cells in place of some; the answer is the URIs of all."""
        items = [self.cell(uri, each) for each in cells]
        closed = self.notebooks[uri][start : start + gone]
        self.notebooks[uri][start : start + gone] = [item["uri"] for item in items]
        array = {
            "start": start,
            "deleteCount": gone,
            "cells": [{"kind": 2, "document": item["uri"]} for item in items],
        }
        structure = {"array": array, "didOpen": items, "didClose": [{"uri": each} for each in closed]}
        self.change_notebook(uri, {"structure": structure})
        return self.notebooks[uri]

    def close_notebook(self, uri: str) -> None:
        """Close a notebook with its cells."""
        cells = self.notebooks.pop(uri)
        for each in cells:
            del self.texts[each], self.versions[each]
        closed = [{"uri": each} for each in cells]
        self.tell("notebookDocument/didClose", {"notebookDocument": {"uri": uri}, "cellTextDocuments": closed})

    # --- questions

    def pull(self, uri: str, previous: str | None = None) -> Message:
        """The report on a text."""
        report: Message = self.ask(
            "textDocument/diagnostic", {"textDocument": {"uri": uri}, "previousResultId": previous}
        )
        return report

    def found(self, uri: str) -> list[tuple[str, str]]:
        """The codes that are pulled, each with the text that it points at."""
        return [(each["code"], self.at(uri, each["range"])) for each in self.pull(uri)["items"]]

    def pushed(self, uri: str) -> list[str]:
        """The codes that are pushed for the version that is open; earlier ones are passed over."""
        while True:
            params = self.wait("textDocument/publishDiagnostics")
            if params["uri"] == uri and params.get("version") == self.versions[uri]:
                return [each["code"] for each in params["diagnostics"]]

    def actions(self, uri: str, word: str, only: list[str] | None = None) -> list[Message]:
        """The actions on the first occurrence of a word, with the diagnostics of the text."""
        place = self.range(uri, word)
        context = {"diagnostics": self.pull(uri)["items"], **({"only": only} if only else {})}
        params = {"textDocument": {"uri": uri}, "range": place, "context": context}
        found: list[Message] = self.ask("textDocument/codeAction", params)
        return found

    def hover(self, uri: str, word: str) -> str | None:
        """What is shown over the first occurrence of a word."""
        params = {"textDocument": {"uri": uri}, "position": self.range(uri, word)["start"]}
        found = self.ask("textDocument/hover", params)
        return None if found is None else str(found["contents"]["value"])

    def hints(self, uri: str) -> list[tuple[int, str]]:
        """The hints of a text: offset and label."""
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 10_000, "character": 0}}
        found = self.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
        return [(self.offset(uri, each["position"]), each["label"]) for each in found]

    def apply(self, edit: Message) -> None:
        """Do what an edit of the workspace says, and tell the server."""
        changes = dict(edit.get("changes") or {})
        for each in edit.get("documentChanges") or ():
            assert each["textDocument"]["version"] == self.versions[each["textDocument"]["uri"]]
            changes[each["textDocument"]["uri"]] = each["edits"]
        for uri, edits in changes.items():
            text = self.texts[uri]
            spans = [
                (*(self.offset(uri, each["range"][end]) for end in ("start", "end")), each["newText"]) for each in edits
            ]
            for start, end, new in sorted(spans, reverse=True):
                text = text[:start] + new + text[end:]
            self.change(uri, text)

    # --- places

    def at(self, uri: str, place: Message) -> str:
        """What stands at a range."""
        start, end = (self.offset(uri, place[name]) for name in ("start", "end"))
        return self.texts[uri][start:end]

    def range(self, uri: str, word: str) -> Message:
        """Where a word first stands."""
        start = self.texts[uri].index(word)
        return {"start": self._position(uri, start), "end": self._position(uri, start + len(word))}

    def offset(self, uri: str, position: Message) -> int:
        """The offset of a place in the units of the encoding."""
        lines = self.texts[uri].split("\n")
        before = sum(len(line) + 1 for line in lines[: position["line"]])
        line = lines[position["line"]] if position["line"] < len(lines) else ""
        return before + len(self._encoded(line)[: position["character"] * self._width].decode(self._codec))

    def _position(self, uri: str, offset: int) -> Message:
        before = self.texts[uri][:offset]
        return {
            "line": before.count("\n"),
            "character": len(self._encoded(before.rpartition("\n")[2])) // self._width,
        }

    @property
    def _codec(self) -> str:
        return {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[self.encoding]

    @property
    def _width(self) -> int:
        return {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.encoding]

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._codec)

    # --- the end

    def end(self) -> int:
        """End the server as a client does; its exit code."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.process.wait(TIMEOUT)

    def kill(self) -> None:
        """End the process, whatever state it is in."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
