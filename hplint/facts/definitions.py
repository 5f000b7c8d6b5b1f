"""Where the functions and classes that a file uses are defined, in the file or in another one of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from hplint import signatures
from hplint.facts.syntax import BindingKind, ClassDef, Expr, FunctionDef, Name, Subscript

if TYPE_CHECKING:
    from hplint.facts.file import File

Defined: TypeAlias = "tuple[File, FunctionDef | ClassDef]"
_HOPS = 10
"""Modules that hand a name on, and classes that derive from each other."""


def defined(file: File, expr: Expr) -> Defined | None:
    """The function or class of the project that an expression stands for, with the file that holds it."""
    return _defined(file, expr, _HOPS)


def class_of(file: File, expr: Expr) -> tuple[File, ClassDef] | None:
    """The class of the project that an expression stands for, with the file that holds it."""
    found = defined(file, expr)
    return (found[0], found[1]) if found is not None and isinstance(found[1], ClassDef) else None


def derives(file: File, base: Expr, wanted: Callable[[str], bool]) -> bool:
    """Whether a class of the project derives from a class of a library that is wanted, by its qualified name."""
    first = class_of(file, base)
    pending = [] if first is None else [first]
    for home, definition in pending:
        for arg in definition.bases if len(pending) <= _HOPS else ():
            name = None if arg.keyword is not None else home.qualified(arg.value)
            if name is not None and wanted(name):
                return True
            above = None if name is None else class_of(home, arg.value)
            if above is not None and all(above[1] is not known for _, known in pending):
                pending.append(above)
    return False


def constructor(file: File, definition: ClassDef) -> tuple[File, ClassDef, FunctionDef] | str | None:
    """What runs when a class is called: an ``__init__`` of the project with the class that holds it, or the
    qualified name of the library's class whose own it is; None when that is not known."""
    return _constructor(file, definition, _HOPS)


def _defined(file: File, expr: Expr, left: int) -> Defined | None:
    local = file.definition(expr)
    if local is not None:
        return file, local
    dotted = file.names.of_project(expr)
    return None if dotted is None or left == 0 else _in_module(file, dotted, left)


def _in_module(file: File, dotted: str, left: int) -> Defined | None:
    """What a dotted name stands for that a file imports from the project."""
    found = file.imported(dotted)
    if found is None or left == 0 or not found[1] or "." in found[1]:
        return None
    module, name = found
    bindings = module.names.scope(0).bindings.get(name, ())
    if not bindings:
        behind = module.names.star_of(name)
        return None if behind is None else _in_module(module, behind, left - 1)
    if len(bindings) != 1:
        return None
    binding = bindings[0]
    if binding.definition is not None:
        return module, binding.definition
    if binding.imported is not None:
        return _in_module(module, binding.imported, left - 1)
    if binding.kind is BindingKind.ASSIGN and binding.path == () and isinstance(binding.value, Name):
        return _defined(module, binding.value, left - 1)
    return None


def _constructor(file: File, definition: ClassDef, left: int) -> tuple[File, ClassDef, FunctionDef] | str | None:
    own = file.names.scope(definition.scope).bindings
    if left == 0 or definition.decorators or "__new__" in own:
        return None
    if "__init__" in own:
        (*others, last) = own["__init__"]
        written = last.definition
        return (file, definition, written) if isinstance(written, FunctionDef) and not others else None
    if any(base.keyword is not None or base.star for base in definition.bases):
        return None
    for base in definition.bases:
        expr = base.value.value if isinstance(base.value, Subscript) else base.value
        found = _defined(file, expr, left)
        if found is None:
            name = file.qualified(expr)
            if name == "builtins.object" or name == "typing.Generic":
                continue
            return name if name is not None and signatures.lookup(name) is not None else None
        parent = _constructor(found[0], found[1], left - 1) if isinstance(found[1], ClassDef) else None
        if parent != "builtins.object":
            return parent
    return "builtins.object"
