"""Backward: ``torch.autograd.backward``, which ``Tensor.backward`` and the frameworks call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.taps.wrapping import Function

if TYPE_CHECKING:
    from hplint.runtime.session import Session


def install(session: Session, patches: Patches) -> None:
    """Tap the function."""

    def tapped(original: Any) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            if session.idle:
                return original(*args, **kwargs)
            tensors = _tensors(args[0] if args else kwargs.get("tensors"))
            inside = session.stepping[-1] if session.stepping else None
            _emit(session, events.BackwardStarts, tensors, inside)
            result = original(*args, **kwargs)
            session.world.backwards += 1
            _emit(session, events.BackwardEnds, tensors, inside)
            return result

        return Function(original, call)

    patches.wrap(torch.autograd, "backward", tapped)


def _emit(session: Session, kind: type[events.Event], tensors: tuple[Tensor, ...], inside: object) -> None:
    if session.wants(kind):
        session.emit(kind, session.finder.here(), tensors=tensors, inside=inside)


def _tensors(given: object) -> tuple[Tensor, ...]:
    if isinstance(given, Tensor):
        return (given,)
    return tuple(each for each in given if isinstance(each, Tensor)) if isinstance(given, (tuple, list)) else ()
