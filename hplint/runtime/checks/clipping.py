"""Gradients that are clipped at the wrong moment, to nothing, or elsewhere than they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from torch.optim import Optimizer

from hplint.runtime.calls import argument
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import BackwardEnds, BackwardStarts, Clip, Finish, StepEnds, StepStarts, ZeroGrad
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.samples import any_set, gradients
from hplint.runtime.world import World, parameters_of

MEASURES = 1e4
"""A limit from which on only the norm is wanted that is returned."""
_TIMES = 2
"""How often something must be so before it is said."""
_SAMPLE = 4


def limit_of(event: Clip) -> float | None:
    """The limit as a number."""
    limit = event.limit
    if isinstance(limit, torch.Tensor):
        return float(limit) if limit.numel() == 1 else None
    return float(limit) if isinstance(limit, (int, float)) else None


def has_gradients(parameters: Iterable[Tensor]) -> bool:
    """Whether some of the first gradients are not all 0."""
    return any_set(islice((each.grad for each in parameters if each.grad is not None), _SAMPLE))


class ClipLimits(Check):
    """A limit of 0 or less, or none at all."""

    rules = ("clip-max-norm-invalid",)

    @on(Clip)
    def limit(self, event: Clip) -> Iterator[Problem]:
        limit = limit_of(event)
        if limit is None or limit > 0 or not gradients(event.parameters):
            return
        if math.isnan(limit):
            harm = "every one becomes NaN"
        elif limit == 0:
            harm = "every one becomes 0, and the weights stand still"
        else:
            harm = "every one changes its sign, and each step climbs the loss"
        message = f"gradients are clipped to a {event.by} of {limit:g}: {harm}"
        where = argument(event.place, 1, "max_norm" if event.by == "norm" else "clip_value")
        yield Problem("clip-max-norm-invalid", message, where or event.place)


@dataclass(slots=True)
class _Early:
    """A clipping that found no gradients."""

    place: Place | None
    parameters: frozenset[int]
    backward: Place | None = None


@dataclass(slots=True)
class _Calls:
    """What became of the clippings at one place."""

    all: int = 0
    useful: int = 0
    early: int = 0
    elsewhere: int = 0
    backward: Place | None = None
    step: Place | None = None


class ClipOrder(Check):
    """Clipping before backward, after the step, or of parameters that never have a gradient."""

    rules = ("clip-before-backward", "clip-after-step", "clip-without-gradients")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._calls: dict[Place | None, _Calls] = {}
        self._early: list[_Early] = []
        self._used: dict[Record[Optimizer], Place | None] = {}
        """Optimizers that have stepped since the last backward, and where."""
        self._late: dict[Record[Optimizer], tuple[Place | None, Place | None]] = {}
        """Those whose gradients were clipped after that: where, and where the step was."""

    @on(Clip)
    def clipped(self, event: Clip) -> Iterator[Problem]:
        calls = self._calls.setdefault(event.place, _Calls())
        calls.all += 1
        numbers = frozenset(map(id, event.parameters))
        self._early = [each for each in self._early if not each.parameters & numbers]
        if not (bool(gradients(event.parameters)) if calls.useful else has_gradients(event.parameters)):
            self._early.append(_Early(event.place, numbers))
            return
        calls.useful += 1
        limit = limit_of(event)
        if limit is None or limit >= MEASURES:
            return
        for record, step in self._used.items():
            optimizer = record.object
            if optimizer is not None and all(id(each) in numbers for each in _sample(optimizer)):
                self._late[record] = event.place, step
        yield from ()

    @on(BackwardStarts)
    def again(self, event: BackwardStarts) -> Iterator[Problem]:
        for record in tuple(self._late):
            optimizer = record.object
            if optimizer is not None and not gradients(parameters_of(optimizer)):
                yield from self._too_late(record)
        self._late.clear()
        self._used.clear()

    @on(BackwardEnds)
    def computed(self, event: BackwardEnds) -> Iterator[Problem]:
        for each in self._early:
            each.backward = each.backward or event.place
        yield from ()

    @on(ZeroGrad)
    def cleared(self, event: ZeroGrad) -> Iterator[Problem]:
        for record in tuple(self._late):
            optimizer = record.object
            mine = event.record is record or (
                optimizer is not None
                and not isinstance(event.owner, Optimizer)
                and {id(each) for each in _sample(optimizer)} <= {id(each) for each in event.owner.parameters()}
            )
            if mine:
                yield from self._too_late(record)

    def _too_late(self, record: Record[Optimizer]) -> Iterator[Problem]:
        place, step = self._late.pop(record)
        message = f"gradients are clipped after `{record.kind}` has stepped, and cleared: the clipping has no effect"
        yield Problem("clip-after-step", message, place, ((step, "they are used here"),))

    @on(StepStarts)
    def uses(self, event: StepStarts) -> Iterator[Problem]:
        self._late.pop(event.record, None)
        held = {id(each) for each in parameters_of(event.optimizer)}
        if event.closure or not self._early or not has_gradients(parameters_of(event.optimizer)):
            return
        for each in tuple(self._early):
            calls = self._calls[each.place]
            overlaps = not held.isdisjoint(each.parameters)
            if overlaps and each.backward is not None:
                calls.early += 1
                calls.backward, calls.step = each.backward, event.place
                self._early.remove(each)
            elif not overlaps and each.backward is None:
                calls.elsewhere += 1
                calls.step = event.place
                self._early.remove(each)
        yield from ()

    @on(StepEnds)
    def used(self, event: StepEnds) -> Iterator[Problem]:
        if not event.closure:
            self._used[event.record] = event.place
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for place, calls in self._calls.items():
            if calls.useful:
                continue
            if calls.early >= _TIMES:
                message = "gradients are clipped before `backward` computes them: the step uses them unclipped"
                related = ((calls.backward, "computed here"), (calls.step, "used here"))
                yield Problem("clip-before-backward", message, place, related)
            elif calls.elsewhere >= _TIMES and calls.elsewhere == calls.all:
                message = (
                    "none of the parameters that are clipped ever has a gradient, and the optimizer that steps holds "
                    "others: its gradients are not clipped"
                )
                yield Problem("clip-without-gradients", message, place, ((calls.step, "the step"),))


def _sample(optimizer: Optimizer) -> list[Tensor]:
    return [each for each in islice(parameters_of(optimizer), _SAMPLE) if each.requires_grad]
