"""Names of a library's modules, worked out from its source files alone: nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"

_TWINS = {"boolean_dispatch": "if_false"}
"""Helpers that make a function out of another with the same parameters, and the keyword that names it."""
_WRAPPERS = frozenset({"_add_docstr", "_make_deprecate"})
"""Helpers that return their first argument, or something called just like it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A name bound by an import: a module (``attr`` None) or what a module holds under ``attr``."""

    module: str
    attr: str | None


Bound: TypeAlias = "Imported | ast.ClassDef | Function | ast.expr | None"
"""What a module-level name was last bound to; None for what is not followed (loop variables, annotations)."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class statement and the module it stands in."""

    module: str
    node: ast.ClassDef

    @property
    def home(self) -> str:
        """Where the class is defined: ``torch.optim.adam.Adam``."""
        return f"{self.module}.{self.node.name}"


@dataclass(frozen=True, slots=True)
class Callable:
    """A function: all statements that define it, overloads first. ``bound_in_c``: they come from a stub."""

    module: str
    nodes: tuple[Function, ...]
    bound_in_c: bool

    @property
    def home(self) -> str:
        """Where the function is defined."""
        return f"{self.module}.{self.nodes[0].name}"


@dataclass(frozen=True, slots=True)
class Package:
    """A module."""

    name: str


@dataclass(frozen=True, slots=True)
class External:
    """Something that another library defines, under its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A module-level name bound to an expression that is none of the above."""

    module: str
    value: ast.expr


Target: TypeAlias = "Class | Callable | Package | External | Constant"


@dataclass
class Module:
    """One source file: what its top level binds. Insertion order is the order of the text."""

    name: str
    path: Path
    tree: ast.Module
    names: dict[str, Bound] = field(default_factory=dict)
    overloads: dict[str, list[Function]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    @property
    def is_package(self) -> bool:
        return self.path.stem == "__init__"

    def absolute(self, module: str | None, level: int) -> str:
        """The dotted name that a relative import means here."""
        if level == 0:
            return module or ""
        parts = self.name.split(".")
        kept = parts[: len(parts) - level + (1 if self.is_package else 0)]
        return ".".join([*kept, *([module] if module else [])])

    @cached_property
    def public(self) -> tuple[str, ...] | None:
        """The names that a literal ``__all__`` lists, None without one."""
        found: list[str] | None = None
        for statement in self.tree.body:
            value = _assigned_to_all(statement)
            if value is not None:
                names = [e.value for e in ast.walk(value) if isinstance(e, ast.Constant) and isinstance(e.value, str)]
                found = [*(found or ()), *names]
        return None if found is None else tuple(found)


def _assigned_to_all(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        targets = [statement.target]
    else:
        return None
    return statement.value if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets) else None


class Library:
    """A library on disk: ``root`` is the folder of its top package, ``name`` the package's name."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.name = name
        self.module = cache(self._read)
        self.resolve = cache(self._resolve)
        self.bases = cache(self._bases)
        self.mro = cache(self._mro)

    def path(self, module: str) -> Path | None:
        """The file of a module: source before stub."""
        head, *rest = module.split(".")
        if head != self.name:
            return None
        base = self.root.joinpath(*rest)
        candidates = [base / "__init__.py", base / "__init__.pyi"]
        if rest:
            candidates = [
                base / "__init__.py",
                base.with_suffix(".py"),
                base / "__init__.pyi",
                base.with_suffix(".pyi"),
            ]
        return next((path for path in candidates if path.is_file()), None)

    def is_module(self, name: str) -> bool:
        """Whether a module of this name is on disk; a folder without files of its own counts."""
        head, *rest = name.split(".")
        return head == self.name and (self.path(name) is not None or self.root.joinpath(*rest).is_dir())

    def submodules(self, package: str) -> Iterator[str]:
        """Short names of the modules directly in a package."""
        path = self.path(package)
        if path is None or path.stem != "__init__":
            return
        for child in sorted(path.parent.iterdir()):
            if child.suffix in {".py", ".pyi", ".so"} or (child.is_dir() and (child / "__init__.py").is_file()):
                short = child.name.partition(".")[0]
                if short.isidentifier() and short != "__init__":
                    yield short

    def _read(self, name: str) -> Module | None:
        path = self.path(name)
        return None if path is None else read_module(name, path)

    def _resolve(self, module: str, attr: str) -> Target | None:
        """What ``module.attr`` stands for; None when the sources do not say."""
        return self._follow(module, attr, frozenset())

    def _follow(self, module: str, attr: str, seen: frozenset[tuple[str, str]]) -> Target | None:
        if not (module == self.name or module.startswith(f"{self.name}.")):
            return External(f"{module}.{attr}")
        source = self.module(module)
        if source is None or (module, attr) in seen:
            return Package(f"{module}.{attr}") if self.is_module(f"{module}.{attr}") else None
        seen |= {(module, attr)}
        if attr in source.names:
            found = self._bound(source, attr, seen)
            if found is not None:
                return found
        for star in source.stars:
            if self._exported(star, attr):
                found = self._follow(star, attr, seen)
                if found is not None:
                    return found
        if self.is_module(f"{module}.{attr}"):
            return Package(f"{module}.{attr}")
        if module == self.name:
            # The top package copies what the C extension holds into its own namespace, in a loop.
            return self._follow(f"{module}._C._VariableFunctions", attr, seen)
        return None

    def _exported(self, module: str, attr: str) -> bool:
        source = self.module(module)
        if source is None:
            return False
        return attr in source.public if source.public is not None else not attr.startswith("_")

    def _bound(self, source: Module, attr: str, seen: frozenset[tuple[str, str]]) -> Target | None:
        bound = source.names[attr]
        match bound:
            case ast.ClassDef():
                return Class(source.name, bound)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return Callable(source.name, tuple(source.overloads[attr]), source.path.suffix == ".pyi")
            case Imported(module, None):
                return Package(module) if self.is_module(module) else External(module)
            case Imported(module, str(name)):
                return self._follow(module, name, seen)
            case ast.expr():
                return self.expression(source.name, bound, seen) or Constant(source.name, bound)
        return None

    def expression(self, module: str, expr: ast.expr, seen: frozenset[tuple[str, str]] = frozenset()) -> Target | None:
        """What a name, an attribute or one of the known wrapper calls stands for in a module."""
        match expr:
            case ast.Name(id=name):
                return self._follow(module, name, seen)
            case ast.Attribute(value=inner, attr=attr):
                owner = self.expression(module, inner, seen)
                match owner:
                    case Package(name):
                        return self._follow(name, attr, seen)
                    case External(name):
                        return External(f"{name}.{attr}")
            case ast.Call(func=ast.Name(id=wrapper), args=args, keywords=keywords):
                if wrapper in _WRAPPERS and args:
                    return self.expression(module, args[0], seen)
                twin = next((k.value for k in keywords if k.arg is not None and k.arg == _TWINS.get(wrapper)), None)
                if twin is not None:
                    return self.expression(module, twin, seen)
        return None

    # --- classes

    def _bases(self, cls: Class) -> list[Class | str]:
        """Direct bases: classes of the library, dotted names for all others."""
        found: list[Class | str] = []
        for base in cls.node.bases:
            if isinstance(base, ast.Subscript):
                base = base.value
            target = self.expression(cls.module, base)
            match target:
                case Class():
                    found.append(target)
                case External(name):
                    found.append(name)
                case _:
                    found.append(ast.unparse(base))
        return found

    def _mro(self, cls: Class) -> list[Class | str]:
        """The class and all it derives from, in the order in which Python looks attributes up."""
        bases = self.bases(cls)
        linear: list[list[Class | str]] = [self.mro(b) if isinstance(b, Class) else [b] for b in bases]
        return [cls, *_merge([*linear, list(bases)])]


def _merge(sequences: list[list[Class | str]]) -> Iterator[Class | str]:
    """C3; where the outside bases make it fail, the first candidate is taken."""
    pending = [list(s) for s in sequences if s]
    while pending:
        tails = [item for s in pending for item in s[1:]]
        head = next((s[0] for s in pending if s[0] not in tails), pending[0][0])
        yield head
        pending = [rest for s in pending if (rest := [item for item in s if item != head])]


def read_module(name: str, path: Path) -> Module:
    """Parse a file and list what its top level binds."""
    module = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), filename=path.name))
    _collect(module, module.tree.body, weak=False)
    return module


def _collect(module: Module, body: Iterable[ast.stmt], *, weak: bool) -> None:
    """``weak``: only a type checker runs this, so it never replaces a binding."""
    for statement in body:
        for name, bound in _bindings(module, statement):
            if not (weak and name in module.names):
                module.names[name] = bound
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            earlier = module.overloads.get(statement.name, [])
            keep = [node for node in earlier if is_overload(node)]
            module.overloads[statement.name] = [*keep, statement]
        _collect_nested(module, statement, weak=weak)


def _collect_nested(module: Module, statement: ast.stmt, *, weak: bool) -> None:
    match statement:
        case ast.If(test=test, body=body, orelse=orelse):
            _collect(module, body, weak=weak or "TYPE_CHECKING" in ast.unparse(test))
            _collect(module, orelse, weak=True)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            _collect(module, [*body, *orelse, *final], weak=weak)
            for handler in handlers:
                _collect(module, handler.body, weak=True)
        case ast.With(body=body):
            _collect(module, body, weak=weak)
        case ast.For(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
            _collect(module, [*body, *orelse], weak=weak)


def _bindings(module: Module, statement: ast.stmt) -> Iterator[tuple[str, Bound]]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, statement
        case ast.Import(names=names):
            for alias in names:
                short = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or short, Imported(short, None)
        case ast.ImportFrom(module=source, names=names, level=level):
            origin = module.absolute(source, level)
            for alias in names:
                if alias.name == "*":
                    module.stars.append(origin)
                else:
                    yield alias.asname or alias.name, Imported(origin, alias.name)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _names(target, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.For(target=target):
            yield from _names(target, None)


def _names(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, Bound]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _names(element, None)


def is_overload(node: Function) -> bool:
    """Whether a definition is one of several that ``@overload`` declares."""
    return any(ast.unparse(d).rpartition(".")[2] == "overload" for d in node.decorator_list)
