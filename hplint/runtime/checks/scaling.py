"""Gradients of a scaled loss that are used as if they were not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.checks.clipping import MEASURES, limit_of
from hplint.runtime.events import BackwardEnds, BackwardStarts, Clip, ScaledStep, ScalerUpdate, StepStarts, Unscale
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.samples import gradients, readable
from hplint.runtime.world import World, parameters_of

_SAMPLE = 4
_FIRST = 20
"""Losses whose scale is looked at."""


class Scaling(Check):
    """Follows the gradients of each optimizer from a scaled backward to the step."""

    rules = ("amp-clip-without-unscale", "scaler-misuse")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._losses = 0
        self._scale = 1.0
        """By what the last backward was scaled."""
        self._scaled: dict[Record[Optimizer], tuple[float, Place | None]] = {}
        """Optimizers whose gradients are scaled now, by what and where."""
        self._clipped: dict[Record[Optimizer], Place | None] = {}
        """Those whose scaled gradients were clipped."""
        self._stepping: Record[Optimizer] | None = None
        """The optimizer that a scaler steps now."""

    @on(BackwardStarts)
    def before(self, event: BackwardStarts) -> Iterator[Problem]:
        self._stepping = None
        self._clipped.clear()
        self._losses += 1
        self._scale = self._scale_of(event.tensors) if self._losses <= _FIRST else 1.0
        yield from ()

    @on(BackwardEnds)
    def computed(self, event: BackwardEnds) -> Iterator[Problem]:
        for record, optimizer in self.world.optimizers.alive() if len(self.world.scalers) else ():
            if not gradients(islice(parameters_of(optimizer), _SAMPLE)):
                self._scaled.pop(record, None)
            elif self._scale > 1:
                self._scaled[record] = self._scale, event.place
            else:
                self._scaled.pop(record, None)
        yield from ()

    def _scale_of(self, tensors: tuple[Tensor, ...]) -> float:
        """What a loss was multiplied by: the very number of an enabled scaler."""
        if len(tensors) != 1 or tensors[0].grad_fn is None or tensors[0].grad_fn.name() != "MulBackward0":
            return 1.0
        node: Any = tensors[0].grad_fn
        for _, scaler in self.world.scalers.alive():
            scale = getattr(scaler, "_scale", None)
            if not scaler.is_enabled() or not readable(scale):
                continue
            for factor in (node._saved_other, node._saved_self):
                if readable(factor) and factor.numel() == 1 and float(factor) == float(scale) != 1:
                    return float(scale)
        return 1.0

    @on(Unscale)
    def unscaled(self, event: Unscale) -> Iterator[Problem]:
        if event.record is not None:
            self._scaled.pop(event.record, None)
        yield from ()

    @on(Clip)
    def clipped(self, event: Clip) -> Iterator[Problem]:
        limit = limit_of(event)
        numbers = {id(each) for each in event.parameters} if self._scaled else set()
        for record, (scale, _) in self._scaled.items():
            optimizer = record.object
            if limit is None or limit >= min(MEASURES, scale / 100) or optimizer is None:
                continue
            held = list(islice((each for each in parameters_of(optimizer) if each.grad is not None), _SAMPLE))
            if held and all(id(each) in numbers for each in held):
                self._clipped.setdefault(record, event.place)
        yield from ()

    @on(ScaledStep)
    def scaled_step(self, event: ScaledStep) -> Iterator[Problem]:
        self._stepping = event.record
        if event.record in self._clipped and event.record in self._scaled and event.record is not None:
            scale, _ = self._scaled[event.record]
            yield Problem(
                "amp-clip-without-unscale",
                f"gradients are clipped that are still multiplied by the loss scale, {scale:g}: the update shrinks "
                "by as much",
                self._clipped.pop(event.record),
                ((event.place, "they are unscaled only here"),),
            )
        if event.record is not None:
            self._scaled.pop(event.record, None)

    @on(ScalerUpdate)
    def updated(self, event: ScalerUpdate) -> Iterator[Problem]:
        self._stepping = None
        yield from ()

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Problem]:
        found = self._scaled.pop(event.record, None)
        if found is None or event.closure or event.record is self._stepping:
            return
        scale, place = found
        if not event.optimizer.__dict__.get("grad_scale"):
            yield Problem(
                "scaler-misuse",
                f"`{event.record.kind}` steps by gradients that are still multiplied by the loss scale, {scale:g}",
                event.place,
                ((place, "its gradients are scaled here"),),
            )
