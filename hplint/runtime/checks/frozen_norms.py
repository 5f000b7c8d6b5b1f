"""Batch norms of a frozen network whose statistics go on moving."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import StepStarts
from hplint.runtime.samples import readable, sample
from hplint.runtime.world import World, parameters_of

_STEPS = 4


class FrozenStatistics(Check):
    """Frozen batch norms among other frozen layers of a model that is trained, whose means have moved in some steps."""

    rules = ("frozen-bn-still-updates",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._means: dict[int, tuple[weakref.ref[_BatchNorm], Tensor]] = {}

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Problem]:
        first = event.record.steps == 0
        if not first and (event.record.steps != _STEPS or not self._means):
            return
        held = {id(each) for each in parameters_of(event.optimizer) if each.requires_grad}
        for model in self.world.models():
            if all(each.requires_grad for each in model.parameters()):
                continue
            norms = _frozen_norms(model)
            if norms and not held.isdisjoint(map(id, model.parameters())):
                if first:
                    self._remember(norms)
                else:
                    yield from self._judge(model, norms)

    def _remember(self, norms: dict[str, _BatchNorm]) -> None:
        for norm in norms.values():
            mean = norm.running_mean
            if mean is not None and readable(mean):
                self._means.setdefault(id(norm), (weakref.ref(norm), sample(mean).clone()))

    def _judge(self, model: Module, norms: dict[str, _BatchNorm]) -> Iterator[Problem]:
        moved = [name for name, norm in norms.items() if self._has_moved(norm)]
        if moved:
            more = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
            message = (
                f"the parameters of `{moved[0]}`{more} are frozen as the layers around are, and the running statistics "
                f"have moved in {_STEPS} steps: batch norms of `{type(model).__name__}` are in training mode"
            )
            yield Problem("frozen-bn-still-updates", message, self.world.place_of(norms[moved[0]]))

    def _has_moved(self, norm: _BatchNorm) -> bool:
        ref, before = self._means.get(id(norm), (None, None))
        if ref is None or before is None or ref() is not norm or not norm.training or norm.running_mean is None:
            return False
        now = sample(norm.running_mean)
        return now.shape == before.shape and now.device == before.device and not torch.equal(now, before)


def _frozen_norms(model: Module) -> dict[str, _BatchNorm]:
    """Frozen batch norms by name; none in a model that freezes its norms alone."""
    norms: dict[str, _BatchNorm] = {}
    others = False
    for name, part in model.named_modules():
        own = list(part.parameters(recurse=False))
        if not own or any(each.requires_grad or is_lazy(each) for each in own):
            continue
        if isinstance(part, _BatchNorm):
            norms[name] = part
        else:
            others = True
    return norms if others else {}
