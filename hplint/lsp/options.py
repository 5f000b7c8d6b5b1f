"""What the editor is told to do with hplint: the settings that a client sends, beside those of the project."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from hplint.records import value_record
from hplint.registry import did_you_mean
from hplint.selection import Layer
from hplint.settings import Overrides


class Run(Enum):
    """When a text is checked."""

    ON_TYPE = "onType"
    ON_SAVE = "onSave"


@value_record
class Options:
    """The settings of a client. ``configuration`` is a file that is used for all texts."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    configuration: str | None = None
    inlay_hints: bool = True
    run: Run = Run.ON_TYPE

    @property
    def overrides(self) -> Overrides:
        """What is said over the configuration of the project."""
        return Overrides(Layer(self.select, self.extend_select, self.ignore))


KEYS = ("select", "extendSelect", "ignore", "configuration", "inlayHints", "run")


def merged(*sent: object) -> dict[str, Any]:
    """The settings in what a client has sent, the later over the earlier; null is nothing."""
    return {key: value for each in sent for key, value in _table(each).items() if value is not None}


def options_of(table: Mapping[str, Any], root: str, complain: Callable[[str], None]) -> Options:
    """The settings of a client, typed; relative paths start at ``root``.

    A value that cannot be used is left out and told of.
    """
    for key in table:
        if key not in KEYS:
            complain(f"`{key}` is no setting of the language server{did_you_mean(key, KEYS)}")
    reader = _Reader(table, complain)
    configuration = reader.text("configuration")
    run = reader.text("run") or Run.ON_TYPE.value
    if run not in {each.value for each in Run}:
        complain(f'`run` must be "onType" or "onSave", not {run!r}')
        run = Run.ON_TYPE.value
    return Options(
        select=reader.names("select"),
        extend_select=reader.names("extendSelect") or (),
        ignore=reader.names("ignore") or (),
        configuration=os.path.join(root, os.path.expanduser(configuration)) if configuration else None,
        inlay_hints=reader.switch("inlayHints"),
        run=Run(run),
    )


def _table(sent: object) -> Mapping[str, Any]:
    """hplint's own table, which some clients send inside of another one."""
    table = sent if isinstance(sent, Mapping) else {}
    for name in ("settings", "hplint"):
        if isinstance(table.get(name), Mapping):
            table = table[name]
    return table


class _Reader:
    """Reads values of the types that they must have."""

    def __init__(self, table: Mapping[str, Any], complain: Callable[[str], None]) -> None:
        self._table = table
        self._complain = complain

    def names(self, key: str) -> tuple[str, ...] | None:
        value = self._table.get(key)
        if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self._refuse(key, "a list of names", value)
        return None

    def text(self, key: str) -> str | None:
        value = self._table.get(key)
        if isinstance(value, str):
            return value
        self._refuse(key, "a text", value)
        return None

    def switch(self, key: str) -> bool:
        value = self._table.get(key, True)
        if isinstance(value, bool):
            return value
        self._refuse(key, "true or false", value)
        return True

    def _refuse(self, key: str, wanted: str, value: object) -> None:
        if value is not None:
            self._complain(f"`{key}` must be {wanted}, not {value!r}")
