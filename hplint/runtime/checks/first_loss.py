"""The first cross-entropy of a model, against that of equal scores for all classes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Forward, Loss
from hplint.runtime.places import Place
from hplint.runtime.samples import number, readable
from hplint.runtime.world import World

_TIMES = 4.0
_ABOVE = 5.0
"""A first loss this many times, and this far, above that of equal scores is none of a usual start."""
_LARGE = 20.0
"""Inputs above this are not normalised."""


class FirstLoss(Check):
    """Looks at the first loss at each place, before any step."""

    rules = ("first-loss-far-above-chance",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._input: tuple[str, float] | None = None
        """The model that ran last, and the largest number that it was given."""
        self._seen: set[Place | None] = set()

    @on(Forward)
    def ran(self, event: Forward) -> Iterator[Problem]:
        if event.step == 0 and event.grad_enabled and event.args and not self._seen:
            given = event.args[0]
            numbers = isinstance(given, Tensor) and given.is_floating_point() and given.numel() and readable(given)
            self._input = (type(event.module).__name__, float(given.detach().abs().max())) if numbers else None
        yield from ()

    @on(Loss)
    def computed(self, event: Loss) -> Iterator[Problem]:
        if event.step or event.name != "cross_entropy" or event.place in self._seen:
            return
        if not readable(event.output) or not event.output.requires_grad:
            return
        self._seen.add(event.place)
        options = event.options
        plain = options.get("weight") is None and options.get("reduction", "mean") == "mean"
        if not plain or event.input.dim() < 2 or event.target.is_floating_point():
            return
        value, classes = number(event.output), event.input.shape[1]
        chance = math.log(classes) if classes > 1 else 0.0
        if value is None or not math.isfinite(value) or not chance or value < max(_TIMES * chance, chance + _ABOVE):
            return
        message = (
            f"the first loss is {value:.3g}, and equal scores for all {classes} classes would give {chance:.3g} "
            f"(ln {classes}): {self._cause(event.input)}"
        )
        yield Problem("first-loss-far-above-chance", message, event.place)

    def _cause(self, scores: Tensor) -> str:
        if self._input is not None and self._input[1] > _LARGE:
            kind, largest = self._input
            return f"`{kind}` is given numbers up to {largest:.4g}, which look as if they were not normalised"
        return f"the scores go up to {float(scores.detach().abs().max()):.3g} before anything is learned"
