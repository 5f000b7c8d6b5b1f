"""Runs the server for one client, and shows it the log."""

from __future__ import annotations

import logging
import sys
import threading

from lsprotocol import types as lsp

from hplint.lsp.features import register
from hplint.lsp.server import Server, log

_STACK = 64 * 2**20
"""Bytes of stack for the thread that parses: the main thread's size is not promised to others."""


class _ClientLog(logging.Handler):
    """Writes the log where the client shows it."""

    _TYPES = (
        (logging.ERROR, lsp.MessageType.Error),
        (logging.WARNING, lsp.MessageType.Warning),
        (logging.INFO, lsp.MessageType.Info),
    )

    def __init__(self, server: Server) -> None:
        super().__init__(logging.INFO)
        self._server = server
        self._busy = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(self._busy, "emitting", False):
            return  # What goes wrong with a message to the client cannot be told by another one.
        kind = next((kind for level, kind in self._TYPES if record.levelno >= level), lsp.MessageType.Log)
        message = lsp.LogMessageParams(kind, self.format(record))
        self._busy.emitting = True
        try:
            self._server.soon(lambda: self._server.window_log_message(message))
        except Exception:
            self.handleError(record)
        finally:
            self._busy.emitting = False


def serve() -> None:
    """Serve one client on standard input and output, to the end."""
    stdout = sys.stdout.buffer
    sys.stdout = sys.stderr  # What a plugin prints must not mix with what the client reads.
    threading.stack_size(_STACK)
    server = Server()
    register(server)
    handler = _ClientLog(server)
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    log.propagate = False
    pygls = logging.getLogger("pygls")
    pygls.setLevel(logging.ERROR)
    pygls.addHandler(handler)
    pygls.propagate = False
    try:
        server.start_io(sys.stdin.buffer, stdout)
    finally:
        server.end_work()
