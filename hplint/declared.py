"""Which versions of a library a project declares that it works with: in the nearest folder that names the library."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from hplint import requirements
from hplint.records import value_record
from hplint.requirements import Requirement, normal, versions_of
from hplint.source import display_path
from hplint.versions import NONE, Versions

MAX_SIZE = 1_000_000
"""Bytes. Longer files are not read, but for locks."""
MAX_LOCK = 5_000_000
_MAX_FILES = 50
"""Files of one folder that are read."""
_LINES = re.compile(r"(?:.*[-_.])?(?:requirements?|constraints?)(?:[-_.].*)?\.(?:txt|in)", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"(?:.*[-_.])?(?:environment|conda|env)(?:[-_.].*)?\.ya?ml", re.IGNORECASE)
_FOLDER = "requirements"
_ABOUT = {".dist-info": "METADATA", ".egg-info": "requires.txt"}
"""How folders with what is known of a package end, and the file in them that names what it needs."""

Reader = Callable[[str], Iterator[Requirement]]
_READERS: dict[str, Reader] = {
    "pyproject.toml": requirements.of_pyproject,
    "setup.cfg": requirements.of_setup_cfg,
    "setup.py": requirements.of_setup_py,
    "Pipfile": requirements.of_pipfile,
}
_LOCKS: dict[str, Reader] = {
    "uv.lock": requirements.of_lock,
    "poetry.lock": requirements.of_lock,
    "pdm.lock": requirements.of_lock,
    "pylock.toml": requirements.of_lock,
    "Pipfile.lock": requirements.of_pipfile_lock,
}


@value_record
class Declared:
    """What a folder says of a library. ``files`` are those that say it, as shown."""

    versions: Versions
    files: tuple[str, ...]


class Declarations:
    """Reads what folders declare, each once. ``entries`` gives the names in a folder."""

    def __init__(self, entries: Callable[[str], frozenset[str]]) -> None:
        self._entries = entries
        self._found: dict[tuple[str, str, str], Declared | None] = {}

    def of(self, library: str, folders: Sequence[str]) -> Declared | None:
        """What the first of some folders that names a library says of it; each lies in the next."""
        inner = ""
        for folder in folders:
            key = folder, inner if len(self._about(folder)) > 1 else "", library
            if key not in self._found:
                self._found[key] = self._read(*key)
            found = self._found[key]
            if found is not None:
                return found
            inner = os.path.basename(folder)
        return None

    def _about(self, folder: str) -> list[str]:
        """The folders with what is known of the packages in a folder."""
        return sorted(name for name in self._entries(folder) if os.path.splitext(name)[1] in _ABOUT)

    def _read(self, folder: str, inner: str, library: str) -> Declared | None:
        """What the files of one folder allow, any of them; a lock counts where nothing else does."""
        told = self._told(library, self._declaring(folder, inner))
        if not told:
            names = self._entries(folder)
            told = self._told(library, [(os.path.join(folder, n), _LOCKS[n]) for n in sorted(_LOCKS.keys() & names)])
        versions = NONE
        for each in told.values():
            versions |= each
        return Declared(versions, tuple(map(display_path, told))) if told else None

    def _declaring(self, folder: str, inner: str) -> Iterable[tuple[str, Reader]]:
        """The files of a folder that may name libraries, and what reads each."""
        names = self._entries(folder)
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name in _READERS:
                yield path, _READERS[name]
            elif _LINES.fullmatch(name):
                yield path, _reader_of_lines(path)
            elif _ENVIRONMENT.fullmatch(name):
                yield path, requirements.of_environment
        if _FOLDER in names:
            below = os.path.join(folder, _FOLDER)
            for name in sorted(self._entries(below)):
                if name.endswith((".txt", ".in")):
                    path = os.path.join(below, name)
                    yield path, _reader_of_lines(path)
        about = self._about(folder)
        for name in about:
            # In site-packages the package that the file is of has to be told from the others.
            package, kind = os.path.splitext(name)
            if len(about) == 1 or normal(package.partition("-")[0]) == normal(inner):
                path = os.path.join(folder, name, _ABOUT[kind])
                yield path, requirements.of_metadata if kind == ".dist-info" else _reader_of_lines(path)

    def _told(self, library: str, files: Iterable[tuple[str, Reader]]) -> dict[str, Versions]:
        """What each file allows, for those that name a library."""
        word = re.split(r"[-_.]", library)[0].lower()
        found = {}
        for number, (path, reader) in enumerate(files):
            if number == _MAX_FILES:
                break
            text = _text(path, MAX_LOCK if os.path.basename(path) in _LOCKS else MAX_SIZE)
            # A file of lines may name others, and these the library.
            if text is not None and (word in text.lower() or path.endswith((".txt", ".in"))):
                versions = versions_of(library, reader(text))
                if versions is not None:
                    found[path] = versions
        return found


def _reader_of_lines(path: str) -> Reader:
    """Reads a requirements file, with those that it names by a path relative to its own folder."""
    folder = os.path.dirname(path)

    def include(name: str) -> str | None:
        return None if os.path.isabs(name) or ":" in name else _text(os.path.join(folder, name), MAX_SIZE)

    return lambda text: requirements.of_lines(text, include)


def _text(path: str, limit: int) -> str | None:
    """The text of a plain file that is not too long."""
    try:
        if not os.path.isfile(path):  # Another kind of file may have no end.
            return None
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError):
        return None
    if len(data) > limit:
        return None
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # What PowerShell writes for `>`.
    return data.decode("utf-16" if is_wide else "utf-8-sig", "replace")
