"""Dataclasses that cost little to define and to make: hplint has a hundred, and makes thousands of them for a file.

They are frozen for the type checker only: Python sets the fields of a frozen dataclass one by one through
`object.__setattr__`, which takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

T = TypeVar("T")

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
    def record(cls: type[T]) -> type[T]:
        """Two of these are equal only if they are the same one."""

    @dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(field,))
    def value_record(cls: type[T]) -> type[T]:
        """Two of these are equal if all that they hold is."""

else:

    def record(cls):
        return _made(cls)

    def value_record(cls):
        made = _made(cls)
        names = [each.name for each in fields(made) if each.compare]
        if names:
            # The getter gives a tuple only for several names.
            made.__eq__, made.__hash__ = _by_value(attrgetter(*names) if names[1:] else attrgetter(*names * 2))
        return made

    def _made(cls):
        if cls.__doc__ is None:
            cls.__doc__ = cls.__name__  # Else dataclasses has `inspect` write the signature there.
        compiled = any(isinstance(value, Field) for value in vars(cls).values())
        made = dataclass(slots=True, repr=False, eq=False, init=compiled)(cls)
        if not compiled and "__init__" not in vars(cls):
            made.__init__ = _init(made)
        made.__repr__ = _repr
        return made


# dataclasses compiles text for each method of each class, which would be most of what hplint takes to start.


def _init(cls: type) -> FunctionType:
    """The constructor of a class: one for all of as many fields, with its names put in."""
    own = fields(cls)
    names = tuple(each.name for each in own)
    code = _storing(len(own)).replace(co_varnames=("self", *names), co_names=names)
    made = FunctionType(code, {}, "__init__", tuple(each.default for each in own if each.default is not MISSING))
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@cache
def _storing(count: int) -> CodeType:
    """``def __init__(self, f0, f1): self.f0 = f0; self.f1 = f1``, compiled."""
    names = [f"f{number}" for number in range(count)]
    stores = "; ".join(f"self.{name} = {name}" for name in names) or "pass"
    space: dict[str, Any] = {}
    exec(f"def __init__({', '.join(('self', *names))}): {stores}", space)
    code: CodeType = space["__init__"].__code__
    return code


def _by_value(held: Callable[[Any], Any]) -> tuple[Callable[[Any, object], Any], Callable[[Any], int]]:
    """The comparison and the hash of a class whose fields ``held`` reads."""

    def __eq__(self: Any, other: object) -> Any:
        return held(self) == held(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(held(self))

    return __eq__, __hash__


def _repr(self: Any) -> str:
    """One for all: dataclasses would compile one for each."""
    shown = (f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
    return f"{type(self).__qualname__}({', '.join(shown)})"
