"""Configuration documents that a script names: which file a loader reads, and what its items are."""

from __future__ import annotations

import os.path
from dataclasses import replace
from typing import TYPE_CHECKING

from hplint.facts.mappings import MAKERS
from hplint.facts.syntax import (
    Attribute,
    Binary,
    BindingKind,
    Call,
    Collection,
    Dict,
    Expr,
    ExprStatement,
    FunctionDef,
    Literal,
    Name,
)
from hplint.facts.values import OriginKind
from hplint.facts.ways import NOTHING, Held, Holder, Way, Ways, one, unknown
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator
    from hplint.facts.file import File

_LOADERS = {
    **dict.fromkeys(("yaml.safe_load", "yaml.load", "yaml.full_load", "yaml.unsafe_load"), "yaml"),
    **dict.fromkeys(("json.load", "json.loads"), "json"),
    **dict.fromkeys(("tomllib.load", "tomllib.loads", "tomli.load", "tomli.loads", "toml.load", "toml.loads"), "toml"),
    "omegaconf.OmegaConf.load": "omegaconf",
}
_TAKES_PATH = frozenset(("omegaconf.OmegaConf.load", "toml.load"))
_SAME_PATH = frozenset(
    (
        "builtins.str",
        "pathlib.Path",
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.path.expanduser",
        "hydra.utils.to_absolute_path",
    )
)
_OPENERS = frozenset(("builtins.open", "io.open", "codecs.open"))
_STEPS = 12
_FILES = 20
"""Documents that one configuration is put together from."""


@value_record
class Items:
    """The items of a mapping that stands in a document, or in several (``others`` first) of which the last one wins.

    ``certain``: no other document is known to go in.
    """

    home: Evaluator
    node: Dict
    others: tuple[Items, ...] = ()
    certain: bool = True

    @property
    def frame(self) -> int:
        return 0

    def entry(self, name: str) -> Ways:
        """Where an item takes its value from, as long as the document is what it is."""
        found = [(each, value) for each in (*self.others, self) if (value := each.own(name)) is not None]
        if not found or not self.certain:
            return unknown(f"`{self.label(name)}` is not in the file")
        holder, value = found[-1]
        if len(found) > 1 and any(isinstance(each, Dict) for _, each in found):
            return unknown(f"several files hold `{name}`")
        way = Way(value, OriginKind.CONFIG_FILE, holder.label(name), holder.home)
        return one(way, why="the file may be changed, or another one be given")

    def label(self, name: str) -> str:
        """What an item is called: ``config.yaml:lr``."""
        return f"{os.path.basename(self.home.path)}:{name}"

    def own(self, name: str) -> Expr | None:
        """The item of this document alone."""
        for key, value in reversed(self.node.items):
            if isinstance(key, Literal) and key.value == name:
                return value
        return None

    def items(self) -> dict[str, Way] | None:
        """All items; None where not all are known."""
        keys = [key.value if isinstance(key, Literal) else None for key, _ in self.node.items]
        if self.others or not self.certain or not all(isinstance(key, str) for key in keys):
            return None
        return {str(key): way for key in keys for way in self.entry(str(key)).every}

    def may_be(self, other: Holder) -> bool:
        return isinstance(other, Items) and other.node is self.node


def items_at(node: Dict, home: Evaluator) -> Held:
    """The items of a mapping inside a document."""
    return Held((Items(home, node),), closed=True)


def loaded(call: Call, owner: Evaluator) -> Held:
    """What a call reads from a configuration document; nothing when it is no such call."""
    kind = _LOADERS.get(owner.names.qualified(call.func) or "")
    path = None if kind is None else _path_read(call, owner, _STEPS)
    return NOTHING if kind is None or path is None else _held(path, kind, owner)


def loaded_by(function: FunctionDef, home: Evaluator, call: Call, caller: Evaluator) -> Held:
    """The same for a function of another file that loads the document whose path it is given."""
    returns = home.holders.returns(function)
    expr = returns[0].value if len(returns) == 1 else None
    for _ in range(_STEPS):
        if isinstance(expr, Name):
            bindings = home.names.reaching(expr)
            plain = len(bindings) == 1 and bindings[0].kind is BindingKind.ASSIGN and bindings[0].path == ()
            expr = bindings[0].value if plain else None
        elif isinstance(expr, Call) and home.names.qualified(expr.func) in MAKERS and len(expr.args) == 1:
            expr = expr.args[0].value
        else:
            break
    kind = _LOADERS.get(home.names.qualified(expr.func) or "") if isinstance(expr, Call) else None
    if kind is None or not isinstance(expr, Call):
        return NOTHING
    named = _file_read(expr, home, _STEPS)
    parameter = next((p for p in function.parameters if isinstance(named, Name) and p.name == named.id), None)
    if parameter is None:
        return NOTHING
    given = home.parameters.given(function, call, caller, parameter)
    way = given.every[0] if len(given.every) == 1 else None
    path = None if way is None or way.path or way.called else path_of(way.expr, way.owner)
    return NOTHING if path is None else _held(path, kind, caller)


def _held(path: str, kind: str, owner: Evaluator) -> Held:
    document = owner.document(path, kind)
    root = None if document is None else _root(document)
    return NOTHING if document is None or root is None else items_at(root, document.evaluator)


def _root(document: File) -> Dict | None:
    (statement,) = document.code.body
    whole = statement.value if isinstance(statement, ExprStatement) else None
    return whole if isinstance(whole, Dict) else None


# --- which file


def _path_read(call: Call, owner: Evaluator, left: int) -> str | None:
    expr = _file_read(call, owner, left)
    return None if expr is None else path_of(expr, owner)


def _file_read(call: Call, owner: Evaluator, left: int) -> Expr | None:
    """The expression for the path of the file that a loader is given, opened, as text, or as a path."""
    if not call.args or call.args[0].star:
        return None
    expr = call.args[0].value
    by_path = owner.names.qualified(call.func) in _TAKES_PATH
    return _opened(expr, owner, left) or (expr if by_path else None)


def _opened(expr: Expr, owner: Evaluator, left: int) -> Expr | None:
    if left == 0:
        return None
    if isinstance(expr, Name):
        bindings = owner.names.reaching(expr)
        binding = bindings[0] if len(bindings) == 1 else None
        if binding is None or binding.path != () or binding.kind not in (BindingKind.WITH, BindingKind.ASSIGN):
            return None
        return None if binding.value is None else _opened(binding.value, owner, left - 1)
    if not isinstance(expr, Call):
        return None
    if owner.names.qualified(expr.func) in _OPENERS and expr.args and not expr.args[0].star:
        return expr.args[0].value
    if isinstance(expr.func, Attribute) and expr.func.attr in ("open", "read_text", "read_bytes"):
        return expr.func.value
    if isinstance(expr.func, Attribute) and expr.func.attr == "read":
        return _opened(expr.func.value, owner, left - 1)
    return None


def path_of(expr: Expr, owner: Evaluator, left: int = _STEPS) -> str | None:
    """The path that an expression stands for, relative to the folder of the file or of the project."""
    if left == 0:
        return None
    words = {each.constant for each in owner.value(expr).possible}
    if words:
        (word, *others) = words
        return word if isinstance(word, str) and not others else None
    match expr:
        case Name(id="__file__"):
            return os.path.basename(owner.path)
        case Name():
            ways = owner.ways(expr).every
            plain = len(ways) == 1 and not ways[0].path and not ways[0].called and ways[0].owner is owner
            return path_of(ways[0].expr, owner, left - 1) if plain else None
        case Attribute(value=inner, attr="parent"):
            return _dirname(path_of(inner, owner, left - 1))
        case Binary(op="/"):
            return _joined([path_of(expr.left, owner, left - 1), path_of(expr.right, owner, left - 1)])
        case Call(func=Attribute(value=inner, attr="resolve" | "absolute" | "expanduser")):
            return path_of(inner, owner, left - 1)
        case Call(args=args) if args and not any(arg.star or arg.keyword for arg in args):
            name = owner.names.qualified(expr.func) or ""
            parts = [path_of(arg.value, owner, left - 1) for arg in args]
            if name in _SAME_PATH or name == "os.path.join":
                return _joined(parts)
            return _dirname(parts[0]) if name == "os.path.dirname" else None
    return None


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return os.path.normpath(os.path.join(*known)) if len(known) == len(parts) else None


def _dirname(path: str | None) -> str | None:
    if path is None:
        return None
    if set(path.split("/")) <= {".", ".."}:
        return os.path.normpath(os.path.join(path, ".."))
    return os.path.dirname(path) or "."


# --- Hydra


def hydra_configuration(function: FunctionDef, parameter: str, owner: Evaluator) -> Held:
    """What ``@hydra.main(config_path=…, config_name=…)`` gives the first parameter of a function."""
    if not function.parameters or function.parameters[0].name != parameter:
        return NOTHING
    for decorator in function.decorators:
        if isinstance(decorator, Call) and owner.names.qualified(decorator.func) == "hydra.main":
            given = {arg.keyword: arg.value for arg in decorator.args if arg.keyword is not None}
            folder = path_of(given["config_path"], owner) if "config_path" in given else None
            name = path_of(given["config_name"], owner) if "config_name" in given else None
            if folder is None or name is None:
                return NOTHING
            found = _Hydra(owner, folder).read(name)
            return NOTHING if found is None else Held((found,), closed=True)
    return NOTHING


class _Hydra:
    """Puts a configuration together from a folder of documents, by the lists of defaults in them."""

    def __init__(self, owner: Evaluator, folder: str) -> None:
        self._owner = owner
        self._folder = folder
        self._left = _FILES

    def read(self, name: str) -> Items | None:
        """A document with those that its defaults name."""
        document = self._document(name)
        return None if document is None else self._whole(document, os.path.dirname(name))

    def _document(self, name: str) -> File | None:
        self._left -= 1
        path = os.path.join(self._folder, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
        return self._owner.document(path, "omegaconf") if self._left >= 0 else None

    def _whole(self, document: File, folder: str) -> Items | None:
        root = _root(document)
        if root is None:
            return None
        own = Items(document.evaluator, root)
        listed = own.own("defaults")
        if listed is None:
            return own
        below: list[Items] = []
        for each in listed.elements if isinstance(listed, Collection) else (listed,):
            found = self._default(each, folder)
            if found is None:
                return replace(own, certain=False)
            below += found
        return replace(own, others=tuple(below), certain=all(each.certain for each in below))

    def _default(self, entry: Expr, folder: str) -> list[Items] | None:
        """The documents behind one entry of a list of defaults; None when it is not understood."""
        if isinstance(entry, Literal) and isinstance(entry.value, str):
            found = None if entry.value == "_self_" else self.read(os.path.join(folder, entry.value))
            return [] if entry.value == "_self_" else None if found is None else _apart(found)
        if not isinstance(entry, Dict) or len(entry.items) != 1:
            return None
        ((key, value),) = entry.items
        group = str(key.value) if isinstance(key, Literal) else ""
        if group.startswith(("hydra/", "override hydra/")) or (isinstance(value, Literal) and value.value is None):
            return []
        if (
            not isinstance(value, Literal)
            or not isinstance(value.value, str)
            or not group.replace("/", "_").isidentifier()
        ):
            return None
        name = os.path.join(folder, group, value.value)
        document = self._document(name)
        found = None if document is None else self._whole(document, os.path.dirname(name))
        if document is None or found is None:
            return None
        if "@package" in document.text:
            return _apart(found) if "@package _global_" in document.text else None
        return [_below(each, group.split("/")) for each in _apart(found)]


def _apart(whole: Items) -> list[Items]:
    return [*whole.others, replace(whole, others=())]


def _below(items: Items, group: list[str]) -> Items:
    """The items of a document as those of ``group`` in the whole configuration."""
    node = items.node
    for name in reversed(group):
        node = Dict(node.start, node.end, ((Literal(node.start, node.start, name), node),))
    return replace(items, node=node)
