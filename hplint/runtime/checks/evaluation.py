"""Models that are evaluated with layers at work that are for training only."""

from __future__ import annotations

from collections.abc import Iterator

from hplint.model import Level
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.checks.modes import knows_modes
from hplint.runtime.events import AlwaysDrops, Forward, ModeSet
from hplint.runtime.recorder import WeakIds
from hplint.runtime.world import World


class DropsInEvaluation(Check):
    """``F.dropout`` without ``training`` while the model is in evaluation mode. Stated, it is meant."""

    rules = ("functional-dropout-always-on",)

    @on(AlwaysDrops)
    def drops(self, event: AlwaysDrops) -> Iterator[Problem]:
        if isinstance(event.rate, (int, float)) and event.rate > 0:
            message = (
                f"`{event.name}` drops {event.rate:.0%} of the values, and the model is in evaluation mode: without "
                "`training` it always does"
            )
            yield Problem("functional-dropout-always-on", message, event.place)


class PartsLeftInTraining(Check):
    """A model in evaluation mode none of whose parts is: somebody has set its ``training`` alone.

    Where some parts are switched, or one was put into training mode by itself, it is meant (Monte Carlo dropout).
    """

    rules = ("eval-mode-missing",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._trained: WeakIds[bool] = WeakIds()
        """Modules that were put into training mode by a call on themselves."""

    @on(ModeSet)
    def switched(self, event: ModeSet) -> Iterator[Problem]:
        if event.training:
            self._trained[event.module] = True
        yield from ()

    @on(Forward)
    def ran(self, event: Forward) -> Iterator[Problem]:
        if event.training or event.grad_enabled:
            return
        parts = [part for part in event.module.modules() if part is not event.module]
        at_work = next((part for part in parts if part.training and knows_modes(part)), None)
        if at_work is None or not all(part.training for part in parts) or all(map(knows_modes, parts)):
            return
        if any(part in self._trained for part in parts):
            return
        message = (
            f"`{type(event.module).__name__}` is evaluated with all of its parts in training mode: `training` was set "
            f"on it alone, while `eval()` reaches each part, and `{type(at_work).__name__}` is at work in its scores"
        )
        yield Problem("eval-mode-missing", message, event.place, level=Level.WARNING)
