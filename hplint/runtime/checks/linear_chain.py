"""Linear layers directly after one another, read from the graph of the first loss."""

from __future__ import annotations

import re
from collections.abc import Iterator

from torch.nn import Linear, Module, Sequential

from hplint.runtime.calls import is_the_users, where_called
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import BackwardStarts
from hplint.runtime.graph import linear_pairs
from hplint.runtime.world import World

_LOOKS = 2
"""Graphs that are looked through."""
_MEANT = re.compile(
    r"lora|rank|bottle_?neck|factor|proj|emb|adapter|down|up$|probe|linear|backbone|encod|decod|feature", re.IGNORECASE
)
"""Names of layers and models that are linear on purpose, or stand for networks of their own."""


class LinearChain(Check):
    """Two layers of one owner with nothing but a view in between, the first of which nobody else uses.

    A narrow middle is a factorisation, and a layer without bias projects: both are meant.
    """

    rules = ("linear-linear-no-activation",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._looks = 0

    @on(BackwardStarts)
    def differentiates(self, event: BackwardStarts) -> Iterator[Problem]:
        if self._looks == _LOOKS:
            return
        self._looks += 1
        layers = {
            id(layer.weight): (owner, name, layer)
            for model in self.world.models()
            for owner in model.modules()
            for name, layer in owner.named_children()
            if type(layer) is Linear
        }
        pairs = linear_pairs(event.tensors) if len(layers) > 1 else ()
        told: set[int] = set()
        for first, second in sorted(pairs, key=lambda pair: -list(layers).index(pair[1]) if pair[1] in layers else 0):
            if first not in layers or second not in layers or first in told:
                continue
            owner, name, layer = layers[second]
            above, before, one = layers[first]
            if owner is not above or one is layer or not self._is_mistake(owner, (before, one), (name, layer)):
                continue
            told.add(second)
            yield Problem(
                "linear-linear-no-activation",
                f"`{name}` directly follows `{before}`, a linear layer too: without an activation in between the two "
                "compute what a single one does",
                where_called(self.world, owner, name, layer),
                ((self.world.modules.get(one), "the layer before it"),),
            )

    def _is_mistake(self, owner: Module, first: tuple[str, Linear], second: tuple[str, Linear]) -> bool:
        narrow, sizes = first[1].out_features, (first[1].in_features, second[1].out_features)
        named = (first[0], second[0], type(self.world.root_of(owner)).__name__, type(owner).__name__)
        if all(narrow < size for size in sizes) or any(map(_MEANT.search, named)):
            return False
        while isinstance(owner, Sequential):
            above = self.world.registered.get(owner)
            parent = above.parent() if above is not None else None
            if parent is None:
                return True
            owner = parent
        return is_the_users(self.world, type(owner))
