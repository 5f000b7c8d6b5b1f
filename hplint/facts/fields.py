"""Classes whose body lists the parameters of their constructor: dataclasses, attrs, pydantic models, named tuples."""

from __future__ import annotations

from hplint.facts.names import Names
from hplint.facts.syntax import Assign, Attribute, Call, ClassDef, Expr, Lambda, Literal, Name

_ATTRS = ("attr.s", "attr.attrs", "attr.dataclass", "attr.define", "attr.frozen", "attr.mutable")
_DECORATORS = frozenset(
    (
        "dataclasses.dataclass",
        "pydantic.dataclasses.dataclass",
        "chex.dataclass",
        "flax.struct.dataclass",
        *_ATTRS,
        *(name.replace("attr.", "attrs.") for name in _ATTRS),
    )
)
_BASES = frozenset(
    ("pydantic.BaseModel", "pydantic.BaseSettings", "pydantic_settings.BaseSettings", "typing.NamedTuple", "tap.Tap")
)
_FIELDS = frozenset(("field", "Field", "ib", "attrib", "Option", "Argument"))


def makes_fields(definition: ClassDef, names: Names) -> bool:
    """Whether the fields of a class become parameters of its constructor, as far as the class itself tells."""
    for decorator in definition.decorators:
        if names.qualified(decorator.func if isinstance(decorator, Call) else decorator) in _DECORATORS:
            return True
    return any(names.qualified(base.value) in _BASES for base in definition.bases)


def _field(value: Expr) -> Call | None:
    """The call that describes a field: ``field(...)``, ``Field(...)``, ``attr.ib(...)``."""
    if not isinstance(value, Call):
        return None
    last = value.func.attr if isinstance(value.func, Attribute) else getattr(value.func, "id", "")
    return value if last in _FIELDS else None


def field_default(value: Expr) -> Expr | None:
    """The default that a field's value writes: the ``default`` of ``field(...)``, else the value itself."""
    call = _field(value)
    if call is None:
        return value
    for arg in call.args:
        if arg.keyword == "default" or (arg.keyword is None and not arg.star):
            return None if isinstance(arg.value, Literal) and arg.value.value is ... else arg.value
    return None


def field_factory(value: Expr) -> tuple[Expr, bool] | None:
    """What makes the default of a field: the expression, and whether that is called to get it."""
    call = _field(value)
    for arg in () if call is None else call.args:
        if arg.keyword in ("default_factory", "factory"):
            return (arg.value.body, False) if isinstance(arg.value, Lambda) else (arg.value, True)
    return None


def field_names(definition: ClassDef) -> list[str]:
    """The fields of a class in the order of the constructor's parameters."""
    found: list[str] = []
    for statement in definition.body:
        if isinstance(statement, Assign) and statement.annotation is not None:
            found.extend(target.id for target in statement.targets if isinstance(target, Name))
    return found
