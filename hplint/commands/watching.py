"""`hplint check --watch`: the same work again after each change of what it reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import sleep

import click

from hplint.discover import discover
from hplint.settings import SettingsFinder

_PAUSE = 0.3
"""Seconds between two looks at the files."""
_READ = (".py", ".pyi", ".ipynb", ".yaml", ".yml", ".json", ".toml", ".txt", ".cfg")
"""What lies beside the checked files and can change what is found: modules, configurations, requirements."""


def again_on_change(paths: tuple[str, ...], finder: Callable[[], SettingsFinder], work: Callable[[], object]) -> None:
    """Do the work now, and after each change of the files that it reads, until Ctrl-C.

    A configuration that is wrong is complained of by the work, and asked for anew the next time.
    """
    try:
        while True:
            if sys.stdout.isatty():
                click.clear()
            before = _states(paths, finder)
            with suppress(click.exceptions.Exit):  # It has been said why.
                work()
            click.echo("Watching for changes. Press Ctrl-C to stop.", err=True)
            while _states(paths, finder) == before:
                sleep(_PAUSE)
    except KeyboardInterrupt:
        click.echo("", err=True)


def _states(paths: tuple[str, ...], finder: Callable[[], SettingsFinder]) -> dict[str, tuple[int, int]]:
    """When each file that counts was written, and its size."""
    found = {}
    for path in _files(paths, finder):
        try:
            state = os.stat(path)
        except OSError:
            continue
        found[path] = state.st_mtime_ns, state.st_size
    return found


def _files(paths: Iterable[str], finder: Callable[[], SettingsFinder]) -> Iterator[str]:
    """The checked files and what lies beside them, or above them up to the root."""
    try:
        targets = discover(paths, finder()).targets
    except click.exceptions.Exit:
        targets = []
    folders = {os.path.dirname(os.path.abspath(target.path)) for target in targets} or {os.getcwd()}
    for folder in list(folders):
        while folder != os.path.dirname(folder) and os.path.dirname(folder) not in folders:
            folder = os.path.dirname(folder)
            folders.add(folder)
    yield from (os.path.abspath(target.path) for target in targets)
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        yield from (os.path.join(folder, name) for name in names if name.endswith(_READ))
