"""Servers for tests, each ended with its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client

Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start(capabilities, encoding=…, settings=…)`` gives a client of a server in an empty folder."""
    pytest.importorskip("pygls", reason="the extra `lsp` is not installed")
    clients: list[Client] = []

    def made(*args: Any, **options: Any) -> Client:
        client = Client(tmp_path, *args, **options)
        clients.append(client)
        return client

    yield made
    for client in clients:
        client.kill()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One server for all tests that leave the folder and the settings as they are."""
    pytest.importorskip("pygls", reason="the extra `lsp` is not installed")
    client = Client(tmp_path_factory.mktemp("shared"))
    yield client
    client.kill()


@pytest.fixture
def client(shared: Client) -> Iterator[Client]:
    """A client that pulls, and counts in UTF-16."""
    yield shared
    for uri in list(shared.notebooks):
        shared.close_notebook(uri)
    for uri in list(shared.texts):
        shared.close(uri)
    shared.notes.clear()
