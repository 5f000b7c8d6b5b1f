"""The settings of a text: the project's files and what the client says over them, read anew when they change."""

from __future__ import annotations

import os
from collections.abc import Callable

from hplint.lsp.options import Options
from hplint.settings import CONFIG_NAMES, Overrides, Settings, SettingsError, SettingsFinder

_Stamps = tuple[tuple[str, int, int], ...]


class Configuration:
    """Finds settings. What is wrong with a configuration is told once, and what was right before goes on to count."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._options = Options()
        self._finder: SettingsFinder | None = None
        self._stamps: dict[str, _Stamps] = {}
        self._last: dict[str, Settings] = {}
        self._told: set[str] = set()

    def use(self, options: Options) -> None:
        """What the client wants from now on."""
        self._options = options
        self._last.clear()
        self.forget()

    def forget(self) -> None:
        """Read the files of the project anew."""
        self._finder = None
        self._stamps.clear()
        self._told.clear()

    def settings(self, path: str) -> Settings:
        """The settings of the text with an absolute path."""
        folder = os.path.dirname(path)
        stamps = _stamps(folder, self._options.configuration)
        if self._stamps.setdefault(folder, stamps) != stamps:
            self.forget()
            self._stamps[folder] = stamps
        try:
            found = self._found(folder)
        except SettingsError as problem:
            if str(problem) not in self._told:
                self._told.add(str(problem))
                self._complain(str(problem))
            return self._last.get(folder) or SettingsFinder(isolated=True).for_folder(folder)
        self._last[folder] = found
        return found

    def _found(self, folder: str) -> Settings:
        if self._finder is None:
            self._finder = self._made(self._options.overrides, self._options.configuration)
        return self._finder.for_folder(folder)

    def _made(self, overrides: Overrides, path: str | None) -> SettingsFinder:
        """A wrong name in the client's settings must not cost those of the project."""
        try:
            finder = SettingsFinder(overrides, path)
            SettingsFinder(overrides, isolated=True).for_folder(os.getcwd())
        except SettingsError as problem:
            self._complain(str(problem).replace("command line: ", "settings of the editor: "))
            if not str(problem).startswith("command line: "):
                return SettingsFinder(overrides)
            return SettingsFinder(None, path)
        return finder


def _stamps(folder: str, given: str | None) -> _Stamps:
    """What tells whether the configuration files that may govern a folder have changed."""
    found = []
    at, above = folder, os.path.dirname(folder)
    paths = [given] if given else []
    while True:
        paths += [os.path.join(at, name) for name in CONFIG_NAMES]
        if above == at:
            break
        at, above = above, os.path.dirname(above)
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found.append((path, status.st_mtime_ns, status.st_size))
    return tuple(found)
