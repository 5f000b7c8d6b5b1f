"""Optimizers that step and never have a gradient: no backward, a loss without its graph, a loss of another model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from hplint.model import Level
from hplint.runtime.calls import calls_in
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import BackwardEnds, Finish, Loss, StepEnds, StepStarts
from hplint.runtime.graph import leaves
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.samples import Snapshot, gradients
from hplint.runtime.world import World, parameters_of

_STEPS = 3
"""Steps without a gradient after which it is certain."""
_WALKS = 3
"""Graphs that are looked through."""
_CUTS = ("tensor", "as_tensor", "Variable", "requires_grad_", "Tensor", "FloatTensor")
"""What makes a tensor that is to be differentiated and depends on nothing."""


@dataclass(slots=True)
class _Idle:
    """An optimizer that has had no gradient yet."""

    snapshot: Snapshot
    place: Place | None = None
    steps: int = 0
    ran: bool = False
    """Whether a model that holds one of its parameters has run: else its turn may come later."""


class NoGradients(Check):
    """Follows each optimizer until it has a gradient, which most have at the first backward."""

    rules = ("backward-missing", "graph-cut-before-backward", "optimizer-without-gradients")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._idle: dict[Record[Optimizer], _Idle] = {}
        self._served: set[Record[Optimizer]] = set()
        """Optimizers that have had a gradient, or do not need one."""
        self._walks = 0
        self._backward: Place | None = None
        self._cut = False
        """Whether the last graph that was looked at holds no parameter."""
        self._foreign = False
        """Whether some graph holds parameters that are in no optimizer, which is another rule's."""
        self._loss: Place | None = None

    @on(Loss)
    def computed(self, event: Loss) -> Iterator[Problem]:
        if isinstance(event.output, Tensor) and event.output.requires_grad:
            self._loss = event.place
        yield from ()

    @on(BackwardEnds)
    def differentiated(self, event: BackwardEnds) -> Iterator[Problem]:
        self._backward = event.place
        left = False
        for record, optimizer in self.world.optimizers.alive():
            if record not in self._served:
                if gradients(parameters_of(optimizer)):
                    self._serve(record)
                else:
                    left = True
        if left and self._walks < _WALKS:
            self._walks += 1
            found = leaves(event.tensors)
            held = self.world.held()
            named = self.world.parameters()
            self._cut = found is not None and not any(
                isinstance(each, Parameter) or number in held or number in named for number, each in found.items()
            )
            reached = () if found is None else found
            self._foreign |= found is None or any(number not in held and number in named for number in reached)
        yield from ()

    def _serve(self, record: Record[Optimizer]) -> None:
        self._served.add(record)
        self._idle.pop(record, None)

    @on(StepStarts)
    def starts(self, event: StepStarts) -> Iterator[Problem]:
        if event.record in self._served:
            return
        if event.closure or gradients(parameters_of(event.optimizer)):
            self._serve(event.record)
        elif event.record not in self._idle:
            self._idle[event.record] = _Idle(Snapshot(parameters_of(event.optimizer)))
        yield from ()

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        idle = self._idle.get(event.record)
        if idle is None:
            return
        idle.steps += 1
        idle.place = idle.place or event.place
        if idle.steps <= _STEPS and idle.snapshot.changed():  # It needs no gradients.
            self._serve(event.record)
        elif idle.steps == _STEPS:
            named = self.world.parameters()
            idle.ran = any(id(each) in named for each in parameters_of(event.optimizer))
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, idle in self._idle.items():
            if idle.steps >= _STEPS:
                yield from self._judged(record, idle, certain=idle.ran or event.complete)

    def _judged(self, record: Record[Optimizer], idle: _Idle, *, certain: bool) -> Iterator[Problem]:
        if not self.world.backwards:
            if self._loss is not None:
                message = f"`{record.kind}` steps and nothing computes gradients: no weight changes"
                related = ((self._loss, "the loss is computed here"), (record, "constructed here"))
                yield Problem("backward-missing", message, idle.place, related)
        elif self._cut:
            at = _cut_at(self._backward)
            message = (
                "the loss has lost its graph: `backward` reaches no weight, and no step changes one "
                f"({idle.steps} steps of `{record.kind}` without a gradient)"
            )
            yield Problem("graph-cut-before-backward", message, at, ((self._backward, "`backward` stops at it"),))
        elif certain and not self._foreign:
            message = (
                f"no loss reaches a parameter of `{record.kind}`: it has made {idle.steps} steps without a gradient, "
                "and none of its weights has changed"
            )
            alone = not self._served
            places = ((self._backward, "gradients are computed here"), (record, "constructed here"))
            level = Level.ERROR if alone else Level.WARNING
            yield Problem("optimizer-without-gradients", message, idle.place, places, level)


def _cut_at(backward: Place | None) -> Place | None:
    """The call that makes a tensor to be differentiated, if there is one in the code around, else ``backward``."""
    if backward is None:
        return None
    found = [place for place in calls_in(backward.code, _CUTS) if "requires_grad" in place.text]
    return found[0] if len(found) == 1 else backward
