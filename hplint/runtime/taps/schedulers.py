"""Learning-rate schedulers: constructed, stepped."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record

if TYPE_CHECKING:
    from hplint.runtime.session import Session


def install(session: Session, patches: Patches) -> None:
    """Tap all schedulers of torch; those of others when they are constructed."""
    kinds = [kind for kind in vars(lr_scheduler).values() if isinstance(kind, type) and _is_scheduler(kind)]
    for kind in dict.fromkeys(kinds):
        if "__init__" in vars(kind):
            patches.wrap(kind, "__init__", functools.partial(_init, session, patches))
        if "step" in vars(kind):
            patches.wrap(kind, "step", functools.partial(_step, session, patches))


def _is_scheduler(kind: type) -> bool:
    return issubclass(kind, (LRScheduler, lr_scheduler.ReduceLROnPlateau))


def _init(session: Session, patches: Patches, original: Any) -> Any:
    """The outermost constructor of a scheduler tells; steps inside of it are part of the construction."""

    @functools.wraps(original)
    def __init__(self: LRScheduler, *args: Any, **kwargs: Any) -> None:
        if session.constructing or session.idle:
            return original(self, *args, **kwargs)  # type: ignore[no-any-return]
        session.settle()
        place = session.finder.construction(self)
        session.constructing += 1
        try:
            original(self, *args, **kwargs)
        finally:
            session.constructing -= 1
        session.shielded("the construction of schedulers", _known, session, patches, self, place)

    return __init__


def _known(session: Session, patches: Patches, scheduler: LRScheduler, place: Place | None) -> Record[LRScheduler]:
    found = session.world.schedulers.get(scheduler)
    if found is not None:
        return found
    record = session.world.schedulers.add(scheduler, place)
    for kind in type(scheduler).__mro__:
        if _is_scheduler(kind) and "step" in vars(kind) and not patches.has(kind, "step"):
            patches.wrap(kind, "step", functools.partial(_step, session, patches))

    def tell() -> None:
        there = record.object
        if there is not None:
            session.emit(events.SchedulerBuilt, record.place, scheduler=there, record=record)

    session.later(tell)
    return record


def _step(session: Session, patches: Patches, original: Any) -> Any:
    @functools.wraps(original)
    def step(self: LRScheduler, *args: Any, **kwargs: Any) -> Any:
        if session.constructing or session.idle:
            return original(self, *args, **kwargs)
        record = session.shielded("schedulers", _known, session, patches, self, None)
        if record is not None and session.scheduling == 0:
            session.emit(
                events.SchedulerStep,
                session.finder.outside(self, ("step",)),
                scheduler=self,
                record=record,
                metric=args[0] if args else kwargs.get("metrics"),
            )
        session.scheduling += 1
        try:
            return original(self, *args, **kwargs)
        finally:
            session.scheduling -= 1
            if record is not None:
                record.steps += 1

    return step
