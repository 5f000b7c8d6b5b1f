"""A last layer that was never trained and is not going to be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor
from torch.nn import Linear, Module

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Loss, StepEnds
from hplint.runtime.graph import VIEWS, before, operation
from hplint.runtime.places import Place
from hplint.runtime.samples import readable
from hplint.runtime.world import World, parameters_of

_STEP = 5
"""When the loss is looked at: whoever freezes a part in turns has trained it by then."""
_VALUES = 64
"""Weights from which on their spread tells how they were made."""
_WRITES = 1
"""How often the default initialisation writes to a weight; loading and training write once more."""


class FrozenHead(Check):
    """The layer whose output a loss is given is frozen, as torch made it, while others of its model train."""

    rules = ("head-frozen",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._trained: set[int] = set()
        """Parameters with gradients at a step."""
        self._seen: set[Place | None] = set()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        if event.record.steps == 1:
            self._trained.update(id(each) for each in parameters_of(event.optimizer) if each.grad is not None)
        yield from ()

    @on(Loss)
    def computed(self, event: Loss) -> Iterator[Problem]:
        if event.step < _STEP or event.place in self._seen or not event.input.requires_grad:
            return
        self._seen.add(event.place)
        weight = _frozen_weight(event.input)
        found = None if weight is None else self._layer(weight)
        if found is not None:
            model, name, layer = found
            message = (
                f"the last layer `{name}` is frozen as it was made, and other parts of `{type(model).__name__}` train: "
                f"its {layer.out_features} outputs stay a random mixture of what is before it"
            )
            related = ((event.place, "the loss of its output"),)
            yield Problem("head-frozen", message, self.world.place_of(layer), related)

    def _layer(self, weight: Tensor) -> tuple[Module, str, Linear] | None:
        for model in self.world.models():
            if self._trained.isdisjoint(map(id, model.parameters())):
                continue
            for name, layer in model.named_modules():
                if type(layer) is Linear and layer.weight.data_ptr() == weight.data_ptr() and _as_made(layer):
                    return model, name, layer
        return None


def _frozen_weight(scores: Tensor) -> Tensor | None:
    """The weight, turned, of the linear layer that scores come from, if that takes no gradients."""
    node = before(scores.grad_fn, VIEWS)
    if node is None or operation(node) not in ("Addmm", "Mm"):
        return None
    given = [each for each, _ in node.next_functions]
    source = given.pop(1 if len(given) == 3 else 0)
    weight = getattr(node, "_saved_mat2", None)
    if source is None or any(each is not None for each in given) or not readable(weight):
        return None
    return weight


def _as_made(layer: Linear) -> bool:
    """Whether a layer has the numbers that torch gives to a new one, and nobody has written others."""
    own = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
    if any(each.requires_grad or each._version != _WRITES for each in own) or layer.weight.numel() < _VALUES:
        return False
    bound = 1 / math.sqrt(layer.in_features)
    values = layer.weight.detach().float()
    spread = float(values.std()) * math.sqrt(3) / bound
    return all(float(each.detach().abs().max()) <= bound * 1.001 for each in own) and 0.85 < spread < 1.15
