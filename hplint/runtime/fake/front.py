"""A fake run of a program: what is replaced for it, and what it counts."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import unset_fake_temporarily

from hplint.runtime import events
from hplint.runtime.fake.layers import Layers, fake_mode, imitation
from hplint.runtime.fake.memory import Kept, Memory, memory_of
from hplint.runtime.fake.values import REFUSALS, Values
from hplint.runtime.fake.weights import Weights
from hplint.runtime.patches import Patches
from hplint.runtime.places import Place, shown
from hplint.runtime.samples import Writes
from hplint.runtime.session import Session


class Fake:
    """Makes the models of a session's program fake, from :meth:`install` to the end of the process."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._values = Values(session)
        self._kept = Kept()
        self._writes = Writes()
        self._mode = fake_mode(self._writes.note)
        self._layers = Layers(self._mode, self._kept)
        self._weights = Weights(self._mode)
        self._refused: tuple[Place | None, str] | None = None

    def install(self, patches: Patches) -> None:
        """Replace what makes, reads and tells numbers. Torch must be imported and not be watched yet."""
        for part in (self._values, self._layers, self._weights):
            part.install(patches)
        self._session.surroundings = _without_fakes
        self._session.world.writes = self._writes
        self._session.listen(events.BackwardStarts, self._differentiated)
        self._session.listen(events.BackwardEnds, self._computed)
        self._session.listen(events.StepEnds, self._stepped)

    def imitation(self, tensor: Tensor) -> Tensor:
        """A fake tensor like another one."""
        return imitation(self._mode, tensor)

    def refused(self, problem: BaseException) -> bool:
        """Whether an exception says that numbers are needed. Where that was is kept for :meth:`remarks`."""
        if problem is self._values.ended:
            return True
        if not isinstance(problem, REFUSALS):
            return False
        place = None
        for frame, line in traceback.walk_tb(problem.__traceback__):
            if self._session.finder.is_the_users(frame.f_code.co_filename):
                place = Place(frame.f_code, frame.f_lasti, line)
        self._refused = place, f"`{getattr(problem, 'func', None) or problem}`"
        return True

    def remarks(self) -> Iterator[str]:
        """What was not done, and where the run had to end."""
        for name, times in self._weights.skipped.items():
            often = "once" if times == 1 else f"{times} times"
            yield f"{name} was called {often}: no weights were read, names and shapes are those of the model or file"
        ended = self._values.ended
        stop = self._refused or ((ended.place, ended.what) if ended is not None else None)
        if stop is not None:
            place, what = stop
            where = f"{shown(place)}:{place.line}" if place is not None else "a library"
            yield f"{where} asks for {what} of tensors that have no numbers here: the fake run had to end"

    def _differentiated(self, event: events.BackwardStarts) -> None:
        self._session.shielded("memory", self._count_kept)

    def _count_kept(self) -> None:
        kept = self._kept.alive(parameter for model in self._session.world.models() for parameter in model.parameters())
        memory = self._session.world.memory = self._session.world.memory or Memory()
        memory.kept = max(memory.kept, kept)

    def _computed(self, event: events.BackwardEnds) -> None:
        self._writes.forget()

    def _stepped(self, event: events.StepEnds) -> None:
        self._writes.forget()
        if event.record.steps == 1:
            self._session.shielded("memory", self._count)

    def _count(self) -> None:
        world = self._session.world
        kept = world.memory.kept if world.memory is not None else 0
        world.memory = memory_of(world.models(), [optimizer for _, optimizer in world.optimizers.alive()], kept)


@contextmanager
def _without_fakes() -> Iterator[None]:
    """What checks compute themselves has numbers."""
    with torch.no_grad(), unset_fake_temporarily():
        yield
