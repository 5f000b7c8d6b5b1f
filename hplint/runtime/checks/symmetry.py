"""Layers whose units are all alike, and stay so."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import Linear, Module
from torch.nn.modules.conv import _ConvNd
from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, Where, on
from hplint.runtime.events import StepStarts
from hplint.runtime.samples import any_set, readable
from hplint.runtime.world import parameters_of

_STEPS = 3
"""Steps after which units that were to part have parted: those of a last layer that starts at 0 do at the first."""


class AlikeUnits(Check):
    """All rows of a weight are equal after some steps with gradients: one unit, many times."""

    rules = ("constant-init",)

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Problem]:
        if event.record.steps != _STEPS or event.closure:
            return
        held = {id(parameter) for parameter in parameters_of(event.optimizer)}
        for model in self.world.models():
            for name, layer in model.named_modules():
                if isinstance(layer, (Linear, _ConvNd)) and id(layer.weight) in held and _is_alike(layer):
                    yield self._problem(name, layer, event.optimizer)

    def _problem(self, name: str, layer: Module, optimizer: Optimizer) -> Problem:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        where: Where = self.world.filled.get(weight) or self.world.modules.get(layer)
        message = (
            f"all {len(weight)} units of `{name or type(layer).__name__}` are still the same after {_STEPS} steps: "
            "they started at equal numbers, get equal gradients, and count as one unit"
        )
        return Problem("constant-init", message, where)


def _is_alike(layer: Linear | _ConvNd) -> bool:
    weight = layer.weight
    units = layer.transposed if isinstance(layer, _ConvNd) else False
    if units or len(weight) < 2 or weight.grad is None or weight.grad.is_sparse or not readable(weight):
        return False
    if not torch.equal(weight[0], weight[-1]) or not any_set([weight.grad]):
        return False
    return all(bool((each == each[:1]).all()) for each in (weight, weight.grad))
