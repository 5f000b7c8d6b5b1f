"""Reads a snippet for the tests of facts."""

from __future__ import annotations

from hplint.facts import syntax
from hplint.facts.file import File, Linker
from hplint.facts.walk import read_code


def file_of(text: str, path: str = "train.py", linker: Linker | None = None) -> File:
    return File(path, text, read_code(text), linker)


def used(file: File) -> syntax.Expr:
    """The argument of the last call of ``use``."""
    calls = [c for c in file.all(syntax.Call) if isinstance(c.func, syntax.Name) and c.func.id == "use"]
    return calls[-1].args[0].value
