"""Writes ``torch.json`` from the sources of an installed torch, which is found and read but never imported.

``python -m hplint.signatures.generate [--torch-dir DIR] [--check]``
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hplint.signatures._guards import guards_of
from hplint.signatures._parameters import Json, is_open, merged
from hplint.signatures._sources import Callable, Class, Library, Target
from hplint.signatures._tables import Options, table

DATA = Path(__file__).with_name("torch.json")

MODULES = (
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.optim.swa_utils",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.parallel",
    "torch.nn.utils",
    "torch.nn.utils.rnn",
    "torch.nn.utils.parametrizations",
    "torch.utils.data",
    "torch.amp",
    "torch.cuda.amp",
)
"""Modules whose public classes and functions are all read. What two of them share is named after the first."""

SINGLE = (
    *(f"torch.{name}" for name in ("manual_seed", "seed", "initial_seed", "save", "load", "compile")),
    *(f"torch.{name}" for name in ("no_grad", "enable_grad", "inference_mode", "set_grad_enabled")),
    *(f"torch.{name}" for name in ("use_deterministic_algorithms", "set_float32_matmul_precision")),
    *(f"torch.{name}" for name in ("softmax", "log_softmax", "relu", "relu_", "sigmoid", "tanh", "dropout")),
    "torch.Tensor",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
    "torch.utils.checkpoint.checkpoint",
    "torch.optim.lr_scheduler._LRScheduler",
)
"""Callables outside these modules."""

EXPORTS = (*MODULES, "torch")
"""Modules whose attributes are all listed."""

_MODULE_ATTRIBUTES = frozenset(
    f"__{name}__"
    for name in (
        *("all", "annotations", "builtins", "cached", "class", "dict", "dir", "doc", "file", "getattr"),
        *("getattribute", "loader", "name", "package", "path", "spec"),
    )
)
"""What every module has, or may have."""


def public_names(library: Library, module: str) -> Iterator[str]:
    """Names of a module that its users are meant to call."""
    source = library.module(module)
    if source is None:
        return
    if source.public is not None:
        yield from source.public
        return
    for name in [*source.names, *(n for star in source.stars for n in public_names(library, star))]:
        if not name.startswith("_"):
            yield name
    stub = _stub(library, module)
    yield from (name for name in stub if not name.startswith("_"))


def _stub(library: Library, module: str) -> tuple[str, ...]:
    """Functions that only a stub beside the source declares."""
    path = library.path(module)
    beside = path.with_suffix(".pyi") if path is not None and path.suffix == ".py" else None
    if beside is None or not beside.is_file():
        return ()
    tree = ast.parse(beside.read_text(encoding="utf-8"))
    return tuple(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


class Catalogue:
    """What is read so far: symbols by canonical name and the canonical name of every home."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.tables = Options()
        self.targets: dict[str, Class | Callable] = {}
        self.names: dict[str, str] = {}

    def collect(self) -> None:
        """Find every symbol; the private classes that public ones derive from come with them."""
        for module in MODULES:
            source = self.library.module(module)
            listed = source is not None and source.public is not None
            for name in public_names(self.library, module):
                target = self.library.resolve(module, name)
                if _belongs(target, module, name, listed=listed):
                    self.add(f"{module}.{name}", target)
        for name in SINGLE:
            module, _, short = name.rpartition(".")
            self.add(name, self.library.resolve(module, short))
        for target in list(self.targets.values()):
            if isinstance(target, Class):
                for base in self.library.mro(target)[1:]:
                    if isinstance(base, Class):
                        self.add(base.home, base)

    def add(self, name: str, target: Target | None) -> None:
        """Name a class or function, unless it has a name already."""
        if isinstance(target, Class):
            if target.home not in self.names:
                self.names[target.home] = name
                self.targets[name] = target
        elif isinstance(target, Callable):
            # Two names may share one definition (``max_pool2d`` and its twin) without being the same object.
            self.names.setdefault(target.home, name)
            self.targets.setdefault(name, target)

    def canonical(self, target: Class | str) -> str:
        """The canonical name of a class, the dotted name of what is outside."""
        return target if isinstance(target, str) else self.names.get(target.home, target.home)

    # --- one symbol

    def symbol(self, name: str) -> dict[str, Any]:
        """The record of one symbol."""
        target = self.targets[name]
        if isinstance(target, Callable):
            found, _, lost = merged(self.library, target)
            self.tables.apply(name, found)
            guards = guards_of(self.library, target, found, self.names)
            return _compact(kind="function", parameters=found, overloaded=lost, guards=guards)
        found, lost = self.constructor(target)
        self.tables.apply(name, found)
        bases = [self.canonical(base) for base in self.library.bases(target)]
        keys, guards = self.group_keys(target), guards_of(self.library, target, found, self.names)
        return _compact(kind="class", parameters=found, overloaded=lost, bases=bases, group_keys=keys, guards=guards)

    def constructor(self, cls: Class) -> tuple[list[Json], bool]:
        """The parameters that calling a class takes, and whether they are only the best guess."""
        mro = self.library.mro(cls)
        if any("dataclass" in ast.unparse(decorator) for decorator in cls.node.decorator_list):
            return _ANYTHING, True
        for method in ("__new__", "__init__"):
            for owner in mro:
                if isinstance(owner, Class):
                    nodes = own_methods(owner).get(method)
                    if nodes:
                        stub = owner.module == "torch._C"
                        function = Callable(owner.module, tuple(nodes), bound_in_c=stub)
                        found, _, lost = merged(self.library, function, method=True)
                        lost |= stub
                        if is_open(found) and method == "__new__":
                            break
                        if owner.home == _REFUSES:
                            return [], False
                        return found, lost
                elif method == "__init__" and owner.rpartition(".")[2] not in _PLAIN_BASES:
                    return _ANYTHING, True
        return [], False

    def group_keys(self, cls: Class) -> list[str]:
        """Keys of the ``defaults`` that an optimizer hands to its base class, which its parameter groups may hold."""
        names = [self.canonical(owner) for owner in self.library.mro(cls)]
        if "torch.optim.Optimizer" not in names[1:]:
            return []
        for owner in self.library.mro(cls):
            if isinstance(owner, Class):
                keys = _defaults(own_methods(owner).get("__init__", []))
                if keys:
                    return sorted({*keys, "params", "param_names"})
        return []

    # --- the tables

    def aliases(self) -> dict[str, str]:
        """From every other path to a symbol to its canonical name."""
        found = {home: name for home, name in self.names.items() if home != name}
        for module in self.scanned():
            source = self.library.module(module)
            for short in dict.fromkeys([*(source.names if source else ()), *public_names(self.library, module)]):
                path = f"{module}.{short}"
                target = self.library.resolve(module, short)
                if path in self.targets or not isinstance(target, Class | Callable):
                    continue
                if target.home in self.names:
                    found[path] = self.names[target.home]
        return found

    def scanned(self) -> list[str]:
        """Modules that may hold a symbol under another name: those read, those below them, and the homes."""
        homes = {home.rpartition(".")[0] for home in self.names}
        below = {module for root in ("torch.nn", "torch.optim", "torch.utils.data") for module in self.below(root)}
        return sorted({*MODULES, *homes, *below, "torch", "torch.autograd", "torch.cuda"})

    def below(self, package: str) -> Iterator[str]:
        """A package's modules at any depth."""
        for short in self.library.submodules(package):
            module = f"{package}.{short}"
            if self.library.path(module) is not None:
                yield module
                yield from self.below(module)

    def bound(self, module: str) -> tuple[str, ...]:
        """The names that the top level of a module binds."""
        source = self.library.module(module)
        return () if source is None else tuple(source.names)

    def exports(self, module: str) -> list[str]:
        """All attributes that a module has, or gets when its submodules are imported."""
        found = {*_MODULE_ATTRIBUTES, *public_names(self.library, module), *self.library.submodules(module)}
        source = self.library.module(module)
        if source is not None:
            found.update(source.names)
            found.update(name for star in source.stars for name in public_names(self.library, star))
        if module == self.library.name:
            # In two loops it copies what the C extension holds; of the first module, only what is public.
            found.update(name for name in self.bound("torch._C") if not name.startswith("_"))
            found.update(self.bound("torch._C._VariableFunctions"))
        by_hand = [entry["names"] for entry in table("exports.toml", "export") if entry["module"] == module]
        return sorted(found.union(*by_hand))


_PLAIN_BASES = frozenset({"object", "Generic", "ABC", "Protocol", "Iterable", "Iterator"})
"""Outside classes that bring no constructor of their own."""
_REFUSES = "torch.nn.modules.module.Module"
"""Its constructor is ``*args, **kwargs`` only to raise TypeError itself when there are any."""
_ANYTHING: list[Json] = [{"name": "args", "kind": "*"}, {"name": "kwargs", "kind": "**"}]


def _belongs(target: Target | None, module: str, name: str, *, listed: bool) -> bool:
    """Whether a public name is a callable of the library, not a helper that the module only uses."""
    if not isinstance(target, Class | Callable):
        return False
    package = ".".join(module.split(".")[:2])
    imported = isinstance(target, Class) and not target.module.startswith(package) and not listed
    return not imported and "torch_function" not in name and name not in {"boolean_dispatch", "assert_int_or_pair"}


def own_methods(cls: Class) -> dict[str, list[ast.FunctionDef]]:
    """The functions that a class body defines, each with its overloads."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in cls.node.body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


def _defaults(nodes: list[ast.FunctionDef]) -> list[str]:
    """The keys of ``defaults = {...}`` or ``defaults = dict(...)``."""
    for node in nodes:
        for statement in ast.walk(node):
            match statement:
                case ast.Assign(targets=[ast.Name(id="defaults")], value=ast.Dict(keys=keys)):
                    return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
                case ast.Assign(
                    targets=[ast.Name(id="defaults")], value=ast.Call(func=ast.Name(id="dict"), keywords=kw)
                ):
                    return [k.arg for k in kw if k.arg is not None]
    return []


def _compact(**record: Any) -> dict[str, Any]:
    """A record without what is empty or usual."""
    record["parameters"] = [
        {key: value for key, value in p.items() if value != [] and (key, value) != ("kind", "positional")}
        for p in record["parameters"]
    ]
    return {key: value for key, value in record.items() if value or key == "kind"}


def catalogue(root: Path) -> str:
    """The whole file as text: sorted, one symbol a line."""
    library = Library(root, "torch")
    found = Catalogue(library)
    found.collect()
    version = next(
        ast.literal_eval(node.value)
        for node in ast.parse((root / "version.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    )
    contents: dict[str, Any] = {
        "aliases": found.aliases(),
        "exports": {module: found.exports(module) for module in EXPORTS},
        "modules": ["torch", *(name for name in found.below("torch") if "._" not in name)],
        "removed": {f"{r['symbol']}({r['parameter']})": r for r in table("removed.toml", "removed")},
        "symbols": {name: found.symbol(name) for name in found.targets},
        "version": version.partition("+")[0],
    }
    found.tables.check()
    return "{\n" + ",\n".join(f"{_json(key)}: {_lines(value)}" for key, value in sorted(contents.items())) + "\n}\n"


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_json, value)) + "\n]"
    if not isinstance(value, dict):
        return _json(value)
    return "{\n" + ",\n".join(f"{_json(key)}: {_json(inner)}" for key, inner in sorted(value.items())) + "\n}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def installed() -> Path:
    """The folder of the installed torch."""
    spec = find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("torch is not installed; give its folder with --torch-dir")
    return Path(spec.submodule_search_locations[0])


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or with ``--check`` tell by the exit status whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m hplint.signatures.generate", description=__doc__)
    parser.add_argument("--torch-dir", type=Path, help="the folder of torch's top package (default: the installed one)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is not up to date")
    options = parser.parse_args(arguments)
    text = catalogue(options.torch_dir or installed())
    if options.check:
        return int(not DATA.is_file() or DATA.read_text(encoding="utf-8") != text)
    DATA.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
