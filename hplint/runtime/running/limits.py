"""What makes a run short: a pass over a loader ends early, and the program after some optimizer steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hplint.runtime import events
from hplint.runtime.recorder import Record
from hplint.runtime.running.ends import BATCHES, DryRunEnds

if TYPE_CHECKING:
    from hplint.runtime.session import Session

PATIENCE = 512
"""Batches that it gives at most where gradients are accumulated and no step has been made yet."""


class Limits:
    """Watches a session and cuts its program short."""

    def __init__(self, session: Session, steps: int) -> None:
        self._world = session.world
        self._steps = steps
        self._starts: dict[Record[Any], tuple[int, int]] = {}
        session.gate = self._ends_pass
        session.listen(events.PassStarts, self._pass_starts)
        for event in (events.StepStarts, events.BackwardStarts, events.Forward):
            session.listen(event, self._ask)

    @property
    def reached(self) -> bool:
        """Whether the optimizers have made their steps. Compiled steps are not seen, but backward passes are."""
        world = self._world
        return world.step >= self._steps or (not world.step and world.backwards >= PATIENCE)

    def _ask(self, event: object) -> None:
        # Not right after the last step: what follows it, such as the step of a scheduler, belongs to it.
        if self.reached:
            raise DryRunEnds

    def _pass_starts(self, event: events.PassStarts) -> None:
        self._ask(event)
        self._starts[event.record] = (self._world.backwards, self._world.step)

    def _ends_pass(self, record: Record[Any], given: int) -> bool:
        self._ask(None)
        if given < BATCHES:
            return False
        backwards, step = self._starts.get(record, (0, 0))
        accumulating = self._world.backwards > backwards and self._world.step == step
        return not accumulating or given >= PATIENCE


class Window:
    """Lets a program run as it is, and stops watching after enough steps: from then on it costs nothing."""

    def __init__(self, session: Session, steps: int) -> None:
        self._session = session
        self._steps = steps
        session.gate = self._before_batch
        for event in (events.BackwardStarts, events.Forward, events.PassStarts):  # Not in a hook of torch's.
            session.listen(event, self._ask)

    def _before_batch(self, record: Record[Any], given: int) -> bool:
        self._ask(None)
        return False

    def _ask(self, event: object) -> None:
        if self._session.on and self._session.world.step >= self._steps:
            self._session.finish(complete=False)
            self._session.undo()
