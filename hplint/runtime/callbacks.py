"""What the callbacks for frameworks share: a watch over a training, and its report on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hplint.model import Finding

if TYPE_CHECKING:
    from hplint.runtime.session import Session

STEPS = 100
"""Optimizer steps after which a callback reports, unless it is told another number."""


class Training:
    """A watch that a framework's hooks begin and end.

    Raises:
        ValueError: ``steps`` is below 1.
    """

    def __init__(self, steps: int | None) -> None:
        if steps is not None and steps < 1:
            raise ValueError(f"`steps` is the number of optimizer steps to watch, or None for all, not {steps}")
        self._steps = steps
        self._session: Session | None = None
        self.findings: list[Finding] = []
        """What was found, once it is reported."""

    def begin(self) -> None:
        """Watch from here on, unless that goes on already."""
        if self._session is None:
            from hplint.runtime.checks import all_checks
            from hplint.runtime.session import Session

            self._session = Session(all_checks())
            self._session.begins = self._session.finder.here()
            self._session.install()

    def plan(self, scheduler: object, unit: str, *, steps: int, epochs: int, certain: bool = True) -> None:
        """Tell in which ``unit``, "step" or "epoch", the framework steps a scheduler.

        ``steps`` and ``epochs`` are those of the whole training; it may end earlier where that is not ``certain``.
        """
        if self._session is not None and steps > 0 and epochs > 0:
            from hplint.runtime.progress import Horizon

            most = steps if unit == "step" else epochs
            horizon = Horizon(most * certain, most, unit, -(-steps // epochs), epochs)
            self._session.world.progress.planned[scheduler] = horizon

    def batch_done(self) -> None:
        """Report if there were enough steps."""
        if self._session is not None and self._steps is not None and self._session.world.step >= self._steps:
            self.end(complete=False)

    def end(self, *, complete: bool) -> None:
        """Stop watching, and report."""
        session, self._session = self._session, None
        if session is not None:
            session.finish(complete=complete)
            session.undo()
            self.findings = session.findings()
            begin = "hplint has watched this training:\n" if self.findings else "hplint: "
            print(f"{begin}{session.report(overview=False)}", end="", file=sys.stderr, flush=True)
