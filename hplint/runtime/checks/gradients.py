"""Gradients that are never cleared, and gradients that are cleared before they are used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from torch import Tensor
from torch._subclasses import FakeTensor
from torch.nn import Module
from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, Refuted, Seen, on
from hplint.runtime.events import BackwardEnds, BackwardStarts, StepEnds, StepStarts, ZeroGrad
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.samples import Writes, readable
from hplint.runtime.world import World, parameters_of

_SAMPLE = 4
"""Gradients of an optimizer that are looked at: where one is left, all are."""

_Marks = tuple[tuple[int, int], ...]


class Carried(Check):
    """Gradients of one step that are still there at the next one.

    It is judged at the optimizer's own next step: the other half of a GAN leaves gradients that are cleared in time.
    """

    rules = ("missing-zero-grad",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._used: set[Record[Optimizer]] = set()
        """Optimizers whose gradients have been used by a step and not been cleared since."""
        self._before: list[dict[Record[Optimizer], _Marks]] = []
        """Such gradients before the backward that runs; it may call another one."""
        self._added: dict[Record[Optimizer], Place | None] = {}
        """Where a backward has added to such gradients."""

    @on(BackwardStarts)
    def adds(self, event: BackwardStarts) -> Iterator[Problem]:
        before = {}
        for record in tuple(self._used):
            optimizer = record.object
            if optimizer is None or not _has_gradients(optimizer, self.world.writes):
                self._cleared(record)
            else:
                before[record] = _marks(optimizer)
        self._before.append(before)
        yield from ()

    @on(BackwardEnds)
    def added(self, event: BackwardEnds) -> Iterator[Seen]:
        for record, marks in self._before.pop().items() if self._before else ():
            optimizer = record.object
            if optimizer is not None and record in self._used and _marks(optimizer) != marks:
                self._added.setdefault(record, event.place)
        if self.world.step and not self._used:
            yield Refuted("missing-zero-grad", event.place)

    @on(ZeroGrad)
    def cleared(self, event: ZeroGrad) -> Iterator[Problem]:
        if event.record is not None:
            self._cleared(event.record)
        yield from ()

    @on(StepStarts)
    def used(self, event: StepStarts) -> Iterator[Problem]:
        if not event.closure:
            yield from self._judged(event.record, event.optimizer)

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        if event.closure:
            yield from self._judged(event.record, event.optimizer)
        self._used.add(event.record)
        self._before.clear()

    def _judged(self, record: Record[Optimizer], optimizer: Optimizer) -> Iterator[Problem]:
        if record in self._added:
            message = (
                f"the gradients of `{record.kind}` are never cleared: this adds to those of the step before, "
                "which has used them"
            )
            yield Problem("missing-zero-grad", message, self._added[record], ((record, "constructed here"),))
        self._cleared(record)

    def _cleared(self, record: Record[Optimizer]) -> None:
        self._used.discard(record)
        self._added.pop(record, None)


class Erased(Check):
    """Gradients that are cleared after backward and before the step, which is left with none."""

    rules = ("zero-grad-between-backward-and-step",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._fresh: Place | None = None
        """Where backward was called last, as long as nothing has used or cleared its gradients."""
        self._erased: dict[Record[Optimizer], tuple[Place | None, Place | None]] = {}

    @on(BackwardEnds)
    def computed(self, event: BackwardEnds) -> Iterator[Problem]:
        self._fresh = event.place
        self._erased.clear()
        yield from ()

    @on(ZeroGrad)
    def cleared(self, event: ZeroGrad) -> Iterator[Problem]:
        if self._fresh is not None:
            for record, optimizer in self.world.optimizers.alive():
                if _owns(event.owner, optimizer) and _has_gradients(optimizer, self.world.writes):
                    self._erased.setdefault(record, (event.place, self._fresh))
        yield from ()

    @on(StepStarts)
    def used(self, event: StepStarts) -> Iterator[Problem]:
        places = self._erased.pop(event.record, None)
        if places is not None and not event.closure and not _has_gradients(event.optimizer, self.world.writes):
            yield Problem(
                "zero-grad-between-backward-and-step",
                f"the gradients are cleared before `{event.record.kind}` uses them: its step changes nothing",
                places[0],
                ((places[1], "they are computed here"), (event.place, "and would be used here")),
            )

    @on(StepEnds)
    def stepped(self, event: StepEnds) -> Iterator[Problem]:
        self._fresh = None
        yield from ()


def _owns(owner: Optimizer | Module, optimizer: Optimizer) -> bool:
    """Whether clearing the gradients of something clears those of an optimizer."""
    if isinstance(owner, Optimizer):
        return owner is optimizer
    held = {id(parameter) for parameter in islice(parameters_of(optimizer), _SAMPLE)}
    return any(id(parameter) in held for parameter in owner.parameters())


def _marks(optimizer: Optimizer) -> _Marks:
    """What changes when a backward adds to gradients: the tensors, and how often each was written to."""
    found = (parameter.grad for parameter in parameters_of(optimizer))
    return tuple((id(gradient), gradient._version) for gradient in found if gradient is not None)


def _has_gradients(optimizer: Optimizer, writes: Writes | None) -> bool:
    """Whether parameters have gradients that are known not to be all 0."""
    found = (parameter.grad for parameter in parameters_of(optimizer) if parameter.grad is not None)
    return any(_is_set(gradient, writes) for gradient in islice(found, _SAMPLE))


def _is_set(gradient: Tensor, writes: Writes | None) -> bool:
    """One without numbers is as backward has left it, unless somebody has written to it since."""
    if writes is not None and isinstance(gradient, FakeTensor):
        return gradient not in writes
    return readable(gradient) and bool((gradient.coalesce().values() if gradient.is_sparse else gradient).any())
