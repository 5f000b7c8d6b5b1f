"""Text to LibCST's tree, after one scan of its tokens that keeps hostile text away from the parser.

The tokens are kept: the walk over the tree reads every offset off them, which is far cheaper than generating code.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, chain, repeat
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


# White space and comments, then one token, or none at the end. No alternative can match a text in two ways, so nothing
# backtracks far. What is met most comes first: space without comments, brackets and commas, ASCII names.
TOKEN = re.compile(
    r"""
    ( [ \t\f\r\n]*(?![ \t\f\r\n\\\#])
    | [ \t\f\r\n]*(?:(?:\\\r?\n|\#[^\r\n]*)[ \t\f\r\n]*)*
    )
    (
      [()\[\],]
    | [A-Za-z_][A-Za-z0-9_]*(?![\w"'])
    | \.(?![\d.])
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
    | \Z
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
_STEPS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}
_QUOTES = ('"', "'")


def scan(text: str) -> Tokens:
    """Split a text into its tokens.

    Raises:
        TooComplex: brackets, blocks or chains beyond what LibCST parses safely and in linear time.
    """
    found = TOKEN.findall(text.rstrip())
    while found and not found[-1][1]:
        found.pop()
    texts = [token for _, token in found]
    starts = list(accumulate(map(len, chain.from_iterable(found))))[::2]
    depths = list(accumulate(map(_STEPS.get, texts, repeat(0)), initial=0))
    if min(depths) < 0:  # More brackets are closed than opened.
        depths = list(accumulate((_STEPS.get(each, 0) for each in texts), lambda a, b: max(a + b, 0), initial=0))
    if max(depths) > MAX_DEPTH:
        raise TooComplex(f"more than {MAX_DEPTH} nested brackets", starts[depths.index(MAX_DEPTH + 1) - 1])
    lines = [
        at
        for at, (space, _) in enumerate(found)
        if space and space != " " and not depths[at] and ("\n" in space or "\r" in space)
    ]
    columns = [len(found[at][0]) - 1 - max(found[at][0].rfind("\n"), found[at][0].rfind("\r")) for at in lines]
    _refuse_blocks([(column, texts[at], starts[at]) for column, at in zip(columns, lines, strict=True)])
    for first, end in zip([0, *lines], [*lines, len(texts)], strict=True):
        if end - first > MAX_CHAIN:
            _refuse_chains(texts[first:end], starts[first:end])
    return Tokens(texts, starts)


def _refuse_blocks(lines: list[tuple[int, str, int]]) -> None:
    """Complain of too many blocks in each other and elifs after each other: ``lines`` are (column, word, offset)."""
    indents = [0]
    elifs: dict[int, int] = {}
    for column, word, offset in lines:
        while indents[-1] > column:
            indents.pop()
        if indents[-1] < column:
            indents.append(column)
            if len(indents) > MAX_INDENTS:
                raise TooComplex(f"more than {MAX_INDENTS} nested blocks", offset)
        if word == "if":
            elifs[column] = 0
        elif word == "elif":
            elifs[column] = elifs.get(column, 0) + 1
            if elifs[column] > MAX_CHAIN:
                raise TooComplex(f"more than {MAX_CHAIN} elif branches in a row", offset)


def _refuse_chains(texts: list[str], starts: list[int]) -> None:
    """Complain of what is chained too far in one logical line."""
    chained = 0
    outer: list[int] = []  # the chains around the open brackets
    previous = ""
    for token, offset in zip(texts, starts, strict=True):
        kind = _KINDS.get(token)
        if kind is None:
            chained += token[0] in _QUOTES and previous.endswith(_QUOTES)
        elif kind == "link":
            chained += 1
        elif kind == "open":
            outer.append(chained + (previous in _CLOSE))  # f()()() and a[0][0][0] are chains too
            chained = 0
        elif kind == "comma":
            chained = 0
        elif outer:
            chained = outer.pop()
        if chained > MAX_CHAIN:
            raise TooComplex(f"more than {MAX_CHAIN} operators, attributes or calls in a row", offset)
        previous = token


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
