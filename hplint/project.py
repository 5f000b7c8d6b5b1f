"""Links the files of a project: finds the modules that a file imports, and reads them for their values."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hplint.facts.file import File
from hplint.facts.walk import read_code
from hplint.parse import SyntaxProblem, TooComplex
from hplint.source import Source, Unreadable, read

_MAX_DEPTH = 8
"""Folders above a file that are searched for the root of its imports."""


class Project:
    """Reads imported modules of the project, each once for the life of the process. Paths are those of findings."""

    def __init__(self) -> None:
        self._files: dict[Path, File | None] = {}
        self._sources: dict[str, Source] = {}

    def find(self, dotted: str, importer: str) -> tuple[File, str] | None:
        """The module that a dotted name leads to and what is left of the name; None for what is not the project's.

        ``dotted`` starts with a dot a level for relative imports; ``importer`` is the path of the importing file.
        """
        folder = Path(importer).absolute().parent
        bare = dotted.lstrip(".")
        level = len(dotted) - len(bare)
        parts = tuple(bare.split("."))
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return self._below(folder, parts)
        for _ in range(_MAX_DEPTH):
            found = self._below(folder, parts)
            if found is not None:
                return found
            if folder == folder.parent or (folder / ".git").exists():
                return None
            folder = folder.parent
        return None

    def source(self, path: str) -> Source:
        """The source of a module that was read, for findings that point into it; ``path`` as its file has it."""
        return self._sources[path]

    def _below(self, folder: Path, parts: tuple[str, ...]) -> tuple[File, str] | None:
        path = _module(folder, parts)
        if path is None:
            return None
        module, used = path
        file = self._read(module)
        return None if file is None else (file, ".".join(parts[used:]))

    def _read(self, path: Path) -> File | None:
        if path not in self._files:
            self._files[path] = None  # modules that import each other
            try:
                source = read(path)
                self._files[path] = File(source.path, source.text, read_code(source.text), self)
                self._sources[source.path] = source
            except (Unreadable, SyntaxProblem, TooComplex):
                pass
        return self._files[path]


@cache
def _module(folder: Path, parts: tuple[str, ...]) -> tuple[Path, int] | None:
    """The file of the longest part of a dotted name below a folder, and how many parts it took."""
    here, found = folder, None
    for used, part in enumerate(parts, 1):
        if not part:
            return None
        module, package = here / f"{part}.py", here / part / "__init__.py"
        if package.is_file():
            found = package, used
        elif module.is_file():
            return module, used
        elif not (here / part).is_dir():
            break
        here = here / part
    return found
