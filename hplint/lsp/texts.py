"""The texts that are open in the editor, which may differ from the files."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pygls.uris import from_fs_path, to_fs_path, uri_scheme

from hplint.discover import SUFFIXES
from hplint.source import NOTEBOOK, Source, display_path, from_bytes, from_text, read

CONFIGURATIONS = (".yaml", ".yml", ".json", ".toml")


@dataclass(frozen=True)
class Text:
    """One version of an open text. ``path`` is absolute; a text without a file lies in the working directory."""

    uri: str
    path: str
    language: str
    version: int
    text: str

    @property
    def is_python(self) -> bool:
        """Whether hplint checks such texts; a cell is only part of one, and the JSON of a notebook shows no lines."""
        if uri_scheme(self.uri) == "vscode-notebook-cell" or self.path.endswith(NOTEBOOK):
            return False
        return self.language == "python" or self.path.endswith(SUFFIXES)

    @property
    def is_configuration(self) -> bool:
        return not self.is_python and self.path.endswith(CONFIGURATIONS)

    def place(self, cell: int | None) -> tuple[str, int]:
        """The URI and the version of the text that findings in a cell are shown in: here this one."""
        return self.uri, self.version

    def parts(self) -> list[tuple[str, int | None]]:
        """The URIs that findings are shown under, each with the number of its cell: here one, and no cell."""
        return [(self.uri, None)]

    def source(self, limit: int) -> Source:
        """The text as hplint's own; it is decoded, so a comment that names an encoding does not count.

        Raises:
            Unreadable: it is too long, or holds what no Python file can.
        """
        if len(self.text) > limit:
            return from_bytes(self.text.encode("utf-8", "replace"), display_path(self.path), limit)
        return from_text(self.text, display_path(self.path))


class Texts:
    """All open texts, by URI and by path. Written by the loop that talks to the client, read by the other thread."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Text] = {}
        self._by_path: dict[str, Text] = {}
        self._saved: dict[str, int] = {}
        self._parts: dict[str, tuple[str, int | None]] = {}

    def put(self, text: Text, *, is_saved: bool) -> None:
        """Open a text, or take a newer version of it."""
        self._forget_parts(text.uri)
        self._by_uri[text.uri] = self._by_path[text.path] = text
        self._parts.update({uri: (text.uri, cell) for uri, cell in text.parts()})
        if is_saved:
            self._saved[text.uri] = text.version

    def save(self, uri: str) -> None:
        """The version that is open now is that of the file."""
        if uri in self._by_uri:
            self._saved[uri] = self._by_uri[uri].version

    def drop(self, uri: str) -> Text | None:
        """Close a text."""
        self._forget_parts(uri)
        text = self._by_uri.pop(uri, None)
        self._saved.pop(uri, None)
        if text is not None:
            self._by_path.pop(text.path, None)
        return text

    def get(self, uri: str) -> Text | None:
        return self._by_uri.get(uri)

    def shown_in(self, uri: str) -> tuple[Text, int | None] | None:
        """The text that is shown under a URI, and the number of the cell where it is a part of a notebook."""
        owner, cell = self._parts.get(uri, ("", None))
        text = self._by_uri.get(owner)
        return None if text is None else (text, cell)

    def _forget_parts(self, uri: str) -> None:
        text = self._by_uri.get(uri)
        for part, _ in text.parts() if text is not None else ():
            self._parts.pop(part, None)

    def all(self) -> list[Text]:
        return list(self._by_uri.values())

    def is_newest(self, text: Text) -> bool:
        """Whether a text has not been changed or closed since."""
        return self._by_uri.get(text.uri) is text

    def is_saved(self, text: Text) -> bool:
        """Whether a version was opened or saved, not just typed."""
        return self._saved.get(text.uri) == text.version

    def uri_of(self, shown: str, cell: int | None = None) -> str:
        """The URI of a path as findings show it, and of a cell of an open notebook."""
        path = os.path.abspath(shown)
        text = self._by_path.get(path)
        return text.place(cell)[0] if text is not None else from_fs_path(path) or ""

    def read(self, path: str, limit: int) -> Source:
        """What a module of the project holds: what the editor shows of it, else what the file does.

        Raises:
            Unreadable: from :mod:`hplint.source`.
        """
        text = self._by_path.get(path)
        return read(path, limit) if text is None else text.source(limit)


def path_of(uri: str) -> str:
    """The absolute path that a text has, or would have."""
    path = to_fs_path(uri) if uri_scheme(uri) == "file" else None
    return os.path.abspath(path or uri.rpartition("/")[2].rpartition(":")[2] or "untitled")
