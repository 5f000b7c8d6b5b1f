"""Objects of classes: what their attributes are, from fields, from ``self.x = …`` and from the class itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hplint.facts.fields import field_default, field_factory, field_names, makes_fields
from hplint.facts.syntax import (
    Attribute,
    Binding,
    BindingKind,
    Call,
    ClassDef,
    Expr,
    FunctionDef,
    If,
    Literal,
    Name,
    Other,
    Parameter,
    Subscript,
)
from hplint.facts.tree import found_empty, is_self
from hplint.facts.values import OriginKind
from hplint.facts.ways import Holder, Way, Ways, either, one, unknown
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_MOST_BASES = 12


def lineage(home: Evaluator, definition: ClassDef) -> list[tuple[Evaluator, ClassDef]]:
    """A class and those it derives from, as far as the project has them, nearest first."""
    found = [(home, definition)]
    for owner, each in found:
        for base in each.bases:
            if base.keyword is None and len(found) < _MOST_BASES:
                expr = base.value.value if isinstance(base.value, Subscript) else base.value
                above = owner.definitions.class_at(expr)
                if above is not None and all(above[1] is not known for _, known in found):
                    found.append(above)
    return found


def is_record(home: Evaluator, definition: ClassDef) -> bool:
    """Whether fields become parameters of the constructor."""
    return any(makes_fields(each, owner.names) for owner, each in lineage(home, definition))


def method(home: Evaluator, definition: ClassDef, name: str) -> tuple[Evaluator, FunctionDef] | None:
    """The function that a method of a class is, inherited ones too."""
    for owner, each in lineage(home, definition):
        bindings = owner.names.scope(each.scope).bindings.get(name, ())
        if bindings:
            last = bindings[-1].definition
            return (owner, last) if isinstance(last, FunctionDef) else None
    return None


@value_record
class ClassItself:
    """A class whose attributes are read without an instance: ``Config.lr``."""

    home: Evaluator
    definition: ClassDef
    frame: int = 0

    def entry(self, name: str) -> Ways:
        """The value in the body of the class, or of one it derives from."""
        for owner, each in lineage(self.home, self.definition):
            bindings = owner.names.scope(each.scope).bindings.get(name, ())
            if bindings:
                return _in_body(owner, each, bindings, fields=is_record(self.home, self.definition))
        return unknown(f"`{self.definition.name}` has no `{name}` that is known")

    def may_be(self, other: Holder) -> bool:
        return isinstance(other, ClassItself | Instance) and other.definition is self.definition


@value_record
class Instance:
    """An object of a class of the project. ``call`` made it, in the file of ``maker``; None: any call may have.

    ``opened``: the command line or a document may set its attributes.
    """

    home: Evaluator
    definition: ClassDef
    frame: int
    call: Call | None = None
    maker: Evaluator | None = None
    opened: bool = False

    def entry(self, name: str) -> Ways:
        """What the constructor, the methods or the class give an attribute."""
        found = self._entry(name)
        return Ways(found.every, False, found.why or "the command line may set it") if self.opened else found

    def _entry(self, name: str) -> Ways:
        for owner, each in lineage(self.home, self.definition):
            stores = owner.holders.self_stores(each).get(name)
            if stores:
                return self._stored(owner, each, name, stores)
        record = is_record(self.home, self.definition)
        whole = ClassItself(self.home, self.definition).entry(name)
        if not record:
            return whole
        if self.call is None or self.maker is None:
            return Ways(whole.every, False, whole.why or "its constructor may be given it")
        return self._of_constructor(name, whole, self.call, self.maker)

    def _of_constructor(self, name: str, whole: Ways, call: Call, maker: Evaluator) -> Ways:
        position = self._position(name)
        taken = 0
        for arg in call.args:
            if arg.keyword == name or (arg.keyword is None and not arg.star and taken == position):
                label = f"{self.definition.name}({name}=…)"
                return one(Way(arg.value, OriginKind.CONSTANT, label, maker))
            if arg.star:
                content = maker.content(arg.value) if arg.star == "**" else None
                if content is not None and name in content:
                    return one(Way(content[name], OriginKind.CONSTANT, f"{self.definition.name}({name}=…)", maker))
                if content is None:
                    return Ways(whole.every, False, f"`{arg.star}` may bring it")
            taken += arg.keyword is None
        return whole

    def _position(self, name: str) -> int:
        order: dict[str, None] = {}
        for _, each in reversed(lineage(self.home, self.definition)):
            order.update(dict.fromkeys(field_names(each)))
        return list(order).index(name) if name in order else -1

    def may_be(self, other: Holder) -> bool:
        if isinstance(other, ClassItself):
            return other.definition is self.definition
        if not isinstance(other, Instance) or other.definition is not self.definition:
            return False
        return self.call is None or other.call is None or self.call is other.call

    # --- attributes that methods set

    def _stored(self, owner: Evaluator, definition: ClassDef, name: str, stores: list[Expr]) -> Ways:
        why = f"`self.{name}` is set in several places"
        in_class = owner.names.scope(definition.scope).bindings.get(name, ())
        if len(stores) == 1 and not in_class:
            return self._through(owner, definition, name, stores[0])
        if len(stores) == 1 and is_record(owner, definition):
            field = _in_body(owner, definition, in_class, fields=True)
            return replace(either((field, self._through(owner, definition, name, stores[0]))), closed=False)
        fills = [each for each in stores if _fills_in(owner, name, each)]
        if fills and len(fills) < len(stores):
            # `if self.x is None: self.x = …` leaves what the constructor was given, unless that is nothing.
            first = self._stored(owner, definition, name, [each for each in stores if each not in fills])
            may_lack = any(each.constant is None for way in first.every for each in owner.value_of(way).possible)
            later = [self._through(owner, definition, name, each) for each in fills if may_lack]
            return replace(either((first, *later)), closed=False, sure=False, why=first.why or why)
        init = owner.names.scope(definition.scope).bindings.get("__init__", ())
        body = init[0].definition if len(init) == 1 else None
        if not isinstance(body, FunctionDef) or not all(body.start <= each.start < body.end for each in stores):
            given = [each for each in stores if _is_parameter(owner, each)]
            if in_class or not all(each in given or _sets_up(owner, definition, each) for each in stores):
                return unknown(why)
            # Any of the methods may have been called last, or never: what their parameters bring is hearsay.
            every = either(self._through(owner, definition, name, each) for each in given).every
            return Ways(tuple(replace(way, kind=OriginKind.ARGUMENT) for way in every), False, why)
        found: list[Ways] = [_in_body(owner, definition, in_class, fields=False)] if in_class else []
        for each in sorted(stores, key=lambda store: store.start):
            if not owner.holders.around(each, body.scope):
                found.clear()
            found.append(self._through(owner, definition, name, each))
        return replace(either(found), sure=False)

    def _through(self, owner: Evaluator, definition: ClassDef, name: str, value: Expr) -> Ways:
        """What ``self.x = value`` sets; a parameter of the constructor is looked up in the call."""
        if isinstance(value, Other) and value.kind == "unpacked":
            return unknown(f"`self.{name}` is changed in place or unpacked")
        if isinstance(value, Name) and self.call is not None and self.maker is not None:
            bindings = owner.names.reaching(value)
            parameter = bindings[0].parameter if len(bindings) == 1 else None
            init = method(self.home, self.definition, "__init__")
            if init is not None and init[0] is owner and parameter is not None and parameter in init[1].parameters:
                return owner.parameters.given(init[1], self.call, self.maker, parameter)
        return one(Way(value, OriginKind.CONSTANT, f"self.{name}", owner))


@value_record
class Hparams:
    """``self.hparams`` after ``self.save_hyperparameters()``: the parameters of the constructor."""

    instance: Instance

    @property
    def home(self) -> Evaluator:
        return self.instance.home

    @property
    def frame(self) -> int:
        return self.instance.frame

    def entry(self, name: str) -> Ways:
        """What the constructor is given for a parameter."""
        found = method(self.home, self.instance.definition, "__init__")
        if found is None:
            return unknown(f"`{self.instance.definition.name}` has no constructor that is known")
        owner, init = found
        for parameter in init.parameters:
            if parameter.name == name:
                return self._of_parameter(owner, init, parameter)
        return unknown(f"the constructor of `{self.instance.definition.name}` has no parameter `{name}`")

    def _of_parameter(self, owner: Evaluator, init: FunctionDef, parameter: Parameter) -> Ways:
        if self.instance.call is not None and self.instance.maker is not None:
            return owner.parameters.given(init, self.instance.call, self.instance.maker, parameter)
        scope = owner.names.scope(init.scope)
        bindings = [each for each in scope.bindings.get(parameter.name, ()) if each.parameter is parameter]
        return owner.parameters.ways(bindings[0], scope) if bindings else unknown("its constructor is not understood")

    def may_be(self, other: Holder) -> bool:
        return isinstance(other, Hparams) and self.instance.may_be(other.instance)


def _is_parameter(owner: Evaluator, value: Expr) -> bool:
    """Whether it is a parameter of a method, as it was given."""
    bindings = owner.names.reaching(value) if isinstance(value, Name) else ()
    return len(bindings) == 1 and bindings[0].parameter is not None


def _fills_in(owner: Evaluator, name: str, value: Expr) -> bool:
    """Whether ``self.name`` is set to this by ``if self.name is None: self.name = …`` or ``if not self.name: …``."""
    for around in owner.holders.around(value, owner.holders.frame_at(value)):
        if isinstance(around, If) and not any(each.start <= value.start < each.end for each in around.orelse):
            tested = found_empty(around.test)
            if isinstance(tested, Attribute) and tested.attr == name and isinstance(tested.value, Name):
                return is_self(tested.value)
    return False


def _sets_up(owner: Evaluator, definition: ClassDef, value: Expr) -> bool:
    """Whether it is a constant that is set before any other method runs."""
    bindings = owner.names.scope(definition.scope).bindings
    first = (each.definition for name in ("__init__", "__post_init__") for each in bindings.get(name, ()))
    return isinstance(value, Literal) and any(each.start <= value.start < each.end for each in first if each)


def _in_body(owner: Evaluator, definition: ClassDef, bindings: tuple[Binding, ...], *, fields: bool) -> Ways:
    """What the body of a class gives a name."""
    binding = bindings[0]
    label = f"{definition.name}.{binding.name}"
    if len(bindings) != 1:
        return unknown(f"`{label}` is set in several places")
    if isinstance(binding.definition, FunctionDef):
        getter = any(owner.names.qualified(each) == "builtins.property" for each in binding.definition.decorators)
        return (
            owner.definitions.returned(binding.definition, binding.name)
            if getter
            else unknown(f"`{label}` is a method")
        )
    if isinstance(binding.definition, ClassDef):
        inner = Name(binding.start, binding.end, binding.name, definition.scope)
        return one(Way(owner.stand_ins.setdefault(id(binding), inner), OriginKind.CLASS_ATTRIBUTE, label, owner))
    if binding.kind is not BindingKind.ASSIGN or binding.value is None or binding.path is None:
        return unknown(f"`{label}` is no plain value")
    if not fields:
        return one(Way(binding.value, OriginKind.CLASS_ATTRIBUTE, label, owner, binding.path))
    default = field_default(binding.value)
    if default is not None:
        return one(Way(default, OriginKind.FIELD, label, owner, binding.path))
    factory = field_factory(binding.value)
    if factory is None:
        return unknown(f"the field `{label}` has no default")
    return one(Way(factory[0], OriginKind.FIELD, label, owner, called=factory[1]))
