"""``pytest --hplint``: training code under watch in its own tests. Without the flag this costs nothing."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag."""
    parser.getgroup("hplint").addoption(
        "--hplint",
        action="store_true",
        help="Watch the tests that use torch, and fail on what hplint finds wrong with the training that they do.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker, and with the flag the watch."""
    config.addinivalue_line("markers", "no_hplint: `pytest --hplint` does not watch this test.")
    if config.getoption("hplint"):
        from hplint.runtime.testing import Watcher

        config.pluginmanager.register(Watcher(config), "hplint-watcher")
