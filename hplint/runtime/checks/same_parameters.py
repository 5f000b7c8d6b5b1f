"""Two optimizers that step in turn on the very same parameters."""

from __future__ import annotations

from collections.abc import Iterator

from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import StepEnds, StepStarts
from hplint.runtime.recorder import Record
from hplint.runtime.world import World, parameters_of

_TURNS = 2
"""How often each must have followed the other: phases of training follow each other once."""


class SameParameters(Check):
    """Each is told of at the one that was built first. A wrapper, which steps another one inside its own step or has
    its groups, is none of two."""

    rules = ("same-params-two-groups-or-optimizers",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._running: list[Record[Optimizer]] = []
        self._wrapped: set[Record[Optimizer]] = set()
        self._last: Record[Optimizer] | None = None
        self._turns: dict[tuple[Record[Optimizer], Record[Optimizer]], int] = {}

    @on(StepStarts)
    def starts(self, event: StepStarts) -> Iterator[Problem]:
        if self._running:
            self._wrapped.add(event.record)
        self._running.append(event.record)
        yield from ()

    @on(StepEnds)
    def ends(self, event: StepEnds) -> Iterator[Problem]:
        self._running.clear()
        last, self._last = self._last, event.record
        if last is None or last is event.record or not self._wrapped.isdisjoint((last, event.record)):
            return
        turn = last, event.record
        self._turns[turn] = self._turns.get(turn, 0) + 1
        back = self._turns.get((event.record, last), 0)
        if min(self._turns[turn], back) != _TURNS or not _are_same(last.object, event.optimizer):
            return
        first, second = sorted(turn, key=lambda record: record.moment)
        message = (
            f"`{first.kind}` has the same parameters as the `{second.kind}` that steps in turn with it: both move the "
            "same weights in each round"
        )
        yield Problem("same-params-two-groups-or-optimizers", message, first, ((second, "the other one"),))


def _are_same(one: Optimizer | None, other: Optimizer) -> bool:
    if one is None or any(group is each for group in one.param_groups for each in other.param_groups):
        return False
    return {id(each) for each in parameters_of(one)} == {id(each) for each in parameters_of(other)}
