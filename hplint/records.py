"""Dataclasses that cost little to define and to make: hplint has a hundred, and makes thousands of them for a file.

They are frozen for the type checker only: Python sets the fields of a frozen dataclass one by one through
`object.__setattr__`, which takes ten times as long.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
        return _made(cls, eq=False)

    def value_record(cls):
        return _made(cls, unsafe_hash=True)

    def _made(cls, **options):
        if cls.__doc__ is None:
            cls.__doc__ = cls.__name__  # Else dataclasses has `inspect` write the signature there.
        made = dataclass(slots=True, repr=False, **options)(cls)
        made.__repr__ = _repr
        return made


def _repr(self: Any) -> str:
    """One for all: dataclasses would compile one for each."""
    shown = (f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
    return f"{type(self).__qualname__}({', '.join(shown)})"
