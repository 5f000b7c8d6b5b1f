"""Calls with known names, their arguments bound as Python binds them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hplint.facts.syntax import Arg, Call
from hplint.facts.values import Value
from hplint.signatures import Signature


class Presence(Enum):
    """Whether a call gives an argument. A rule about absence speaks only on ``ABSENT``."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """``**cfg`` or ``*args`` of unknown content may bring it."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What a call gives for one parameter.

    ``node`` is the argument as written, None unless present. ``value`` is what it may be; for an absent one the
    library's default. ``callee`` is the short name of what is called.
    """

    parameter: str
    presence: Presence
    node: Arg | None
    value: Value
    callee: str


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A call of something whose qualified, canonical name is known (``torch.optim.Adam``).

    ``unexpected``: keyword arguments that the signature does not take; ``surplus``: positional ones too many. Both
    are empty when there is no signature. ``complete``: no ``*`` or ``**`` of unknown content. ``inherited``: it is
    ``super().__init__(...)`` in a subclass.
    """

    name: str
    node: Call
    signature: Signature | None
    arguments: dict[str, Argument]
    unexpected: tuple[Arg, ...]
    surplus: tuple[Arg, ...]
    complete: bool
    inherited: bool = False

    @property
    def short(self) -> str:
        """The last part of the name: ``Adam``."""
        return self.name.rpartition(".")[2]

    def argument(self, parameter: str) -> Argument:
        """The argument bound to ``parameter``; ABSENT or UNKNOWN when the call does not write it."""
        found = self.arguments.get(parameter)
        if found is not None:
            return found
        presence = Presence.ABSENT if self.complete else Presence.UNKNOWN
        return Argument(parameter, presence, None, Value(), self.short)
