"""Ways: the expressions that another one takes its value from, one step at a time, and what holds such values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from hplint.facts.syntax import Expr
from hplint.facts.values import OriginKind
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

MOST = 32
"""Ways into one expression before it counts as unknown."""


@value_record
class Way:
    """One expression that another may take its value from.

    ``kind`` and ``label`` are what a literal found there is known as from here on. ``owner`` evaluates the file that
    the expression stands in. ``path``: the indices that unpack it. ``called``: not it, but what a call of it gives.
    ``convert``: the qualified name of what argparse makes of a string. ``not_none``: None does not come this way.
    ``replaced``: where the defaults are written that do not come this way, as a call gives their parameters.
    """

    expr: Expr
    kind: OriginKind
    label: str
    owner: Evaluator
    path: tuple[int, ...] = ()
    called: bool = False
    convert: str = ""
    not_none: bool = False
    replaced: tuple[int, ...] = ()


@value_record
class Ways:
    """Every way into an expression; ``closed``: there is no other.

    ``sure``: each may really happen. The bindings that may reach a name are no such ways: code that is not understood
    may always come after them. ``why``: what is not known, a plain clause, where there may be other ways.
    """

    every: tuple[Way, ...] = ()
    closed: bool = False
    why: str = ""
    sure: bool = True


def unknown(why: str) -> Ways:
    """No way is known, for this reason."""
    return Ways((), False, why)


def one(way: Way, *, why: str = "") -> Ways:
    """The one way there is; another may exist where a reason is given."""
    return Ways((way,), not why, why)


def either(parts: Iterable[Ways]) -> Ways:
    """All the ways of several ones."""
    found = tuple(parts)
    if len(found) == 1 and found[0].sure and len(found[0].every) <= MOST:
        return found[0]
    every = tuple(way for part in found for way in part.every)
    if len(every) > MOST:
        return unknown("there are too many possibilities")
    why = next((part.why for part in found if part.why), "")
    return Ways(every, bool(found) and all(part.closed for part in found), why)


class Holder(Protocol):
    """An object with named values: the result of ``parse_args()``, an instance of a config class, a dictionary.

    ``home`` evaluates the file that made it, in the scope ``frame``.
    """

    @property
    def home(self) -> Evaluator: ...
    @property
    def frame(self) -> int: ...

    def entry(self, name: str) -> Ways:
        """Where the attribute or item ``name`` takes its value from when the object is made."""

    def may_be(self, other: Holder) -> bool:
        """Whether both may stand for the same object, so that a change of one is seen in the other."""


@value_record
class Held:
    """The objects that an expression may be; ``closed``: it is one of them."""

    every: tuple[Holder, ...] = ()
    closed: bool = False


NOTHING = Held()
