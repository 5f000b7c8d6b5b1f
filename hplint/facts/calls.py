"""Calls with known names, their arguments bound as Python binds them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import cast

from hplint.facts.syntax import Arg, Call, Constant, Expr
from hplint.facts.values import UNKNOWN, Origin, OriginKind, Possible, Value
from hplint.records import record, value_record
from hplint.signatures import DefaultKind, Signature


class Presence(Enum):
    """Whether a call gives an argument. A rule about absence speaks only on ``ABSENT``."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """``**cfg`` or ``*args`` of unknown content may bring it."""


@value_record
class Argument:
    """What a call gives for one parameter.

    ``node`` is the argument as written, None unless present; ``callee`` the short name of what is called. ``source``
    tells what it may be: the value itself, or what works it out when it is asked for. ``to`` is the argument of the
    library's callable that a function of the project hands it on to.
    """

    parameter: str
    presence: Presence
    node: Arg | None
    source: Value | Callable[[Expr], Value]
    callee: str
    to: Origin | None = None

    @property
    def value(self) -> Value:
        """What the argument may be; for an absent one the library's default."""
        if isinstance(self.source, Value):
            return self.source
        return UNKNOWN if self.node is None else self.source(self.node.value)


@record
class Parts:
    """What a call gives: the fields are described at :class:`BoundCall`."""

    arguments: dict[str, Argument]
    unexpected: tuple[Arg, ...] = ()
    surplus: tuple[Arg, ...] = ()
    complete: bool = True


class BoundCall:
    """A call of something whose qualified, canonical name is known (``torch.optim.Adam``).

    ``unexpected`` and ``surplus`` are empty when there is no signature. ``inherited``: it is ``super().__init__(...)``
    in a subclass, or ``Base.__init__(self, ...)``.

    ``subclass``: the project's class that is called, where ``name`` is the library's class that it inherits its
    constructor from. ``via``: the place of the real call, where ``node`` calls a function of the project that hands
    on some of its arguments; only these are known then, and the call is not complete.
    """

    __slots__ = ("_parts", "inherited", "name", "node", "signature", "subclass", "via")

    def __init__(
        self,
        name: str,
        node: Call,
        signature: Signature | None,
        parts: Parts | Callable[[], Parts],
        *,
        inherited: bool = False,
        subclass: str | None = None,
        via: Origin | None = None,
    ) -> None:
        """``parts``: what the call gives, or what works it out. Nobody asks most calls for it."""
        self.name = name
        self.node = node
        self.signature = signature
        self.inherited = inherited
        self.subclass = subclass
        self.via = via
        self._parts = parts

    @property
    def arguments(self) -> dict[str, Argument]:
        """By parameter, those that the call writes."""
        return self._given().arguments

    @property
    def unexpected(self) -> tuple[Arg, ...]:
        """Keyword arguments that the signature does not take."""
        return () if self.signature is None else self._given().unexpected

    @property
    def surplus(self) -> tuple[Arg, ...]:
        """Positional arguments too many."""
        return () if self.signature is None else self._given().surplus

    @property
    def complete(self) -> bool:
        """Whether there is no ``*`` or ``**`` of unknown content."""
        return self._given().complete

    def _given(self) -> Parts:
        if not isinstance(self._parts, Parts):
            self._parts = self._parts()
        return self._parts

    @property
    def short(self) -> str:
        """The last part of the name: ``Adam``."""
        return self.name.rpartition(".")[2]

    def argument(self, parameter: str) -> Argument:
        """The argument bound to ``parameter``; ABSENT or UNKNOWN when the call does not write it."""
        found = self.arguments.get(parameter)
        if found is not None:
            return found
        if not self.complete:
            return Argument(parameter, Presence.UNKNOWN, None, UNKNOWN, self.short)
        return Argument(parameter, Presence.ABSENT, None, self._default(parameter), self.short)

    def _default(self, parameter: str) -> Value:
        for known in () if self.signature is None else self.signature.parameters:
            if known.name == parameter and known.default.kind is DefaultKind.CONSTANT:
                origin = Origin(OriginKind.SIGNATURE, f"{self.short}({parameter}=…)", self.node.start, self.node.end)
                return Value((Possible(cast("Constant", known.default.value), origin),), closed=True)
        return UNKNOWN
