"""Gradient scalers: constructed, asked to unscale, to step and to update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.places import Place
from hplint.runtime.taps.wrapping import Arguments, Options, watched

if TYPE_CHECKING:
    from hplint.runtime.session import Session


def install(session: Session, patches: Patches) -> None:
    """Tap ``torch.amp.GradScaler``, or what it was called before torch 2.3."""
    kind = getattr(torch.amp, "GradScaler", None) or torch.cuda.amp.GradScaler

    def begin(args: Arguments, kwargs: Options) -> Place | None:
        return session.finder.construction(args[0])

    def end(place: Place | None, result: object, args: Arguments, kwargs: Options) -> None:
        record = session.world.scalers.add(args[0], place)

        def tell() -> None:
            there = record.object
            if there is not None:
                session.emit(events.ScalerBuilt, record.place, scaler=there, record=record)

        session.later(tell)

    patches.wrap(kind, "__init__", lambda original: watched(session, original, before=begin, after=end))
    patches.wrap(kind, "unscale_", _on_optimizer(session, events.Unscale))
    patches.wrap(kind, "step", _on_optimizer(session, events.ScaledStep))

    def updates(args: Arguments, kwargs: Options) -> None:
        if session.wants(events.ScalerUpdate):
            session.emit(events.ScalerUpdate, session.finder.here(), scaler=args[0])

    patches.wrap(kind, "update", lambda original: watched(session, original, before=updates))


def _on_optimizer(session: Session, event: type[events.Event]) -> Any:
    """Wraps a method of a scaler that is given an optimizer."""

    def before(args: Arguments, kwargs: Options) -> None:
        if session.wants(event):
            optimizer = args[1] if len(args) > 1 else kwargs.get("optimizer")
            record = session.world.optimizers.get(optimizer)
            session.emit(event, session.finder.here(), scaler=args[0], record=record)

    return lambda original: watched(session, original, before=before)
