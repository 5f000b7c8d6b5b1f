"""One watch over a program: taps on torch below, checks above, and the events between them."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from hplint.runtime import events, taps
from hplint.runtime.checking import Check, Handler, Problem, Refuted, handlers_of, place_of
from hplint.runtime.overview import Overview
from hplint.runtime.patches import Patches
from hplint.runtime.places import Finder, Place
from hplint.runtime.progress import Progress
from hplint.runtime.recorder import Record, WeakIds
from hplint.runtime.unseen import uncompiled
from hplint.runtime.world import World

if TYPE_CHECKING:
    from hplint.model import Finding
    from hplint.settings import SettingsFinder

Happened = TypeVar("Happened", bound=events.Event)
Returned = TypeVar("Returned")


class Session:
    """Watches from :meth:`install` to :meth:`undo`; :meth:`finish` hears the checks a last time.

    Nothing that goes wrong in here reaches the program: a check that raises is switched off, a tap that raises is
    passed by, and both leave one HP000. Only what a front raises itself (``gate``, :meth:`listen`) gets through.
    """

    def __init__(self, checks: Iterable[type[Check]], *, own: Iterable[str] = ()) -> None:
        self.finder = Finder(own)
        self.world = World(self.finder)
        self.on = False
        """Whether the taps are heard. False in processes that were forked off, too."""
        self.gate: Callable[[Record[Any], int], bool] | None = None
        """Asked before a loader gives a batch, with how many it gave in this pass: whether the pass ends here."""
        self.begins: Place | None = None
        """Where the watch begins: the place of a problem with what is older than it."""
        self.surroundings: Callable[[], AbstractContextManager[Any]] = torch.no_grad
        """In what checks run."""
        self.refuted: set[Refuted] = set()
        """What the text may guess and the run has seen to be otherwise."""
        # What the taps keep between calls.
        self.depth = 0
        self.evaluating = False
        self.switching = 0
        self.clearing = 0
        self.constructing = 0
        self.scheduling = 0
        self.averaging = 0
        self.stepping: list[Record[Any]] = []
        self.iterators: WeakIds[Record[Any]] = WeakIds()

        self._problems: dict[tuple[object, ...], Problem] = {}
        self._patches = Patches()
        self._pending: list[Callable[[], None]] = []
        self._busy = False
        self._finished = False
        self._broken: set[object] = set()
        self._handlers: dict[type[events.Event], list[tuple[Check, Handler]]] = {}
        self._listeners: dict[type[events.Event], list[Callable[[Any], None]]] = {}
        for kind in (Progress, Overview, *checks):
            self.shielded(kind, self._add, kind)

    def _add(self, kind: type[Check]) -> None:
        check = kind(self.world)
        if isinstance(check, Progress):
            self.world.progress = check
        elif isinstance(check, Overview):
            self.world.overview = check
        for event, handler in handlers_of(check):
            self._handlers.setdefault(event, []).append((check, handler))

    # --- from start to end

    def install(self) -> None:
        """Tap torch, which must be imported."""
        for tap in taps.ALL:
            self.shielded(tap, tap.install, self, self._patches)
        self.on = True
        _silence_in_children(self)

    def undo(self) -> None:
        """Take the taps out. What is known stays."""
        self.on = False
        self._patches.undo()

    def finish(self, *, complete: bool = True) -> None:
        """Tell the checks that watching ends; a second time nothing happens."""
        if not self._finished:
            self.emit(events.Finish, None, complete=complete)
            self._finished = True

    def problems(self) -> list[Problem]:
        """What the checks have said."""
        return list(self._problems.values())

    def findings(self, finder: SettingsFinder | None = None) -> list[Finding]:
        """What was found, as the settings and the comments of the files have it."""
        from hplint.runtime.findings import written

        return written(map(self._placed, self._problems.values()), finder)

    def _placed(self, problem: Problem) -> Problem:
        if place_of(problem.at) is not None or problem.rule == "internal-error":
            return problem
        return replace(problem, at=self.begins)

    def report(self, *, color: bool = False, overview: bool = True) -> str:
        """What was built, and the findings with the lines that they point at, as text."""
        from hplint.runtime.findings import rendered

        steps = self.world.step
        found = rendered(self.findings(), f"{steps} step{'' if steps == 1 else 's'}", color=color)
        return self.overview(color=color) + found if overview else found

    def overview(self, *, color: bool = False, unicode: bool = True) -> str:
        """What was built and where, how data become steps, and the curves of learning rates."""
        from hplint.runtime.overview_text import render

        return self.shielded("what was built", lambda: render(self.world, color=color, unicode=unicode)) or ""

    # --- for fronts

    def listen(self, kind: type[Happened], listener: Callable[[Happened], None]) -> None:
        """Call a front's own function on an event, after the checks. What it raises reaches the program."""
        self._listeners.setdefault(kind, []).append(listener)

    # --- for taps

    @property
    def idle(self) -> bool:
        """Whether the taps are to let everything pass: nobody listens, or it is a check that calls torch.

        While torch traces code to compile it, too. That is asked first, so that nothing else here is traced.
        """
        return torch.compiler.is_compiling() or self._busy or not self.on

    def wants(self, kind: type[events.Event]) -> bool:
        """Whether an event has listeners."""
        return kind in self._handlers or kind in self._listeners

    def later(self, tell: Callable[[], None]) -> None:
        """Tell of a construction when it is complete: before the next event."""
        self._pending.append(tell)

    def settle(self) -> None:
        """Tell of the constructions that are complete by now."""
        while self._pending:
            self._pending.pop(0)()

    @uncompiled
    def emit(self, kind: type[events.Event], place: Place | None, **fields: Any) -> None:
        """Hand an event to the checks, then to the front."""
        if self._busy:
            return
        self.settle()
        handlers, listeners = self._handlers.get(kind), self._listeners.get(kind)
        if not handlers and not listeners:
            return
        event = kind(place=place, step=self.world.step, **fields)
        if handlers:
            self._hand_out(event, handlers)
        for listener in listeners or ():
            listener(event)

    def _hand_out(self, event: events.Event, handlers: list[tuple[Check, Handler]]) -> None:
        self._busy = True
        try:
            with self.surroundings():
                for check, handler in handlers:
                    if check not in self._broken:
                        self.shielded(check, self._collect, handler, event)
        finally:
            self._busy = False

    def _collect(self, handler: Handler, event: events.Event) -> None:
        for seen in handler(event):
            if isinstance(seen, Refuted):
                self.refuted.add(seen)
            else:
                self.add(seen)

    def add(self, problem: Problem) -> None:
        """Keep a problem; of several with the same rule and place the first one stays."""
        place = place_of(problem.at)
        key = (problem.rule, place) if place is not None else (problem.rule, problem.message)
        self._problems.setdefault(key, problem)

    @uncompiled
    def shielded(self, who: object, function: Callable[..., Returned], *args: Any) -> Returned | None:
        """Call something of ours; where it raises, that is a finding and ``who`` is broken."""
        try:
            return function(*args)
        except Exception as problem:
            self._fault(who, problem)
            return None

    def is_broken(self, who: object) -> bool:
        """Whether something of ours has raised before."""
        return who in self._broken

    def _fault(self, who: object, problem: Exception) -> None:
        self._broken.add(who)
        with suppress(Exception):
            from hplint.engine import described

            self.add(Problem("internal-error", f"{_described(who)} failed and was switched off: {described(problem)}"))


def _described(who: object) -> str:
    if isinstance(who, Check):
        return f"the runtime check `{type(who).__name__}`"
    if isinstance(who, type):
        return f"the runtime check `{who.__name__}`"
    return f"watching {who if isinstance(who, str) else getattr(who, '__name__', who)}"


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_registered = False


def _silence_in_children(session: Session) -> None:
    """Let a forked process, such as a loader's worker, go unwatched: only the parent reports."""
    global _registered
    _sessions.add(session)
    if not _registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_silence)
        _registered = True


def _silence() -> None:
    for session in _sessions:
        session.on = False
