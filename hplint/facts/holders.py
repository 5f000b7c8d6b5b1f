"""Indexes of one file that tell where values are kept and changed: calls, functions, attributes, items."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TypeVar, cast

from hplint.facts.commandline import Flag, declared
from hplint.facts.fields import field_default, makes_fields
from hplint.facts.names import Names
from hplint.facts.syntax import (
    Assign,
    Attribute,
    AugAssign,
    Binary,
    Call,
    ClassDef,
    Code,
    Collection,
    Compare,
    Dict,
    Expr,
    For,
    FunctionDef,
    If,
    Literal,
    Match,
    Name,
    Node,
    Other,
    Parameter,
    Return,
    Simple,
    Subscript,
    Try,
    While,
)
from hplint.facts.tree import is_self
from hplint.records import record

__all__ = ["Flag", "Holders", "Store"]

N = TypeVar("N", bound=Node)
_CHANGING_METHODS = frozenset(("update", "pop", "setdefault", "clear", "popitem"))
_LOADING_METHODS = frozenset(("merge_from_file", "merge_from_list", "merge_from_other_cfg", "merge_with"))
"""Methods of configuration objects that may set any of their values, and are there to do so."""


@record
class Store:
    """An attribute or item of ``base`` is set: ``value`` is None where that is not plain.

    ``key`` None: any item may be, those of ``content`` where that is given. ``loads``: a document or a command line is
    read into a configuration object.
    """

    base: Expr
    key: str | None
    value: Expr | None
    node: Node
    loads: bool = False
    content: Expr | None = None


class Holders:
    """Indexes of one file, each made when it is first asked for."""

    def __init__(self, code: Code, names: Names) -> None:
        self._code = code
        self._names = names
        self._self_stores: dict[int, dict[str, list[Expr]]] = {}
        self._declared: dict[int, dict[str, Expr]] = {}

    def all(self, kind: type[N]) -> tuple[N, ...]:
        """All records of a type."""
        return cast("tuple[N, ...]", self._code.index.get(kind.__name__, ()))

    # --- calls and functions

    @cached_property
    def flags(self) -> dict[str, tuple[Flag, ...]]:
        """The options that argparse is told of, by the attribute that holds them."""
        found: dict[str, list[Flag]] = defaultdict(list)
        for call in self.calls_of("add_argument"):
            flag = declared(call)
            if flag is not None:
                found[flag.dest].append(flag)
        return {dest: tuple(flags) for dest, flags in found.items()}

    def options(self, dest: str) -> tuple[Flag, ...]:
        """The options of argparse and optparse that one attribute holds."""
        older = (flag for call in self.calls_of("add_option") if (flag := declared(call)) is not None)
        return (*self.flags.get(dest, ()), *(flag for flag in older if flag.dest == dest))

    def calls_of(self, name: str) -> list[Call]:
        """Calls of anything whose last name is this: ``name(...)``, ``x.name(...)``."""
        return self._calls_by_name.get(name, [])

    def method_calls(self, name: str) -> list[Call]:
        """Calls of a method of this name."""
        return [call for call in self.calls_of(name) if isinstance(call.func, Attribute)]

    @cached_property
    def _calls_by_name(self) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = defaultdict(list)
        for call in self.all(Call):
            if isinstance(call.func, Attribute):
                found[call.func.attr].append(call)
            elif isinstance(call.func, Name):
                found[call.func.id].append(call)
        return found

    @cached_property
    def function_by_scope(self) -> dict[int, FunctionDef]:
        return {each.scope: each for each in self.all(FunctionDef)}

    @cached_property
    def class_by_scope(self) -> dict[int, ClassDef]:
        return {each.scope: each for each in self.all(ClassDef)}

    def returns(self, function: FunctionDef) -> list[Return]:
        """The return statements of a function, without those of functions inside it."""
        return self._returns.get(function.scope, [])

    @cached_property
    def _returns(self) -> dict[int, list[Return]]:
        found: dict[int, list[Return]] = defaultdict(list)
        around: list[FunctionDef] = []
        every: list[FunctionDef | Return] = [*self.all(FunctionDef), *self.all(Return)]
        for each in sorted(every, key=lambda node: node.start):
            while around and around[-1].end <= each.start:
                around.pop()
            if isinstance(each, FunctionDef):
                around.append(each)
            elif around:
                found[around[-1].scope].append(each)
        return found

    def uses(self, name: str) -> list[Name]:
        """Every place where a name is read or written as a bare name."""
        return self._names_by_id.get(name, [])

    @cached_property
    def _names_by_id(self) -> dict[str, list[Name]]:
        found: dict[str, list[Name]] = defaultdict(list)
        for name in self.all(Name):
            found[name.id].append(name)
        return found

    def class_of_method(self, scope: int, parameter: Parameter) -> ClassDef | None:
        """The class whose methods call ``parameter`` their instance, for code in ``scope``."""
        here = self._names.scope(scope)
        while here.parent is not None:
            around = self._names.scope(here.parent)
            if here.kind == "function" and around.kind == "class":
                first = next(iter(here.bindings.values()), ())
                is_self = bool(first) and first[0].parameter is parameter
                return self.class_by_scope.get(around.number) if is_self else None
            here = around
        return None

    def is_dataclass(self, definition: ClassDef) -> bool:
        """Whether the fields of a class become parameters of its constructor."""
        return makes_fields(definition, self._names)

    def field_default(self, value: Expr) -> Expr | None:
        """The default that a field's value writes: the ``default`` of ``field(...)``, else the value itself."""
        return field_default(value)

    # --- where code runs

    def frame(self, scope: int) -> int:
        """The function, class or module in whose frame the code of a scope runs."""
        here = self._names.scope(scope)
        while here.kind == "comprehension" and here.parent is not None:
            here = self._names.scope(here.parent)
        return here.number

    def frame_at(self, node: Node) -> int:
        """The function, class or module in whose frame a record stands."""
        inner = 0
        for scope in self._code.scopes:
            if scope.kind != "comprehension" and scope.start <= node.start and node.end <= scope.end:
                inner = scope.number
        return inner

    def around(self, node: Node, frame: int) -> list[Node]:
        """The statements of a frame around a node that may leave it out or repeat it."""
        start = self._names.scope(frame).start
        return [each for each in self._branching if start <= each.start <= node.start < each.end]

    @cached_property
    def _branching(self) -> tuple[Node, ...]:
        ifs = (each for each in self.all(If) if not _is_script(each.test))
        return (*ifs, *self.all(For), *self.all(While), *self.all(Try), *self.all(Match))

    def loops(self, node: Node, frame: int) -> bool:
        """Whether a loop of a frame may run a node again."""
        return any(isinstance(each, For | While) for each in self.around(node, frame))

    def in_place(self, start: int) -> Binary | None:
        """What ``x *= 2``, which starts there, makes of ``x``, written as ``x * 2``."""
        return self._in_place.get(start)

    @cached_property
    def _in_place(self) -> dict[int, Binary]:
        every = self.all(AugAssign)
        return {each.start: Binary(each.start, each.end, each.op, each.target, each.value) for each in every}

    # --- what is set

    def self_stores(self, definition: ClassDef) -> dict[str, list[Expr]]:
        """What the methods of a class assign to attributes of ``self``; what a store unpacks is not known."""
        known = self._self_stores.get(definition.scope)
        if known is None:
            known = defaultdict(list)
            for target, value in self.attribute_stores:
                inside = definition.start <= target.start < definition.end
                if inside and is_self(target.value):
                    known[target.attr].append(value or Other(target.start, target.end, "unpacked", ()))
            self._self_stores[definition.scope] = known
        return known

    def declared(self, definition: ClassDef) -> dict[str, Expr]:
        """What a class says that its attributes are: ``cfg: Config`` in its body, ``self.cfg: Config`` in a method."""
        known = self._declared.get(definition.scope)
        if known is None:
            known = {}
            for target, annotation in self._annotated:
                if not definition.start <= target.start < definition.end:
                    continue
                if isinstance(target, Name):
                    if target.scope == definition.scope:
                        known.setdefault(target.id, annotation)
                elif is_self(target.value):
                    known.setdefault(target.attr, annotation)
            self._declared[definition.scope] = known
        return known

    @cached_property
    def _annotated(self) -> tuple[tuple[Name | Attribute, Expr], ...]:
        return tuple(
            (assign.targets[0], assign.annotation)
            for assign in self.all(Assign)
            if assign.annotation is not None and isinstance(assign.targets[0], Name | Attribute)
        )

    @cached_property
    def attribute_stores(self) -> tuple[tuple[Attribute, Expr | None], ...]:
        """Every attribute that is assigned, with its value where that is plain."""
        return tuple((target, value) for target, value, _ in self._targets if isinstance(target, Attribute))

    def stores(self, key: str) -> list[Store]:
        """Where the attribute or item ``key`` of anything but ``self`` is set, in no order."""
        return self._stores_by_key.get(key, [])

    @cached_property
    def every_store(self) -> list[Store]:
        """All settings of attributes and items of anything but ``self``."""
        return [*(store for stores in self._stores_by_key.values() for store in stores), *self.stores_of_any]

    @cached_property
    def _stores_by_key(self) -> dict[str, list[Store]]:
        found: dict[str, list[Store]] = defaultdict(list)
        for target, value, node in self._targets:
            if isinstance(target, Attribute):
                if not is_self(target.value):
                    found[target.attr].append(Store(target.value, target.attr, value, node))
            elif isinstance(target.index, Literal) and isinstance(target.index.value, str):
                found[target.index.value].append(Store(target.value, target.index.value, value, node))
        for call in self.calls_of("setattr"):
            if isinstance(call.func, Name) and len(call.args) == 3:
                key = call.args[1].value
                if isinstance(key, Literal) and isinstance(key.value, str):
                    found[key.value].append(Store(call.args[0].value, key.value, call.args[2].value, call))
        for call in self.method_calls("update"):
            for name, value in _updated(call) or ():
                found[name].append(Store(cast("Attribute", call.func).value, name, value, call))
        return found

    @cached_property
    def stores_of_any(self) -> list[Store]:
        """Where any attribute or item of an object may be set."""
        found: list[Store] = []
        for target, _, node in self._targets:
            if isinstance(target, Subscript) and isinstance(target.index, Name | Attribute | Call | Subscript):
                found.append(Store(target.value, None, None, node))
        for method in (*_CHANGING_METHODS, *_LOADING_METHODS):
            for call in self.method_calls(method):
                if method != "update" or _updated(call) is None:
                    base = cast("Attribute", call.func).value
                    plain = len(call.args) == 1 and call.args[0].keyword is None and not call.args[0].star
                    content = call.args[0].value if method == "update" and plain else None
                    loads = method in _LOADING_METHODS
                    found.append(Store(base, None, None, call, loads=loads, content=content))
        for call in self.calls_of("setattr"):
            key = call.args[1].value if isinstance(call.func, Name) and len(call.args) == 3 else None
            if isinstance(key, Attribute) and key.attr == "dest":
                continue  # An action of argparse sets the option that it was made for.
            if key is not None and not isinstance(key, Literal):
                found.append(Store(call.args[0].value, None, None, call))
        return found

    @cached_property
    def _targets(self) -> tuple[tuple[Attribute | Subscript, Expr | None, Node], ...]:
        found: list[tuple[Attribute | Subscript, Expr | None, Node]] = []
        for assign in self.all(Assign):
            if assign.value is None:
                continue  # `self.x: int` sets nothing.
            for target in assign.targets:
                _collect(target, assign.value, assign, found)
        for augmented in self.all(AugAssign):
            _collect(augmented.target, None, augmented, found)
        for simple in self.all(Simple):
            if simple.kind == "del":
                for child in simple.children:
                    if isinstance(child, Subscript):
                        _collect(child, None, simple, found)
        return tuple(found)


def _is_script(test: Expr) -> bool:
    """Whether it is ``__name__ == "__main__"``, which is true where the code matters."""
    return isinstance(test, Compare) and isinstance(test.left, Name) and test.left.id == "__name__"


def _collect(
    target: Expr, value: Expr | None, node: Node, found: list[tuple[Attribute | Subscript, Expr | None, Node]]
) -> None:
    if isinstance(target, Attribute | Subscript):
        found.append((target, value, node))
    elif isinstance(target, Collection):
        for element in target.elements:
            _collect(element, None, node, found)


def _updated(call: Call) -> list[tuple[str, Expr]] | None:
    """What ``x.update({"lr": 1}, momentum=0)`` sets; None where that is not written out."""
    found: list[tuple[str, Expr]] = []
    for arg in call.args:
        if arg.keyword is not None:
            found.append((arg.keyword, arg.value))
        elif not arg.star and isinstance(arg.value, Dict):
            for key, value in arg.value.items:
                if not isinstance(key, Literal) or not isinstance(key.value, str):
                    return None
                found.append((key.value, value))
        else:
            return None
    return found
