"""What the code around a call expects of it: an exception that is caught, or a version that was asked for first."""

from __future__ import annotations

import re

from hplint.facts import syntax
from hplint.facts.file import File
from hplint.facts.syntax import Expr, Node

_BROAD = frozenset({"Exception", "BaseException"})
_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_PROBE = re.compile(r"version|hasattr|signature|getfullargspec|torch_\d|is_\w+_available", re.IGNORECASE)
_SMALL = 3
"""A ``try`` with a catch-all handler around more statements than this guards a program, not a call."""


def expected(file: File, node: Node, *exceptions: str) -> bool:
    """Whether the code expects a node to raise one of the named exceptions, or asked for a version before it.

    It does under ``try`` with a handler for it (a catch-all counts when it guards a few statements only), in
    ``with pytest.raises(...)`` and its like, and under a test that mentions a version, ``hasattr`` or a signature.
    """
    return _caught(file, node, frozenset(exceptions)) or _raised_on_purpose(file, node) or _probed(file, node)


def _caught(file: File, node: Node, exceptions: frozenset[str]) -> bool:
    for statement in file.all(syntax.Try):
        if not any(_within(node, inner) for inner in statement.body):
            continue
        for kind, _ in statement.handlers:
            caught = _names(kind)
            if caught & exceptions or ((kind is None or caught & _BROAD) and len(statement.body) <= _SMALL):
                return True
    return False


def _raised_on_purpose(file: File, node: Node) -> bool:
    return any(
        isinstance(context, syntax.Call) and _last(context.func) in _RAISES
        for statement in file.all(syntax.With)
        if any(_within(node, inner) for inner in statement.body)
        for context, _ in statement.items
    )


def _probed(file: File, node: Node) -> bool:
    tests = [
        *(choice.test for choice in file.all(syntax.If) if _within(node, choice)),
        *(choice.test for choice in file.all(syntax.Conditional) if _within(node, choice)),
    ]
    return any(_PROBE.search(file.source(test)) for test in tests)


def _within(node: Node, outer: Node) -> bool:
    return outer.start <= node.start and node.end <= outer.end


def _names(kind: Expr | None) -> frozenset[str]:
    """The last parts of the exception types of a handler."""
    if isinstance(kind, syntax.Collection):
        return frozenset(_last(element) for element in kind.elements)
    return frozenset() if kind is None else frozenset({_last(kind)})


def _last(expr: Expr) -> str:
    """``raises`` of ``pytest.raises``; empty for anything but a dotted name."""
    if isinstance(expr, syntax.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, syntax.Name) else ""
