"""Where the processes of one run leave the records of what they have parsed, so that no file is parsed twice."""

from __future__ import annotations

import hashlib
import os
import pickle
import time

from hplint.facts.syntax import Code
from hplint.facts.walk import read_code
from hplint.parse import SyntaxProblem, TooComplex
from hplint.source import Source

_CLAIM = ".claim"
_PAUSE = 0.002
_PATIENCE = 10.0
"""Seconds that one process waits for another one to parse a file: it may have died over it."""


class Shelf:
    """Records of texts in a folder that only this run uses. ``folder`` None: every text is parsed."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder

    def code(self, source: Source) -> Code:
        """The records of a text, parsed here or by whichever process came first.

        Raises:
            SyntaxProblem, TooComplex: from :mod:`hplint.parse`.
        """
        if self.folder is None:
            return read_code(source.text)
        path = os.path.join(self.folder, hashlib.sha1(source.text.encode("utf-8", "surrogatepass")).hexdigest())
        end = time.monotonic() + _PATIENCE
        while not _claim(path):
            found = _taken(path)
            if isinstance(found, Code):
                return found
            if found is not None:
                raise found
            if time.monotonic() > end:
                return read_code(source.text)
            time.sleep(_PAUSE)
        return _put(path, source.text)


def _claim(path: str) -> bool:
    """Whether this process is the first to ask for a text."""
    try:
        os.close(os.open(path + _CLAIM, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


def _put(path: str, text: str) -> Code:
    """Parse a text and leave what came of it for the others."""
    try:
        found = read_code(text)
    except (SyntaxProblem, TooComplex) as problem:
        _leave(path, problem if isinstance(problem, SyntaxProblem) else TooComplex(problem.message, problem.offset))
        raise
    except BaseException:
        os.remove(path + _CLAIM)  # Somebody else may have more luck, or the same.
        raise
    _leave(path, found)
    return found


def _leave(path: str, found: Code | SyntaxProblem | TooComplex) -> None:
    half = f"{path}.half"
    try:
        with open(half, "wb") as file:
            pickle.dump(found, file, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(half, path)
    except (OSError, RecursionError, MemoryError):
        os.remove(path + _CLAIM)  # No room, or nested too deep to be written down: the others parse it themselves.


def _taken(path: str) -> Code | SyntaxProblem | TooComplex | None:
    """What another process has left, None while it is still at work."""
    try:
        with open(path, "rb") as file:
            # Written by this run, into a folder that nobody else can write to.
            found: Code | SyntaxProblem | TooComplex = pickle.load(file)
    except FileNotFoundError:
        return None
    return found
