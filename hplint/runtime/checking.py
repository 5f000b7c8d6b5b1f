"""How a check is written.

A check is a class in a file of its own under ``hplint/runtime/checks/``. It says which rules it speaks for and has a
generator for each event that it wants (:mod:`hplint.runtime.events`); what it yields becomes findings::

    from hplint.runtime.checking import Check, Problem, on
    from hplint.runtime.events import Clip


    class ClipLimits(Check):
        rules = ("clip-max-norm-invalid",)

        @on(Clip)
        def limit(self, event: Clip) -> Iterator[Problem]:
            if event.limit <= 0:
                yield Problem("clip-max-norm-invalid", f"gradients are clipped to {event.limit}", event.place)

Nothing else is to be registered. There is one instance a session, so what it remembers is its own; it remembers
records and places, never the user's objects. ``self.world`` answers what is known of the program
(:class:`hplint.runtime.world.World`). A check reads and changes nothing: no gradient, mode, random number or attribute.
Handlers run without autograd. One that raises becomes an HP000 and its check is switched off; the program goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from hplint.model import Level
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record

if TYPE_CHECKING:
    from hplint.runtime.events import Event
    from hplint.runtime.world import World

    Happened = TypeVar("Happened", bound=Event)

Where = Place | Record[Any] | None
"""A place, or something that was built at one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check saw: a rule's name, what is said, where, and other places that belong to it.

    ``level`` (never above the rule's) and ``hyperparameter`` are the rule's own unless given.
    """

    rule: str
    message: str
    at: Where = None
    related: tuple[tuple[Where, str], ...] = ()
    level: Level | None = None
    hyperparameter: str | None = None


@dataclass(frozen=True, slots=True)
class Refuted:
    """A check has seen that what a rule may guess of a place, from the text alone, is not so.

    It counts where the text is judged beside the run, and as long as nothing is found there after all.
    """

    rule: str
    at: Place | None


Seen = Problem | Refuted


def place_of(where: Where) -> Place | None:
    """The place itself."""
    return where.place if isinstance(where, Record) else where


class Check:
    """Base of all checks."""

    rules: ClassVar[tuple[str, ...]]
    """Names of the rules that it speaks for; it is left out when none of them is on."""

    def __init__(self, world: World) -> None:
        self.world = world


def on(*events: type[Happened]) -> Callable[[Callable[[Any, Happened], Iterable[Seen]]], Any]:
    """Mark a method of a check as the handler of events."""

    def mark(method: Callable[[Any, Happened], Iterable[Seen]]) -> Any:
        method.handles = events  # type: ignore[attr-defined]
        return method

    return mark


Handler = Callable[[Any], Iterable[Seen]]


def handlers_of(check: Check) -> Iterator[tuple[type[Any], Handler]]:
    """The events that a check handles, and by which of its methods, in the order in which these are written."""
    names = dict.fromkeys(name for kind in reversed(type(check).__mro__) for name in vars(kind))
    for name in names:
        handled: tuple[type[Any], ...] = getattr(getattr(type(check), name), "handles", ())
        for event in handled:
            yield event, getattr(check, name)
