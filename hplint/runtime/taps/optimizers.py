"""Optimizers: constructed, cleared, stepped."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch.nn import Module
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.taps.wrapping import Arguments, Options, watched
from hplint.runtime.unseen import uncompiled

if TYPE_CHECKING:
    from hplint.runtime.session import Session


def install(session: Session, patches: Patches) -> None:
    """Tap ``torch.optim.Optimizer`` and the ways to clear gradients."""

    def begin(args: Arguments, kwargs: Options) -> Place | None:
        return session.finder.construction(args[0])

    def end(place: Place | None, result: object, args: Arguments, kwargs: Options) -> None:
        _known(session, patches, args[0], place)

    patches.wrap(Optimizer, "__init__", lambda original: watched(session, original, before=begin, after=end))
    patches.wrap(Optimizer, "zero_grad", functools.partial(_zero_grad, session))
    patches.wrap(Module, "zero_grad", functools.partial(_zero_grad, session))
    patches.hook(register_optimizer_step_pre_hook(functools.partial(_step_starts, session, patches)))
    patches.hook(register_optimizer_step_post_hook(functools.partial(_step_ends, session)))


def _known(session: Session, patches: Patches, optimizer: Optimizer, place: Place | None) -> Record[Optimizer]:
    """The record of an optimizer; where it is new, that is told when its constructor is through."""
    found = session.world.optimizers.get(optimizer)
    if found is not None:
        return found
    record = session.world.optimizers.add(optimizer, place)
    for kind in type(optimizer).__mro__:
        if kind is not Optimizer and "zero_grad" in vars(kind) and not patches.has(kind, "zero_grad"):
            patches.wrap(kind, "zero_grad", functools.partial(_zero_grad, session))

    def tell() -> None:
        there = record.object
        if there is not None:
            session.emit(events.OptimizerBuilt, record.place, optimizer=there, record=record)

    session.later(tell)
    return record


def _zero_grad(session: Session, original: Any) -> Any:
    """``zero_grad`` of an optimizer or a module; one that calls another one counts once."""

    @functools.wraps(original)
    def zero_grad(self: Any, *args: Any, **kwargs: Any) -> Any:
        if session.clearing or session.idle:
            return original(self, *args, **kwargs)
        if session.wants(events.ZeroGrad):
            place = session.finder.outside(self, ("zero_grad",))
            record = session.world.optimizers.get(self)
            session.emit(events.ZeroGrad, place, owner=self, record=record)
        session.clearing += 1
        try:
            return original(self, *args, **kwargs)
        finally:
            session.clearing -= 1

    return zero_grad


@uncompiled
def _step_starts(session: Session, patches: Patches, optimizer: Optimizer, args: Arguments, kwargs: Options) -> None:
    if session.idle:
        return
    record = session.shielded("optimizer steps", _known, session, patches, optimizer, None)
    if record is None:
        return
    if record in session.stepping:  # Its last step raised.
        del session.stepping[session.stepping.index(record) :]
    session.stepping.append(record)
    session.emit(
        events.StepStarts,
        session.finder.outside(optimizer, ("step",)),
        optimizer=optimizer,
        record=record,
        closure=_has_closure(args, kwargs),
    )


@uncompiled
def _step_ends(session: Session, optimizer: Optimizer, args: Arguments, kwargs: Options) -> None:
    if session.idle:
        return
    record = session.world.optimizers.get(optimizer)
    if record is None:
        return
    if record in session.stepping:
        del session.stepping[session.stepping.index(record) :]
    record.steps += 1
    session.shielded("optimizer steps", session.world.remember, record, optimizer)
    session.emit(
        events.StepEnds,
        session.finder.outside(optimizer, ("step",)),
        optimizer=optimizer,
        record=record,
        closure=_has_closure(args, kwargs),
    )


def _has_closure(args: Arguments, kwargs: Options) -> bool:
    """Torch hands hooks the arguments of ``step`` with the optimizer itself in front."""
    return any(callable(each) for each in (*args[1:2], kwargs.get("closure")))
