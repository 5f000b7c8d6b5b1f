"""The language server: what clients ask for, and the one thread that answers."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from hplint import __version__
from hplint.lsp.analyst import Analyst
from hplint.lsp.options import Options, merged, options_of
from hplint.lsp.texts import Text, Texts, path_of

Answer = TypeVar("Answer")

_NOTEBOOKS = ("jupyter-notebook", "interactive")
"""The types of notebooks, as editors name them."""

log = logging.getLogger("hplint")


class _Protocol(LanguageServerProtocol):
    """A request that can't be read is answered with an error, not with silence."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        try:
            return super().structure_message(data)
        except JsonRpcException:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=JsonRpcInvalidParams().to_response_error())
            raise


class Server(LanguageServer):
    """Texts, settings and the thread. Handlers stand in :mod:`hplint.lsp.features`."""

    def __init__(self) -> None:
        # Whole texts: pygls counts lines in edits of parts in another way than clients do.
        super().__init__(
            "hplint",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Full,
            protocol_cls=_Protocol,
            notebook_document_sync=lsp.NotebookDocumentSyncOptions(
                [lsp.NotebookDocumentFilterWithNotebook(kind) for kind in _NOTEBOOKS], save=True
            ),
        )
        self.texts = Texts()
        self.options = Options()
        self.initialization: object = None
        self._table: dict[str, Any] = {}
        self.analyst = Analyst(self.texts, self.complain)
        self._worker = ThreadPoolExecutor(1, "hplint")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: dict[str, asyncio.Task[None]] = {}

    # --- the thread

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """What the thread answers; a question whose asker has given up is dropped if its turn has not come."""
        self._loop = asyncio.get_running_loop()
        return await self._loop.run_in_executor(self._worker, question)

    def later(self, key: str, seconds: float, task: Callable[[], Any]) -> None:
        """Await ``task()`` after a pause, in place of what waits under the same key."""
        before = self._pending.pop(key, None)
        if before is not None:
            before.cancel()

        async def wait() -> None:
            await asyncio.sleep(seconds)
            if self._pending.get(key) is running:  # What has begun is not cancelled: it sees that it is outdated.
                del self._pending[key]
            try:
                await task()
            except Exception:
                log.exception("hplint failed")

        running = self._pending[key] = asyncio.ensure_future(wait())

    async def start_work(self) -> None:
        """Load what every check needs, before the first."""
        await self.ask(self.analyst.warm_up)
        gc.freeze()

    def end_work(self) -> None:
        """Let no check go on."""
        for text in self.texts.all():
            self.texts.drop(text.uri)
        self._worker.shutdown(wait=False, cancel_futures=True)

    # --- texts

    def take(self, uri: str, *, is_saved: bool) -> Text:
        """Remember the newest version of a text."""
        document = self.workspace.get_text_document(uri)
        before = self.texts.get(uri)
        text = Text(
            uri,
            path_of(uri) if before is None else before.path,
            document.language_id or (before.language if before else ""),
            document.version or 0,
            document.source,
        )
        self.texts.put(text, is_saved=is_saved)
        return text

    @property
    def encoding(self) -> str:
        """The units of columns that were agreed on."""
        return str(self.server_capabilities.position_encoding or lsp.PositionEncodingKind.Utf16.value)

    # --- the client

    @property
    def pulls(self) -> bool:
        """Whether the client asks for diagnostics itself."""
        text = self.client_capabilities.text_document
        return text is not None and text.diagnostic is not None

    @property
    def root(self) -> str:
        """The folder that relative paths of settings start at."""
        folders = [path_of(folder.uri) for folder in self.workspace.folders.values()]
        return folders[0] if folders else self.workspace.root_path or os.getcwd()

    def use_options(self, sent: object) -> bool:
        """Take the settings that the client has sent over those that it started with; whether they are others now."""
        table = merged(self.initialization, sent)
        if table == self._table:
            return False
        self._table = table
        self.options = options_of(table, self.root, self.complain)
        self._worker.submit(self.analyst.configuration.use, self.options)
        return True

    def complain(self, message: str) -> None:
        """Show the user what is wrong with the settings; from any thread."""
        shown = lsp.ShowMessageParams(lsp.MessageType.Warning, f"hplint: {message}")
        self.soon(lambda: self.window_show_message(shown))
        log.warning("%s", message)

    def soon(self, call: Callable[[], object]) -> None:
        """Call something in the loop, which alone may speak to the client."""
        if self._loop is None or threading.current_thread() is threading.main_thread():
            call()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """What goes wrong here is logged; the user can do nothing about it."""
        log.error("%s: %s", getattr(source, "__name__", source), error)
