"""Text to LibCST's tree, after one scan of its tokens that keeps hostile text away from the parser.

The tokens are kept: the walk over the tree reads every offset off them, which is far cheaper than generating code.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hplint.nodes import Refused, parsed
from hplint.records import value_record

MAX_DEPTH = 200
"""Brackets inside brackets. LibCST ends the process at about 3,000."""
MAX_CHAIN = 500
"""Operators, attributes, calls or elifs in a row: LibCST's time grows with their square."""
MAX_INDENTS = 100
"""Blocks inside blocks, as in Python's own tokenizer."""


_RECURSION = 10_000
"""Frames that may be needed for what :func:`scan` lets through."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave Python's garbage collector off, and let functions call each other as deep as the scan lets code nest.

    Nothing of a file is garbage before its end, and then it is let go of, so searching for garbage is wasted.
    """
    collecting, limit = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()


class SyntaxProblem(Exception):
    """The text is no Python (HP001). ``offset`` is where, in code points."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset


class TooComplex(Exception):
    """The text is nested or chained too deep to be parsed safely (HP003)."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset


@value_record
class Tokens:
    """Names, numbers, strings and operators in order, without white space and comments; ``starts`` are offsets."""

    texts: list[str]
    starts: list[int]


# White space, then one token. No alternative can match a text in two ways, so nothing backtracks far.
TOKEN = re.compile(
    r"""
    ((?:[ \t\f\r\n]|\\\r?\n)*)
    (
      \#[^\r\n]*
    | (?:[rRbBuUfFtT]{1,2})?(?:
        \"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"
      | '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''
      | "[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"
      | '[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*')
    | [^\W\d]\w*
    | 0[xXbBoO][\da-fA-F_]+
    | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?
    | \*\*=? | //=? | >>=? | <<=? | != | -> | := | \.\.\. | [+\-*/%&|^@<>=]=?
    | .
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSE = frozenset(")]}")
_WORDS = ("and", "or", "not", "in", "is", "if", "else", "for", "lambda", "await")
_SIGNS = ("+", "-", "*", "/", "//", "%", "@", "**", "<<", ">>", "&", "|", "^", "~", ".", ":=", "<", ">", "<=", ">=")
_KINDS = {
    **dict.fromkeys((*_SIGNS, *_WORDS, "==", "!="), "link"),
    **dict.fromkeys("([{", "open"),
    **dict.fromkeys(")]}", "close"),
    ",": "comma",
}
_QUOTES = ('"', "'")


def scan(text: str) -> Tokens:
    """Split a text into its tokens.

    Raises:
        TooComplex: brackets, blocks or chains beyond what LibCST parses safely and in linear time.
    """
    texts: list[str] = []
    starts: list[int] = []
    offset = depth = chain = 0
    outer: list[int] = []  # the chains around the open brackets
    indents = [0]
    elifs: dict[int, int] = {}
    previous = ""
    for space, token in TOKEN.findall(text.rstrip()):
        offset += len(space)
        kind = _KINDS.get(token)
        if kind is None and token[0] == "#":
            offset += len(token)
            continue
        if space and not depth and ("\n" in space or "\r" in space):
            chain = 0
            column = len(space) - 1 - max(space.rfind("\n"), space.rfind("\r"))
            while indents[-1] > column:
                indents.pop()
            if indents[-1] < column:
                indents.append(column)
                if len(indents) > MAX_INDENTS:
                    raise TooComplex(f"more than {MAX_INDENTS} nested blocks", offset)
            if token == "if":
                elifs[column] = 0
            elif token == "elif":
                elifs[column] = elifs.get(column, 0) + 1
                if elifs[column] > MAX_CHAIN:
                    raise TooComplex(f"more than {MAX_CHAIN} elif branches in a row", offset)
        if kind is None:
            chain += token[0] in _QUOTES and previous.endswith(_QUOTES)
        elif kind == "link":
            chain += 1
        elif kind == "open":
            outer.append(chain + (previous in _CLOSE))  # f()()() and a[0][0][0] are chains too
            chain = 0
            depth += 1
            if depth > MAX_DEPTH:
                raise TooComplex(f"more than {MAX_DEPTH} nested brackets", offset)
        elif kind == "comma":
            chain = 0
        elif depth:
            depth -= 1
            chain = outer.pop()
        if chain > MAX_CHAIN:
            raise TooComplex(f"more than {MAX_CHAIN} operators, attributes or calls in a row", offset)
        texts.append(token)
        starts.append(offset)
        previous = token
        offset += len(token)
    return Tokens(texts, starts)


def parse(text: str) -> Any:
    """The tree of a text that was scanned without complaint: see :mod:`hplint.nodes`.

    Raises:
        SyntaxProblem: with the place that the parser names.
    """
    try:
        return parsed(text)
    except Refused as error:
        raise _located(text, error.line) from None
    except RecursionError:
        raise TooComplex("nested too deep to be parsed", 0) from None


def _located(text: str, fallback_line: int) -> SyntaxProblem:
    """Python's own parser names the place and the mistake far better than LibCST's."""
    import ast
    import warnings

    line, column, message = fallback_line, 1, "invalid syntax"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        line, column, message = error.lineno or line, error.offset or 1, error.msg
    except (ValueError, RecursionError, MemoryError):
        pass
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    width = len(lines[line - 1].rstrip("\r\n")) if line <= len(lines) else 0
    return SyntaxProblem(message, sum(map(len, lines[: line - 1])) + min(max(column - 1, 0), width))
