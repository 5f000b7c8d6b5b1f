"""Parameters of a function statement: kinds, defaults, type hints and the strings that an annotation allows."""

from __future__ import annotations

import ast
from typing import TypeAlias

from hplint.signatures._sources import Callable, Constant, Function, Library, is_overload

Json: TypeAlias = "dict[str, str | list[str]]"

_SIMPLE = {
    "bool": "bool", "int": "int", "float": "float", "str": "str", "None": "None",
    "tuple": "tuple", "list": "list", "Tuple": "tuple", "List": "list",
    "_bool": "bool", "_int": "int", "_float": "float", "_str": "str",
}  # fmt: skip
"""Annotations that a constant can be held against, with the stubs' own names for them."""

_NUMPY_NAMES = frozenset({"input", "dim", "keepdim", "other"})
"""What is bound in C also takes these under numpy's names (``x``, ``axis`` …); ``_VariableFunctions.pyi`` is silent
about it, ``torch/csrc/utils/python_arg_parser.cpp`` (numpy_compatibility_arg_names) is not."""


def parameters(library: Library, module: str, node: Function, *, method: bool) -> list[Json]:
    """The parameters of one definition in order; the first of a method is left out."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    found = []
    for index, (argument, default) in enumerate(zip(positional, defaults, strict=True)):
        kind = "positional-only" if index < len(arguments.posonlyargs) else "positional"
        found.append(_parameter(library, module, argument, kind, default))
    found = found[1:] if method and not _is_static(node) else found
    if arguments.vararg:
        found.append(_parameter(library, module, arguments.vararg, "*", None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(library, module, argument, "keyword-only", default))
    if arguments.kwarg:
        found.append(_parameter(library, module, arguments.kwarg, "**", None))
    return found


def merged(library: Library, function: Callable, *, method: bool = False) -> tuple[list[Json], Function, bool]:
    """The parameters that callers may use, the definition that they come from, and whether strictness was lost."""
    each = [(parameters(library, function.module, node, method=method), node) for node in function.nodes]
    if not function.bound_in_c:
        implementation = each[-1]
        declared = [entry for entry in each if is_overload(entry[1]) and not is_open(entry[0])]
        if is_open(implementation[0]) and declared:
            return declared[0][0], implementation[1], len(declared) > 1
        return implementation[0], implementation[1], False
    first, node = max(each, key=lambda entry: len(entry[0]))
    known = {str(p["name"]) for p in first}
    extra = [p for entry, _ in each for p in entry if p["name"] not in known and p["kind"] in _NAMED]
    unique = {str(p["name"]): {**p, "kind": "keyword-only", "opaque": "..."} for p in extra}
    lost = len({tuple(str(p["name"]) for p in entry) for entry, _ in each}) > 1
    tail = [p for p in first if p["kind"] == "**"]
    together = [*[p for p in first if p["kind"] != "**"], *unique.values(), *tail]
    return together, node, lost or bool(_NUMPY_NAMES & (known | set(unique)))


_NAMED = frozenset({"positional", "keyword-only"})


def is_open(found: list[Json]) -> bool:
    """Whether it is ``*args, **kwargs`` and nothing else."""
    return [p["kind"] for p in found] == ["*", "**"]


def _is_static(node: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)


def _parameter(library: Library, module: str, argument: ast.arg, kind: str, default: ast.expr | None) -> Json:
    found: Json = {"name": argument.arg, "kind": kind}
    if default is not None:
        constant = constant_text(default)
        found["opaque" if constant is None else "default"] = ast.unparse(default) if constant is None else constant
    if argument.annotation is not None and kind not in {"*", "**"}:
        parts = _union(library, module, argument.annotation, 0)
        options = [option for part in parts for option in _literal(part)]
        types = sorted({_simple(part) for part in parts})
        if types != ["other"]:
            found["types"] = types
        if options and not {"str", "other"} & {_simple(part) for part in parts if not _literal(part)}:
            found["options"] = options
    return found


def constant_text(expr: ast.expr) -> str | None:
    """The source of a constant as ``repr`` writes it, None for what is no constant or a mutable one."""
    try:
        value = ast.literal_eval(expr)
    except ValueError:
        return None
    return None if value is ... or isinstance(value, list | dict | set) else repr(value)


def _union(library: Library, module: str, annotation: ast.expr, depth: int) -> list[ast.expr]:
    """The members of a union; names that stand for a union or a ``Literal`` are followed."""
    if depth > 8:
        return [annotation]
    match annotation:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_union(library, module, left, depth + 1), *_union(library, module, right, depth + 1)]
        case ast.Constant(value=str(text)):
            return _union(library, module, ast.parse(text, mode="eval").body, depth + 1)
        case ast.Subscript(value=generic, slice=inner) if _short(generic) in {"Optional", "Union"}:
            members = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            none: list[ast.expr] = [ast.Constant(None)] if _short(generic) == "Optional" else []
            return [*[part for m in members for part in _union(library, module, m, depth + 1)], *none]
        case ast.Name(id=name) if name not in _SIMPLE:
            target = library.resolve(module, name)
            if isinstance(target, Constant) and isinstance(target.value, ast.BinOp | ast.Subscript):
                return _union(library, target.module, target.value, depth + 1)
    return [annotation]


def _simple(part: ast.expr) -> str:
    if isinstance(part, ast.Constant) and part.value is None:
        return "None"
    if _literal(part):
        return "str"
    return _SIMPLE.get(_short(part.value if isinstance(part, ast.Subscript) else part), "other")


def _literal(part: ast.expr) -> list[str]:
    """The strings of ``Literal["a", "b"]``."""
    match part:
        case ast.Subscript(value=generic, slice=inner) if _short(generic) == "Literal":
            members = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return [m.value for m in members if isinstance(m, ast.Constant) and isinstance(m.value, str)]
    return []


def _short(expr: ast.expr) -> str:
    return ast.unparse(expr).rpartition(".")[2]
