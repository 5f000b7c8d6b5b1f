"""LibCST's parser without LibCST's classes: plain nodes, which is all that the one walk over them needs.

The parser is native code, and makes nodes of the classes that it finds in the module ``libcst``, by their names. Those
of LibCST are frozen dataclasses for changing code with: to import them takes as long as to parse ten files, to fill
them a fifth of the parse. So while the parser runs, it is shown a module in which every name is a class that only holds
what it is given.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from threading import Lock
from types import ModuleType, SimpleNamespace
from typing import Any

_PACKAGE = "libcst"
_PARSER = "libcst.native"


class Node(SimpleNamespace):
    """A node with its fields as LibCST documents them. The parser leaves out those that have nothing to hold."""

    __slots__ = ()

    annotation = asname = asynchronous = cause = comma = default = exc = finalbody = format_spec = guard = None
    inner_for_in = keyword = lower = lpar = module = msg = name = orelse = rest = returns = rpar = star = None
    star_arg = star_kwarg = step = type = type_parameters = upper = value = None


_MARKS = frozenset(
    """
    SimpleWhitespace ParenthesizedWhitespace TrailingWhitespace Newline EmptyLine Comment AssignEqual Colon Comma Dot
    Semicolon LeftParen RightParen LeftSquareBracket RightSquareBracket LeftCurlyBrace RightCurlyBrace
    """.split()
)
"""What nobody looks inside of, which is two thirds of all that the parser makes."""
_MARK = "mark".format
"""Says the same whatever it is given: Python has no function that takes any keyword and costs less."""


class Refused(Exception):
    """The text is no Python; ``line`` is where the parser gave up."""

    def __init__(self, message: str, *, raw_line: int, **_: Any) -> None:
        super().__init__(message)
        self.line = raw_line


def _classes() -> ModuleType:
    """What the parser takes for LibCST."""
    module = ModuleType(_PACKAGE)

    def made(name: str) -> type[Node]:
        if name.startswith("_"):
            raise AttributeError(name)
        kind = vars(module)[name] = type(name, (Node,), {"__slots__": ()})
        return kind

    # The parser imports it for each node, and each time Python looks whether that is still under way.
    vars(module).update(__getattr__=made, __spec__=SimpleNamespace(_initializing=False), ParserSyntaxError=Refused)
    vars(module).update(dict.fromkeys(_MARKS, _MARK))
    return module


_CLASSES = _classes()
_ONE_AT_A_TIME = Lock()
"""Two threads that parse would each put back what they found, which may be the other's."""


def parsed(text: str) -> Any:
    """The ``Module`` node of a text.

    Raises:
        Refused: the parser does.
    """
    parser = _parser()
    with _ONE_AT_A_TIME:
        whole = sys.modules.get(_PACKAGE)
        sys.modules[_PACKAGE] = _CLASSES
        try:
            return parser.parse_module(text)
        finally:
            if whole is None:
                del sys.modules[_PACKAGE]
            else:
                sys.modules[_PACKAGE] = whole


@cache
def _parser() -> Any:
    """LibCST's native module, loaded without the package around it."""
    found = sys.modules.get(_PARSER)
    if found is None:
        package = find_spec(_PACKAGE)
        spec = None if package is None else PathFinder.find_spec(_PARSER, package.submodule_search_locations)
        if spec is None or spec.loader is None:
            raise ImportError("LibCST's parser is missing: install it (`pip install libcst`)")
        found = sys.modules[_PARSER] = module_from_spec(spec)
        spec.loader.exec_module(found)
    return found
