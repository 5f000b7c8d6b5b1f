"""The page of a rule: the docstring of its module, read from the source so that ``python -OO`` keeps it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path


@cache
def page_of(module: str) -> str:
    """The docstring of a module, in Markdown, without indentation. Empty if the module has none."""
    return inspect.cleandoc(ast.get_docstring(_tree(module)) or "")


@cache
def offers_fix(module: str) -> bool:
    """Whether a rule's file gives any of its findings a fix: some ``Draft`` in it has the argument ``fix``."""
    drafts = (each for each in ast.walk(_tree(module)) if isinstance(each, ast.Call) and _is_draft(each.func))
    given = (value for draft in drafts for value in (*draft.args[_FIX:][:1], *_keyword(draft, "fix")))
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


_FIX = 3
"""The place of ``fix`` among the arguments of ``Draft``."""


def _is_draft(func: ast.expr) -> bool:
    return isinstance(func, ast.Name) and func.id == "Draft"


def _keyword(call: ast.Call, name: str) -> list[ast.expr]:
    return [each.value for each in call.keywords if each.arg == name]


def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    get_source: Callable[[str], str | None] | None = getattr(spec.loader, "get_source", None) if spec else None
    source = get_source(module) if get_source else None
    if source is None and spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
        # pytest loads what comes with its plugins in a way of its own.
        source = Path(spec.origin).read_text("utf-8") if os.path.isfile(spec.origin) else None
    if source is None:
        raise LookupError(f"the source of {module} is not there to read its page from")
    return ast.parse(source)
