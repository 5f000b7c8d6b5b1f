"""Links the files of a project: finds the modules that a file imports, and reads them for what they hold."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from hplint.documents import MAX_SIZE, read_document
from hplint.facts.file import File
from hplint.facts.syntax import Code
from hplint.mentions import Mentions
from hplint.parse import SyntaxProblem, TooComplex
from hplint.shelf import Shelf
from hplint.source import DEFAULT_MAX_FILE_SIZE, Source, Unreadable, read
from hplint.versions import ANY, Versions

if TYPE_CHECKING:
    from hplint.declared import Declarations, Declared

_MAX_DEPTH = 8
"""Folders above a file that are searched for the root of its imports."""
_LINKED = 3_000_000
"""Characters of imported files whose facts are kept."""
_MAX_HOPS = 10
"""Modules that a name may be handed on through."""
_KEPT = 8_000_000
"""Characters of text whose code is kept. Their records take about fifty times as many bytes."""
_SUFFIXES = (".yaml", ".yml", ".json", ".toml")
_TOPS = frozenset({".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg"})
"""What lies in the top folder of a project."""


class Project:
    """Reads modules of the project, each once as long as there is room. Paths are those of findings.

    ``shelf``: where other processes of the run leave what they have parsed. ``among``: the files in which the callers
    of a function are looked for; none when only a file's own calls and what it imports count. ``reader``: how the file
    of a path is read.
    """

    def __init__(
        self,
        shelf: Shelf | None = None,
        among: Iterable[str] = (),
        reader: Callable[[str, int], Source] = read,
    ) -> None:
        self._mentions = Mentions(among)
        self._shelf = shelf or Shelf()
        self._reader = reader
        self._folders = _Folders()
        self._declarations: Declarations | None = None
        self._files: dict[str, File | None] = {}
        self._codes: dict[str, tuple[str, Code]] = {}
        self._kept = 0
        """Characters of their texts."""
        self._names: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._namesakes: dict[str, bool] = {}
        self._asked: list[tuple[str, str]] = []
        self._cut = _MAX_HOPS
        self._documents: dict[tuple[str, str], File | None] = {}
        self._sources: dict[str, Source | None] = {}
        self._shown: dict[str, Source] = {}

    def begin(self) -> None:
        """Make room before the next file is checked: nothing that was handed out is in use any more."""
        if sum(len(source.text) for source in self._shown.values()) > _LINKED:
            self._clear()

    def forget(self) -> None:
        """Look at all files anew; what is left of a text that is still the same is not parsed again."""
        self._clear()
        self._names.clear()
        self._namesakes.clear()
        self._folders = _Folders()
        self._declarations = None

    def has_read(self, path: str) -> bool:
        """Whether a file was looked at for what another one imports; ``path`` is absolute."""
        return path in self._sources

    def _clear(self) -> None:
        for file in (*self._files.values(), *self._documents.values()):
            if file is not None:
                file.let_go()
        self._files.clear()
        self._documents.clear()
        self._sources.clear()
        self._shown.clear()

    def code(self, source: Source) -> Code:
        """The records of a text, those from before where the same file was read already.

        Raises:
            SyntaxProblem, TooComplex: from :mod:`hplint.parse`.
        """
        known = self._codes.pop(source.path, None)
        if known is not None:
            self._kept -= len(known[0])
        if known is None or known[0] != source.text:
            known = source.text, self._shelf.code(source)
        self._codes[source.path] = known  # the last that goes
        self._kept += len(source.text)
        while self._kept > _KEPT and len(self._codes) > 1:
            text, _ = self._codes.pop(next(iter(self._codes)))
            self._kept -= len(text)
        return known[1]

    def find(self, dotted: str, importer: str) -> tuple[File, str] | None:
        """The module that a dotted name leads to and what is left of the name; None for what is not the project's.

        ``dotted`` starts with a dot a level for relative imports; ``importer`` is the path of the importing file.
        """
        place = self._locate(dotted, importer)
        file = None if place is None else self._read(place[0])
        return None if place is None or file is None else (file, place[1])

    def names(self, dotted: str, importer: str) -> tuple[str, ...] | None:
        """What a dotted name of a project module stands for: names of libraries that the module hands on, else itself.

        ``()``: the module has no such name. None: it is not the project's.
        """
        place = self._locate(dotted, importer)
        if place is None:
            return None
        if place in self._names:
            found = self._names[place]
        elif place in self._asked or len(self._asked) == _MAX_HOPS:
            # Modules that import the name from each other. What is found on the way there is not the whole answer.
            self._cut = min(self._cut, self._asked.index(place) if place in self._asked else 0)
            found = None
        else:
            found = self._ask(place)
        return (dotted,) if found is None else found

    def document(self, path: str, kind: str, importer: str) -> File | None:
        """A configuration document that a file names, by a path relative to its folder or to one above it.

        None when there is none, or several of that name; for ``kind`` see :mod:`hplint.documents`.
        """
        found = self._folders.files(path, importer)
        if len(found) != 1 or not found[0].endswith(_SUFFIXES):
            return None
        key = found[0], kind
        if key not in self._documents:
            self._documents[key] = None
            source = self._source(found[0])
            code = None if source is None else read_document(source.text, kind)
            if source is not None and code is not None:
                document = self._documents[key] = File(source.path, source.text, code)
                document.evaluator.is_document = True
        return self._documents[key]

    def versions(self, library: str, importer: str) -> Versions:
        """The versions of a library that the project declares for a file: any, where it says nothing."""
        found = self.declared(library, importer)
        return ANY if found is None else found.versions

    def declared(self, library: str, importer: str) -> Declared | None:
        """The same with the files that say so, None where the library is not named."""
        if self._declarations is None:
            from hplint.declared import Declarations

            self._declarations = Declarations(self._folders.entries)
        return self._declarations.of(library, self._folders.above(importer))

    def users(self, word: str, path: str) -> tuple[File, ...]:
        """The files, other than that of ``path``, that use a word."""
        found = (self._read(each) for each in self._mentions.of(word))
        return tuple(file for file in found if file is not None and file.path != path)

    def source(self, path: str) -> Source:
        """The source of a file that was read, for findings that point into it; ``path`` as its file has it."""
        return self._shown[path]

    def _locate(self, dotted: str, importer: str) -> tuple[str, str] | None:
        """The file of a module, and what is left of the name.

        ``pkg.f`` is the function, not the module, where the package has it by ``from .f import f``.
        """
        place = self._folders.locate(dotted, importer)
        if place is None or (dotted[0] != "." and self._wraps_namesake(place[0])):
            return None
        if place[1]:
            return place
        name = os.path.basename(place[0]).removesuffix(".py")
        package = os.path.join(os.path.dirname(place[0]), "__init__.py")
        if name == "__init__" or not self._folders.holds(package):
            return place
        source = self._source(package)
        if source is None or f".{name}" not in source.text:
            return place
        word = rf"\b{re.escape(name)}\b(?!\s+as\b)"
        taken = rf"^from\s+[\w.]*\.{name}\s+import\s+(?:\([^)]*{word}|[^(\n]*{word})"
        return (package, name) if re.search(taken, source.text, re.MULTILINE) else place

    def _wraps_namesake(self, path: str) -> bool:
        """Whether a module is made of the library of its own name: ``horovod.py`` that imports horovod.

        Absolute imports of that name mean the library, for the module itself and for those beside it.
        """
        if path not in self._namesakes:
            name = os.path.basename(path).removesuffix(".py")
            source = None if name == "__init__" else self._source(path)
            imports = rf"^[ \t]*(?:import|from)[ \t]+{re.escape(name)}\b"
            self._namesakes[path] = (
                source is not None
                and (f"import {name}" in source.text or f"from {name}" in source.text)
                and re.search(imports, source.text, re.MULTILINE) is not None
            )
        return self._namesakes[path]

    def _ask(self, place: tuple[str, str]) -> tuple[str, ...] | None:
        depth = len(self._asked)
        self._asked.append(place)
        try:
            found = self._handed_on(*place)
        finally:
            self._asked.pop()
        if self._cut >= depth:
            self._names[place] = found
            self._cut = _MAX_HOPS
        return found

    def _handed_on(self, path: str, name: str) -> tuple[str, ...] | None:
        first = name.partition(".")[0]
        source = self._source(path)
        if not name or source is None or _defines(source.text, first):
            return None  # Most classes and functions need not be parsed to tell.
        file = self._read(path)
        return None if file is None else file.names.handed_on(name)

    def _source(self, path: str) -> Source | None:
        if path not in self._sources:
            try:
                limit = MAX_SIZE if path.endswith(_SUFFIXES) else DEFAULT_MAX_FILE_SIZE
                source = self._sources[path] = self._reader(path, limit)
                self._shown[source.path] = source
            except Unreadable:
                self._sources[path] = None
        return self._sources[path]

    def _read(self, path: str) -> File | None:
        if path not in self._files:
            self._files[path] = None  # modules that import each other
            source = self._source(path)
            try:
                if source is not None:
                    self._files[path] = File(source.path, source.text, self.code(source), self)
            except (SyntaxProblem, TooComplex):
                pass
        return self._files[path]


def _defines(text: str, name: str) -> bool:
    """Whether a line of a module starts the class or function of a name.

    A pattern would have to be compiled for every name, which takes longer than to look for it.
    """
    text = f"\n{text}"
    for start in (f"\nclass {name}", f"\ndef {name}", f"\nasync def {name}"):
        at = text.find(start)
        while at >= 0:
            after = text[at + len(start) : at + len(start) + 1]
            if not (after.isalnum() or after == "_"):
                return True
            at = text.find(start, at + 1)
    return False


class _Folders:
    """Where modules lie. What a folder holds is asked once."""

    def __init__(self) -> None:
        self._held: dict[str, frozenset[str]] = {}
        self._rooted: dict[str, tuple[str, ...]] = {}
        self._located: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._importer = "", ""

    def holds(self, path: str) -> bool:
        """Whether there is a file of that path."""
        return os.path.basename(path) in self.entries(os.path.dirname(path))

    def locate(self, dotted: str, importer: str) -> tuple[str, str] | None:
        """The file of the module that a dotted name leads to for an importing file, and what is left of the name."""
        key = dotted, self._folder(importer)
        if key not in self._located:
            self._located[key] = self._locate(*key)
        return self._located[key]

    def _folder(self, importer: str) -> str:
        """The folder that a file lies in: the same file asks many times."""
        if self._importer[0] != importer:
            self._importer = importer, os.path.dirname(os.path.abspath(importer))
        return self._importer[1]

    def above(self, importer: str) -> list[str]:
        """The folder of a file and those above it in the project."""
        return self._above(self._folder(importer))

    def files(self, path: str, importer: str) -> tuple[str, ...]:
        """The files that a relative path may name, from the folder of a script or one above it in the project."""
        if os.path.isabs(path) or "\0" in path:
            return ()
        folder = self._folder(importer)
        tried = (os.path.normpath(os.path.join(each, path)) for each in self._above(folder))
        return tuple(dict.fromkeys(each for each in tried if os.path.isfile(each)))

    def _locate(self, dotted: str, folder: str) -> tuple[str, str] | None:
        bare = dotted.lstrip(".")
        level = len(dotted) - len(bare)
        parts = tuple(bare.split("."))
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            own = os.path.join(folder, "__init__.py") if "__init__.py" in self.entries(folder) else None
            return self._module(folder, parts) or (None if own is None else (own, bare))
        found = (self._module(root, parts) for root in self._roots(folder))
        return next((place for place in found if place is not None), None)

    def _roots(self, folder: str) -> tuple[str, ...]:
        """The folders that absolute imports of the files in a folder may start from, the likeliest first."""
        found = self._rooted.get(folder)
        if found is None:
            above = self._above(folder)
            # Python starts from the folder of the script, which for a module of a package is not that of the package.
            outside = next((n for n, each in enumerate(above) if "__init__.py" not in self.entries(each)), 0)
            sources = [os.path.join(each, "src") for each in above if "src" in self.entries(each)]
            found = tuple(dict.fromkeys((*above[outside:], *above[:outside], *sources)))
            self._rooted[folder] = found
        return found

    def _above(self, folder: str) -> list[str]:
        """A folder and those above it, up to the top of the project."""
        above = [folder]
        while len(above) <= _MAX_DEPTH and not _TOPS & self.entries(above[-1]):
            above.append(os.path.dirname(above[-1]))
        return above

    def _module(self, folder: str, parts: tuple[str, ...]) -> tuple[str, str] | None:
        """The file of the longest part of a dotted name below a folder, and the rest of the name."""
        here, found = folder, None
        for used, part in enumerate(parts, 1):
            entries = self.entries(here)
            below = os.path.join(here, part)
            if part in entries and "__init__.py" in self.entries(below):
                found = os.path.join(below, "__init__.py"), ".".join(parts[used:])
            elif f"{part}.py" in entries:
                return f"{below}.py", ".".join(parts[used:])
            elif part not in entries:
                break
            here = below
        return found

    def entries(self, folder: str) -> frozenset[str]:
        """The names of what a folder holds."""
        found = self._held.get(folder)
        if found is None:
            try:
                found = frozenset(os.listdir(folder))
            except OSError:
                found = frozenset()
            self._held[folder] = found
        return found
