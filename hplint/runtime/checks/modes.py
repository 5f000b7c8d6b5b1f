"""Training that goes on in evaluation mode."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from torch.nn import Module, MultiheadAttention, RNNBase
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, Refuted, Seen, on
from hplint.runtime.events import ModeSet, StepStarts
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.world import World, parameters_of


class LeftInEvaluation(Check):
    """Layers that were in training mode at one step and are not at a later one, as a whole model was switched.

    One that never was in training mode may be meant, and so are single layers that are switched (frozen statistics).
    """

    rules = ("train-mode-not-restored",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._layers: dict[Record[Optimizer], list[weakref.ref[Module]]] = {}
        self._trained: set[Record[Optimizer]] = set()
        self._said: set[Record[Optimizer]] = set()
        self._switched: tuple[Place | None, frozenset[int]] | None = None
        """Where a model was last switched to evaluation, and its layers that know modes."""

    @on(ModeSet)
    def switched(self, event: ModeSet) -> Iterator[Problem]:
        layers = frozenset(id(part) for part in event.module.modules() if knows_modes(part))
        if not event.training and layers and id(event.module) not in layers:
            self._switched = (event.place, layers)
        yield from ()

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Seen]:
        record = event.record
        layers = [layer for ref in self._layers_of(record, event.optimizer) if (layer := ref()) is not None]
        if not layers or record in self._said:
            return
        if any(layer.training for layer in layers):
            self._trained.add(record)
            if self._switched is not None:
                yield Refuted("train-mode-not-restored", self._switched[0])
        elif record in self._trained and self._switched is not None:
            place, switched = self._switched
            if all(id(layer) in switched for layer in layers):
                self._said.add(record)
                yield Problem(
                    "train-mode-not-restored",
                    "the model stays in evaluation mode: from here on it is trained without dropout and with frozen "
                    "statistics",
                    place,
                    ((event.place, "trained here, and not switched back before"),),
                )

    def _layers_of(self, record: Record[Optimizer], optimizer: Optimizer) -> list[weakref.ref[Module]]:
        """The layers that know modes of the models that an optimizer trains."""
        found = self._layers.get(record)
        if found is None:
            held = {id(parameter) for parameter in parameters_of(optimizer)}
            found = self._layers[record] = [
                weakref.ref(layer)
                for model in self.world.models()
                if any(id(parameter) in held for parameter in model.parameters())
                for layer in model.modules()
                if knows_modes(layer)
            ]
        return found


def knows_modes(module: Module) -> bool:
    """Whether training and evaluation differ for a layer of torch."""
    if isinstance(module, _DropoutNd):
        return module.p > 0
    if isinstance(module, _BatchNorm):
        return bool(module.track_running_stats)
    if isinstance(module, (RNNBase, MultiheadAttention)):
        return module.dropout > 0
    return False
