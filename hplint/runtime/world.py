"""All that is known of the program under watch. Checks read it; only the taps and the session write to it."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch.nn import Module, Parameter
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from hplint.runtime.places import Finder, Place
from hplint.runtime.recorder import Record, Shelf, WeakIds
from hplint.runtime.samples import Writes

if TYPE_CHECKING:
    from hplint.runtime.fake.memory import Memory
    from hplint.runtime.overview import Overview
    from hplint.runtime.progress import Progress


@dataclass(frozen=True, slots=True)
class Registered:
    """A module was made part of another one under ``name``."""

    parent: weakref.ref[Module]
    name: str
    place: Place | None
    moment: int


@dataclass(frozen=True, slots=True)
class NamedParameter:
    """A parameter of a model, by its full name."""

    model: Module
    name: str
    parameter: Parameter

    def __str__(self) -> str:
        return self.name


class World:
    """Objects, in the order in which they were built, and how far training is."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._moment = 0
        self._holds: dict[Record[Optimizer], int] = {}
        """How many parameters each optimizer held at its last step."""
        self.optimizers: Shelf[Optimizer] = Shelf(self.moment)
        self.schedulers: Shelf[LRScheduler] = Shelf(self.moment)
        self.loaders: Shelf[DataLoader[Any]] = Shelf(self.moment)
        self.scalers: Shelf[Any] = Shelf(self.moment)
        self.modules: WeakIds[Place | None] = WeakIds()
        """Every module that was built, and where."""
        self.registered: WeakIds[Registered] = WeakIds()
        """Every module that is part of another one."""
        self.ran: WeakIds[Place | None] = WeakIds()
        """Modules whose forward was called by the program itself, not by another module, and where first."""
        self.stepped: WeakIds[Record[Optimizer]] = WeakIds()
        """Parameters that an optimizer held when it stepped, and the record of it, which may be gone by now."""
        self.samplers: WeakIds[Place | None] = WeakIds()
        """Samplers that are told the epoch, and where they were built."""
        self.filled: WeakIds[Place | None] = WeakIds()
        """Weights that were set to one number, and where."""
        self.backwards = 0
        """Calls of backward so far."""
        self.once = False
        """Whether objects are looked at once, and no program runs."""
        self.whole = False
        """Whether a program is watched as it is and from its start, so that its end is that of all it does."""
        self.writes: Writes | None = None
        """What the program has written to, where tensors have no numbers."""
        self.memory: Memory | None = None
        """What a step needs, where that was counted."""
        self.progress: Progress
        """Which loader trains what, and how long that is to go on. Set by the session."""
        self.overview: Overview
        """What was built, for a report. Set by the session."""

    def moment(self) -> int:
        """A number that grows with everything that is recorded, to tell what came first."""
        self._moment += 1
        return self._moment

    @property
    def step(self) -> int:
        """How many steps the optimizer has made that made most."""
        return max((record.steps for record in self.optimizers), default=0)

    def place_of(self, recorded: object) -> Place | None:
        """Where an object was built."""
        for shelf in (self.optimizers, self.schedulers, self.loaders, self.scalers):
            record: Record[Any] | None = shelf.get(recorded)
            if record is not None:
                return record.place
        return self.modules.get(recorded)

    def root_of(self, module: Module) -> Module:
        """The outermost module that this one is part of."""
        seen: set[int] = set()
        while id(module) not in seen:
            seen.add(id(module))
            above = self.registered.get(module)
            parent = above.parent() if above is not None else None
            if parent is None or all(child is not module for child in parent._modules.values()):
                break
            module = parent
        return module

    def roots(self) -> list[Module]:
        """The outermost modules that ran, in the order in which they first did, those without parameters too."""
        return list({id(root): root for root in (self.root_of(module) for module, _ in self.ran.objects())}.values())

    def models(self) -> list[Module]:
        """The outermost modules with parameters that ran, in the order in which they first did."""
        roots = {id(root): root for root in (self.root_of(module) for module, _ in self.ran.objects())}
        inner = {id(part) for root in roots.values() for part in root.modules() if part is not root}
        return [root for root in roots.values() if id(root) not in inner and next(root.parameters(), None) is not None]

    def parameters(self) -> dict[int, NamedParameter]:
        """The parameters of all models by identity. It takes a walk over the models: do it seldom."""
        found: dict[int, NamedParameter] = {}
        for model in self.models():
            for name, parameter in model.named_parameters():
                found.setdefault(id(parameter), NamedParameter(model, name, parameter))
        return found

    def held(self) -> dict[int, Record[Optimizer]]:
        """The optimizer of each parameter that is in one, or was in one that stepped, by the parameter's identity."""
        found: dict[int, Record[Optimizer]] = {}
        for record, optimizer in self.optimizers.alive():
            for parameter in parameters_of(optimizer):
                found.setdefault(id(parameter), record)
        for parameter, record in self.stepped.objects():
            found.setdefault(id(parameter), record)
        return found

    def remember(self, record: Record[Optimizer], optimizer: Optimizer) -> None:
        """Remember what an optimizer steps on, at its first step and when groups have been added since."""
        holds = sum(len(group["params"]) for group in optimizer.param_groups)
        if self._holds.get(record) != holds:
            self._holds[record] = holds
            for parameter in parameters_of(optimizer):
                self.stepped[parameter] = record

    def scheduled(self, scheduler: object) -> Record[Optimizer] | None:
        """The record of the optimizer that a scheduler drives, through any wrapper."""
        seen: set[int] = set()
        at = getattr(scheduler, "optimizer", None)
        while at is not None and id(at) not in seen:
            seen.add(id(at))
            record = self.optimizers.get(at)
            if record is not None:
                return record
            at = getattr(at, "optimizer", None)
        return None


def parameters_of(optimizer: Optimizer) -> Iterator[Parameter]:
    """Every parameter that an optimizer holds."""
    for group in optimizer.param_groups:
        yield from group["params"]
