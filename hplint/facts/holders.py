"""Where hyperparameters live in a file: command-line options, dataclasses, dictionaries, attributes of ``self``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from hplint.facts.names import Names
from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    AugAssign,
    Binding,
    Call,
    ClassDef,
    Code,
    Collection,
    Expr,
    FunctionDef,
    Literal,
    Name,
    Node,
    Other,
    Parameter,
    Return,
    Simple,
    Subscript,
)

_PARSE_METHODS = ("parse_args", "parse_known_args", "parse_intermixed_args")
_ATTRS = ("attr.s", "attr.dataclass", "attr.define", "attrs.define", "attrs.frozen", "attr.frozen")
_DATACLASS_DECORATORS = frozenset({"dataclasses.dataclass", "pydantic.dataclasses.dataclass", *_ATTRS})
_DATACLASS_BASES = frozenset(("pydantic.BaseModel", "pydantic_settings.BaseSettings", "typing.NamedTuple"))
_CHANGING_METHODS = frozenset(("update", "pop", "setdefault", "clear", "popitem"))


@dataclass(frozen=True, slots=True)
class Flag:
    """``parser.add_argument("--lr", type=float, default=1e-3)``: ``option`` is as the user types it."""

    option: str
    dest: str
    default: Expr | None
    type: Expr | None
    action: str | None
    call: Call


class Holders:
    """Indexes of one file, each made when it is first asked for."""

    def __init__(self, code: Code, names: Names) -> None:
        self._code = code
        self._names = names
        self._stores: dict[int, dict[str, list[Expr]]] = {}

    # --- command line

    @cached_property
    def flags(self) -> dict[str, tuple[Flag, ...]]:
        """Command-line options by the attribute that holds them."""
        found: dict[str, list[Flag]] = defaultdict(list)
        for call in self._calls("add_argument"):
            flag = _flag(call)
            if flag is not None:
                found[flag.dest].append(flag)
        return {dest: tuple(flags) for dest, flags in found.items()}

    @cached_property
    def one_parser(self) -> bool:
        """Whether all options belong to one namespace, so that a bare ``args`` can only be that."""
        parses = [call for method in _PARSE_METHODS for call in self._calls(method)]
        return bool(self.flags) and len(parses) <= 1 and not self._calls("add_subparsers")

    @cached_property
    def sets_defaults(self) -> bool:
        return bool(self._calls("set_defaults"))

    def is_namespace(self, call: Call, path: tuple[int, ...] | None) -> bool:
        """Whether the value of a call, unpacked along ``path``, is what ``parse_args()`` returned."""
        if isinstance(call.func, Attribute) and call.func.attr in _PARSE_METHODS:
            return path == ((0,) if call.func.attr == "parse_known_args" else ())
        definition = self._names.definition(call.func)
        if path != () or not isinstance(definition, FunctionDef):
            return False
        returns = [r for r in self._nodes(Return) if definition.start <= r.start < definition.end]
        return bool(returns) and all(self._returns_namespace(cast("Return", r).value) for r in returns)

    def _returns_namespace(self, expr: Expr | None) -> bool:
        if isinstance(expr, Call):
            return isinstance(expr.func, Attribute) and expr.func.attr == "parse_args"
        if isinstance(expr, Name):
            bindings = self._names.reaching(expr)
            return len(bindings) == 1 and isinstance(bindings[0].value, Call) and self._binds_namespace(bindings[0])
        return False

    def _binds_namespace(self, binding: Binding) -> bool:
        value = binding.value
        if not isinstance(value, Call) or not isinstance(value.func, Attribute):
            return False
        return value.func.attr in _PARSE_METHODS and self.is_namespace(value, binding.path)

    def _calls(self, method: str) -> list[Call]:
        return self._method_calls.get(method, [])

    @cached_property
    def _method_calls(self) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = defaultdict(list)
        for call in cast("tuple[Call, ...]", self._nodes(Call)):
            if isinstance(call.func, Attribute):
                found[call.func.attr].append(call)
        return found

    # --- classes

    def is_dataclass(self, definition: ClassDef) -> bool:
        """Whether the fields of a class become parameters of its constructor."""
        for decorator in definition.decorators:
            name = self._names.qualified(decorator.func if isinstance(decorator, Call) else decorator)
            if name in _DATACLASS_DECORATORS:
                return True
        return any(self._names.qualified(base.value) in _DATACLASS_BASES for base in definition.bases)

    def field_default(self, value: Expr) -> Expr | None:
        """The default that a field's value writes: the ``default`` of ``field(...)``, else the value itself."""
        if isinstance(value, Call):
            default = [arg.value for arg in value.args if arg.keyword == "default"]
            return default[0] if default else None
        return value

    def class_of_method(self, scope: int, parameter: Parameter) -> ClassDef | None:
        """The class whose methods call ``parameter`` their instance, for code in ``scope``."""
        here = self._names.scope(scope)
        while here.parent is not None:
            around = self._names.scope(here.parent)
            if here.kind == "function" and around.kind == "class":
                first = next(iter(here.bindings.values()), ())
                is_self = bool(first) and first[0].parameter is parameter
                return self._class_by_scope.get(around.number) if is_self else None
            here = around
        return None

    @cached_property
    def _class_by_scope(self) -> dict[int, ClassDef]:
        return {each.scope: each for each in cast("tuple[ClassDef, ...]", self._nodes(ClassDef))}

    def self_stores(self, definition: ClassDef) -> dict[str, list[Expr]]:
        """What the methods of a class assign to attributes of ``self``; what a store unpacks is not known."""
        known = self._stores.get(definition.scope)
        if known is None:
            known = self._stores[definition.scope] = self._find_self_stores(definition)
        return known

    def _find_self_stores(self, definition: ClassDef) -> dict[str, list[Expr]]:
        found: dict[str, list[Expr]] = defaultdict(list)
        for target, value in self.attribute_stores:
            inside = definition.start <= target.start < definition.end
            if inside and isinstance(target.value, Name) and target.value.id == "self":
                found[target.attr].append(value or Other(target.start, target.end, "unpacked", ()))
        return found

    @cached_property
    def stored_attributes(self) -> frozenset[str]:
        """Attributes that are assigned on anything but ``self``, and those that ``setattr`` names."""
        return frozenset(
            target.attr
            for target, _ in self.attribute_stores
            if not (isinstance(target.value, Name) and target.value.id == "self")
        )

    @cached_property
    def attribute_stores(self) -> tuple[tuple[Attribute, Expr | None], ...]:
        """Every attribute that is assigned, with its value where that is plain."""
        found: list[tuple[Attribute, Expr | None]] = []
        for assign in cast("tuple[Assign, ...]", self._nodes(Assign)):
            for target in assign.targets:
                found.extend(_attributes_in(target, assign.value))
        for augmented in cast("tuple[AugAssign, ...]", self._nodes(AugAssign)):
            found.extend(_attributes_in(augmented.target, None))
        return tuple(found)

    # --- dictionaries

    def is_changed(self, name: str, key: str | None) -> bool:
        """Whether a dictionary may get other items after it was written: for ``key``, or at all."""
        return name in self._changed_whole or any(k is None or key is None or k == key for k in self._changed[name])

    @cached_property
    def _changed_whole(self) -> frozenset[str]:
        calls = (call for method in _CHANGING_METHODS for call in self._calls(method))
        receivers = (call.func.value for call in calls if isinstance(call.func, Attribute))
        return frozenset(receiver.id for receiver in receivers if isinstance(receiver, Name))

    @cached_property
    def _changed(self) -> dict[str, set[str | None]]:
        found: dict[str, set[str | None]] = defaultdict(set)
        targets: list[Expr] = []
        for assign in cast("tuple[Assign, ...]", self._nodes(Assign)):
            targets.extend(assign.targets)
        targets.extend(each.target for each in cast("tuple[AugAssign, ...]", self._nodes(AugAssign)))
        for simple in cast("tuple[Simple, ...]", self._nodes(Simple)):
            if simple.kind == "del":
                targets.extend(simple.children)
        for target in targets:
            if isinstance(target, Subscript) and isinstance(target.value, Name):
                key = target.index.value if isinstance(target.index, Literal) else None
                found[target.value.id].add(key if isinstance(key, str) else None)
        return found

    def _nodes(self, kind: type[Node]) -> tuple[Node, ...]:
        return self._code.index.get(kind.__name__, ())


def _attributes_in(target: Expr, value: Expr | None) -> list[tuple[Attribute, Expr | None]]:
    if isinstance(target, Attribute):
        return [(target, value)]
    if isinstance(target, Collection):
        return [pair for element in target.elements for pair in _attributes_in(element, None)]
    return []


def _flag(call: Call) -> Flag | None:
    options = [_text(arg) for arg in call.args if arg.keyword is None and not arg.star]
    if not options or not all(options):
        return None
    given = {arg.keyword: arg.value for arg in call.args if arg.keyword is not None}
    long = next((option for option in options if option and option.startswith("--")), options[0])
    assert long is not None
    dest = given.get("dest")
    name = (
        dest.value if isinstance(dest, Literal) and isinstance(dest.value, str) else long.lstrip("-").replace("-", "_")
    )
    action = given.get("action")
    action_name = action.value if isinstance(action, Literal) and isinstance(action.value, str) else None
    return Flag(long, name, given.get("default"), given.get("type"), action_name, call)


def _text(arg: Arg) -> str | None:
    return arg.value.value if isinstance(arg.value, Literal) and isinstance(arg.value.value, str) else None
