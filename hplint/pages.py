"""The page of a rule: the docstring of its module, read from the source so that ``python -OO`` keeps it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable
from functools import cache


@cache
def page_of(module: str) -> str:
    """The docstring of a module, in Markdown, without indentation. Empty if the module has none."""
    return inspect.cleandoc(ast.get_docstring(_tree(module)) or "")


@cache
def offers_fix(module: str) -> bool:
    """Whether a rule's file gives any of its findings a fix: some call in it has the argument ``fix``."""
    keywords = (each for each in ast.walk(_tree(module)) if isinstance(each, ast.keyword) and each.arg == "fix")
    return any(not (isinstance(each.value, ast.Constant) and each.value.value is None) for each in keywords)


def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    get_source: Callable[[str], str | None] | None = getattr(spec.loader, "get_source", None) if spec else None
    source = get_source(module) if get_source else None
    if source is None:
        raise LookupError(f"the source of {module} is not there to read its page from")
    return ast.parse(source)
