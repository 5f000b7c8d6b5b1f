"""Notebooks that are open in the editor: cells, each a text of its own there, as the one program that they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from lsprotocol import types as lsp

from hplint.lsp.places import Places
from hplint.lsp.texts import Text, path_of
from hplint.source import NOTEBOOK, Source

_numbers = count(1)
"""The versions of notebooks: the editor's own do not count every edit of a cell."""


@dataclass(frozen=True)
class Cell:
    """One version of a cell. ``is_python``: code of the notebook's program."""

    uri: str
    version: int
    text: str
    is_python: bool

    def edited(self, changes: Iterable[lsp.TextDocumentContentChangeEvent], encoding: str) -> str:
        """The text after edits of parts or of the whole, one after the other."""
        text = self.text
        for change in changes:
            if isinstance(change, lsp.TextDocumentContentChangePartial):
                places = Places(Source("", text), encoding)
                start, end = (places.offset(at) for at in (change.range.start, change.range.end))
                text = text[:start] + change.text + text[end:]
            else:
                text = change.text
        return text


@dataclass(frozen=True)
class Notebook(Text):
    """One version of a notebook. ``text`` is the JSON of a notebook with the same cells, which is what hplint reads."""

    cells: tuple[Cell, ...] = ()

    @property
    def is_python(self) -> bool:
        return True

    @property
    def texts(self) -> dict[str, str]:
        """The texts of all cells in their order, by URI."""
        return {cell.uri: cell.text for cell in self.cells}

    def place(self, cell: int | None) -> tuple[str, int]:
        """The URI and the version of a cell by its number; the first one for what has no place."""
        if cell is None or not self.cells:
            return (self.cells[0].uri, self.cells[0].version) if self.cells else (self.uri, self.version)
        found = self.cells[cell - 1]
        return found.uri, found.version

    def parts(self) -> list[tuple[str, int | None]]:
        return [(cell.uri, number) for number, cell in enumerate(self.cells, 1)]


def opened(params: lsp.DidOpenNotebookDocumentParams) -> Notebook:
    """The notebook that a client opens."""
    document = params.notebook_document
    texts = {item.uri: item for item in params.cell_text_documents}
    return _made(document.uri, _cells(document.cells, texts, {}))


def changed(before: Notebook, params: lsp.DidChangeNotebookDocumentParams, encoding: str) -> Notebook:
    """The notebook after what a client tells: cells that come, go or move, then edits within cells."""
    told = params.change.cells
    if told is None:
        return before
    cells = list(before.cells)
    if told.structure is not None:
        array = told.structure.array
        texts = {item.uri: item for item in told.structure.did_open or ()}
        new = _cells(array.cells or (), texts, {cell.uri: cell for cell in before.cells})
        cells[array.start : array.start + array.delete_count] = new
    kinds = {item.document: item.kind for item in told.data or ()}
    edits = {item.document.uri: item for item in told.text_content or ()}
    for index, cell in enumerate(cells):
        if kinds.get(cell.uri) == lsp.NotebookCellKind.Markup:
            cell = replace(cell, is_python=False)
        edit = edits.get(cell.uri)
        if edit is not None:
            cell = replace(cell, version=edit.document.version, text=cell.edited(edit.changes, encoding))
        cells[index] = cell
    return _made(before.uri, cells)


def _cells(
    shown: Sequence[lsp.NotebookCell], texts: dict[str, lsp.TextDocumentItem], known: dict[str, Cell]
) -> list[Cell]:
    """The cells that a client lists: their texts come with them, or are ``known`` where cells have only moved."""
    found = []
    for cell in shown:
        text = texts.get(cell.document)
        if text is not None:
            is_python = cell.kind == lsp.NotebookCellKind.Code and text.language_id == "python"
            found.append(Cell(text.uri, text.version, text.text, is_python))
        else:
            found.append(known.get(cell.document) or Cell(cell.document, 0, "", is_python=False))
    return found


def _made(uri: str, cells: Sequence[Cell]) -> Notebook:
    path = path_of(uri)
    document = {
        "cells": [
            {"cell_type": "code" if cell.is_python else "raw", "metadata": {}, "source": cell.text} for cell in cells
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    named = path if path.endswith(NOTEBOOK) else path + NOTEBOOK  # One that was never saved has no name yet.
    return Notebook(uri, named, "", next(_numbers), json.dumps(document), tuple(cells))
