"""What expressions may be: follows names, attributes and subscripts to constants, and knows when it could not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hplint.facts import fold
from hplint.facts.holders import Holders
from hplint.facts.names import Names
from hplint.facts.syntax import (
    Attribute,
    Binary,
    Binding,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Conditional,
    Constant,
    Dict,
    Expr,
    Literal,
    Name,
    Subscript,
    Unary,
)
from hplint.facts.values import UNKNOWN, Origin, OriginKind, Possible, Value, union

if TYPE_CHECKING:
    from hplint.facts.file import File

_DEPTH = 40
"""Steps from name to name before the search is given up."""
_COMBINATIONS = 16
"""Values of a computed expression before it counts as unknown."""
_COMMAND_LINES = ("tyro.cli", "pyrallis.parse", "draccus.parse", "simple_parsing.parse")
"""Functions that fill a dataclass from the command line."""
_DEFAULTS = (OriginKind.ARGPARSE, OriginKind.FIELD, OriginKind.PARAMETER)


class Evaluator:
    """Works out the values of one file's expressions; each is worked out once."""

    def __init__(self, names: Names, holders: Holders, imported: Callable[[str], tuple[File, str] | None]) -> None:
        self._names = names
        self._holders = holders
        self._imported = imported
        self._known: dict[int, Value] = {}
        self._asked: set[str] = set()
        self._depth = 0

    def value(self, expr: Expr) -> Value:
        """What an expression may be."""
        key = id(expr)
        known = self._known.get(key)
        if known is None:
            if self._depth >= _DEPTH:
                return UNKNOWN
            self._known[key] = UNKNOWN  # the answer for a name that is defined by itself
            self._depth += 1
            known = self._work_out(expr)
            self._depth -= 1
            self._known[key] = known
        return known

    def global_value(self, dotted: str) -> Value:
        """What a name of the module, or an attribute of it (``Config.lr``), is once the module has been run."""
        if dotted in self._asked:
            return UNKNOWN  # modules that import the name from each other
        self._asked.add(dotted)
        try:
            return self._global_value(dotted)
        finally:
            self._asked.discard(dotted)

    def _global_value(self, dotted: str) -> Value:
        name, _, attr = dotted.partition(".")
        bindings = self._names.scope(0).bindings.get(name, ())
        if not attr:
            return self._of_bindings(bindings, name)
        if "." in attr or len(bindings) != 1 or attr in self._holders.stored_attributes:
            return UNKNOWN
        if isinstance(bindings[0].definition, ClassDef):
            return self._of_class(bindings[0].definition, attr)
        return self._of_bound_object(bindings[0], attr)

    def _work_out(self, expr: Expr) -> Value:
        match expr:
            case Literal():
                return Value((Possible(expr.value, Origin(OriginKind.LITERAL, "", expr.start, expr.end)),), closed=True)
            case Unary():
                return self._computed(expr, (expr.operand,), lambda parts: fold.unary(expr.op, parts[0]))
            case Binary(op="and" | "or"):
                return UNKNOWN
            case Binary():
                return self._computed(expr, (expr.left, expr.right), lambda p: fold.binary(expr.op, p[0], p[1]))
            case Collection(kind="tuple" | "list") if len(expr.elements) <= _COMBINATIONS:
                return self._computed(expr, expr.elements, tuple)
            case Conditional():
                return union((self.value(expr.body), self.value(expr.orelse)))
            case Name():
                return self._of_bindings(self._names.reaching(expr), expr.id)
            case Attribute():
                return self._of_attribute(expr)
            case Subscript():
                return self._of_subscript(expr)
            case Call(args=(argument,)) if argument.keyword is None and not argument.star:
                function = self._names.qualified(expr.func) or ""
                return self._computed(expr, (argument.value,), lambda parts: fold.convert(function, parts[0]))
        return UNKNOWN

    def _computed(
        self, expr: Expr, operands: tuple[Expr, ...], compute: Callable[[tuple[Constant, ...]], Constant]
    ) -> Value:
        parts = [self.value(operand) for operand in operands]
        combinations = 1
        for part in parts:
            combinations *= len(part.possible)
        if not 0 < combinations <= _COMBINATIONS:
            # `()` is known too
            return self._written(expr, ()) if isinstance(expr, Collection) and not operands else UNKNOWN
        found = []
        for choice in itertools.product(*(part.possible for part in parts)):
            try:
                constant = compute(tuple(each.constant for each in choice))
            except fold.NotFolded:
                return UNKNOWN
            kinds = {each.origin.kind for each in choice}
            in_place = kinds <= {OriginKind.LITERAL} and not isinstance(expr, Call)
            kind = OriginKind.LITERAL if in_place else OriginKind.COMPUTED
            found.append(Possible(constant, Origin(kind, "", expr.start, expr.end)))
        return Value(tuple(found), all(part.closed for part in parts))

    def _written(self, expr: Expr, constant: Constant) -> Value:
        return Value((Possible(constant, Origin(OriginKind.LITERAL, "", expr.start, expr.end)),), closed=True)

    # --- names

    def _of_bindings(self, bindings: tuple[Binding, ...], label: str) -> Value:
        if not bindings:
            return UNKNOWN
        first = self._of_binding(bindings[0], label)
        if len(bindings) == 1 and not first.possible:
            return first
        found = union((first, *[self._of_binding(binding, label) for binding in bindings[1:]]))
        if found.closed:
            return found
        # One way in is unknown: what is written elsewhere says nothing of it, but a default stays a default.
        return Value(tuple(p for p in found.possible if p.origin.kind in _DEFAULTS or p.origin.path), closed=False)

    def _of_binding(self, binding: Binding, label: str) -> Value:
        if binding.kind is BindingKind.ASSIGN and binding.value is not None and binding.path is not None:
            return named(self._unpacked(binding.value, binding.path), OriginKind.CONSTANT, label)
        if binding.kind is BindingKind.PARAMETER and binding.value is not None:
            default = named(self.value(binding.value), OriginKind.PARAMETER, label)
            return Value(default.possible, closed=False)
        if binding.imported is not None:
            return self._of_import(binding.imported)
        return UNKNOWN

    def _unpacked(self, value: Expr, path: tuple[int, ...]) -> Value:
        for index in path:
            if not isinstance(value, Collection) or index >= len(value.elements):
                return UNKNOWN
            value = value.elements[index]
        return self.value(value)

    def _of_import(self, dotted: str) -> Value:
        found = self._imported(dotted)
        if found is None:
            return UNKNOWN
        file, rest = found
        if not rest:
            return UNKNOWN
        return _elsewhere(file.evaluator.global_value(rest), file.path)

    # --- attributes

    def _of_attribute(self, expr: Attribute) -> Value:
        if expr.attr in self._holders.stored_attributes:
            return UNKNOWN  # `args.lr = …` somewhere: the default may never arrive
        base = expr.value
        qualified = self._names.qualified(base)
        if qualified is not None and isinstance(base, Name | Attribute):
            root = self._root_binding(base)
            if root is not None and root.imported is not None:
                return self._of_import(f"{qualified}.{expr.attr}")
        if isinstance(base, Name):
            definition = self._names.definition(base)
            if isinstance(definition, ClassDef):
                return self._of_class(definition, expr.attr)
            return self._of_object(base, expr.attr)
        return UNKNOWN

    def _root_binding(self, expr: Expr) -> Binding | None:
        while isinstance(expr, Attribute):
            expr = expr.value
        bindings = self._names.reaching(expr) if isinstance(expr, Name) else ()
        return bindings[0] if len(bindings) == 1 else None

    def _of_object(self, base: Name, attr: str) -> Value:
        bindings = self._names.reaching(base)
        if len(bindings) != 1:
            return UNKNOWN
        binding = bindings[0]
        if binding.kind is BindingKind.PARAMETER and binding.parameter is not None:
            return self._of_parameter(binding, base, attr)
        return self._of_bound_object(binding, attr)

    def _of_bound_object(self, binding: Binding, attr: str) -> Value:
        if binding.kind is not BindingKind.ASSIGN or not isinstance(binding.value, Call):
            return UNKNOWN
        if self._holders.is_namespace(binding.value, binding.path):
            return self._of_flag(attr)
        if binding.path != ():
            return UNKNOWN
        return self._of_instance(binding.value, attr)

    def _of_parameter(self, binding: Binding, base: Name, attr: str) -> Value:
        parameter = binding.parameter
        assert parameter is not None
        owner = self._holders.class_of_method(base.scope, parameter)
        if owner is not None:
            return self._of_self(owner, attr)
        if isinstance(parameter.annotation, Name):
            annotated = self._names.definition(parameter.annotation)
            if isinstance(annotated, ClassDef):
                return replace(self._of_class(annotated, attr), closed=False)
        if parameter.default is None and parameter.annotation is None and self._holders.one_parser:
            return self._of_flag(attr)  # `def train(args)`
        return UNKNOWN

    def _of_self(self, owner: ClassDef, attr: str) -> Value:
        stores = self._holders.self_stores(owner).get(attr, ())
        if not stores:
            return self._of_class(owner, attr)
        if len(stores) != 1 or self._names.scope(owner.scope).bindings.get(attr):
            return UNKNOWN
        return named(self.value(stores[0]), OriginKind.CONSTANT, f"self.{attr}")

    def _of_class(self, definition: ClassDef, attr: str) -> Value:
        bindings = self._names.scope(definition.scope).bindings.get(attr, ())
        if len(bindings) != 1 or bindings[0].value is None or bindings[0].path != ():
            return UNKNOWN
        label = f"{definition.name}.{attr}"
        if self._holders.is_dataclass(definition):
            default = self._holders.field_default(bindings[0].value)
            return UNKNOWN if default is None else named(self.value(default), OriginKind.FIELD, label)
        return named(self.value(bindings[0].value), OriginKind.CLASS_ATTRIBUTE, label)

    def _of_instance(self, call: Call, attr: str) -> Value:
        given = [arg for arg in call.args if arg.keyword == attr]
        definition = self._names.definition(call.func)
        if isinstance(definition, ClassDef):
            return self._of_constructed(definition, call, attr)
        if self._names.qualified(call.func) in _COMMAND_LINES and call.args:
            read = self._names.definition(call.args[0].value)
            return replace(self._of_class(read, attr), closed=False) if isinstance(read, ClassDef) else UNKNOWN
        if given and self._names.qualified(call.func) in ("types.SimpleNamespace", "argparse.Namespace"):
            return named(self.value(given[0].value), OriginKind.CONSTANT, attr)
        return UNKNOWN

    def _of_constructed(self, definition: ClassDef, call: Call, attr: str) -> Value:
        if self._holders.self_stores(definition).get(attr) or any(
            a.keyword is None and a.star != "**" for a in call.args
        ):
            return UNKNOWN
        if not self._holders.is_dataclass(definition):
            return UNKNOWN if call.args else self._of_class(definition, attr)
        for arg in call.args:
            if arg.keyword == attr:
                return named(self.value(arg.value), OriginKind.CONSTANT, f"{definition.name}({attr}=…)")
        value = self._of_class(definition, attr)
        return replace(value, closed=False) if any(arg.star for arg in call.args) else value

    def _of_flag(self, dest: str) -> Value:
        """The default of a command-line option."""
        flags = self._holders.flags.get(dest, ())
        if len(flags) != 1 or flags[0].default is None or self._holders.sets_defaults:
            return UNKNOWN
        flag = flags[0]
        assert flag.default is not None
        value = named(self.value(flag.default), OriginKind.ARGPARSE, flag.option)
        converter = None if flag.type is None else self._names.qualified(flag.type)
        found = []
        for possible in value.possible:
            constant = possible.constant
            if isinstance(constant, str) and converter is not None:  # argparse converts defaults that are strings
                try:
                    constant = fold.convert(converter, constant)
                except fold.NotFolded:
                    continue
            found.append(replace(possible, constant=constant))
        return Value(tuple(found), closed=False)

    # --- subscripts

    def _of_subscript(self, expr: Subscript) -> Value:
        key = self.value(expr.index).single
        if key is None:
            return UNKNOWN
        if isinstance(expr.value, Name) and isinstance(key.constant, str):
            label = f"{expr.value.id}[{key.constant!r}]"
            item = self._item(expr.value, key.constant)
            return UNKNOWN if item is None else named(self.value(item), OriginKind.DICT_ITEM, label)
        whole = self.value(expr.value).single
        if whole is None or not isinstance(whole.constant, tuple) or not isinstance(key.constant, int):
            return UNKNOWN
        if not -len(whole.constant) <= key.constant < len(whole.constant):
            return UNKNOWN
        return Value((Possible(whole.constant[key.constant], whole.origin),), closed=True)

    def _item(self, name: Name, key: str) -> Expr | None:
        bindings = self._names.reaching(name)
        if len(bindings) != 1 or bindings[0].path != () or self._holders.is_changed(name.id, key):
            return None
        items = self.items(bindings[0].value) if bindings[0].kind is BindingKind.ASSIGN else None
        return None if items is None else items.get(key)

    def items(self, expr: Expr | None) -> dict[str, Expr] | None:
        """The items of a dictionary that is written out with constant keys: ``{"lr": 1}`` or ``dict(lr=1)``."""
        if isinstance(expr, Dict):
            found: dict[str, Expr] = {}
            for key, value in expr.items:
                if not isinstance(key, Literal) or not isinstance(key.value, str):
                    return None
                found[key.value] = value
            return found
        if not isinstance(expr, Call) or self._names.qualified(expr.func) != "builtins.dict":
            return None
        items = {arg.keyword: arg.value for arg in expr.args if arg.keyword is not None}
        return items if len(items) == len(expr.args) else None

    def content(self, expr: Expr) -> dict[str, Expr] | None:
        """What ``**expr`` passes, None when that is not known."""
        if isinstance(expr, Name):
            bindings = self._names.reaching(expr)
            changed = self._holders.is_changed(expr.id, None)
            if len(bindings) != 1 or bindings[0].kind is not BindingKind.ASSIGN or bindings[0].path != () or changed:
                return None
            return self.items(bindings[0].value)
        return self.items(expr)


def named(value: Value, kind: OriginKind, label: str) -> Value:
    """A value that is now known under a name; what had a name keeps it."""
    if not value.possible:
        return value
    return Value(tuple([_named(possible, kind, label) for possible in value.possible]), value.closed)


def _named(possible: Possible, kind: OriginKind, label: str) -> Possible:
    origin = possible.origin
    if origin.kind is not OriginKind.LITERAL:
        return possible
    return Possible(possible.constant, Origin(kind, label, origin.start, origin.end, origin.path))


def _elsewhere(value: Value, path: str) -> Value:
    return Value(
        tuple(p if p.origin.path else replace(p, origin=replace(p.origin, path=path)) for p in value.possible),
        value.closed,
    )
