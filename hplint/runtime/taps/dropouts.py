"""Dropout that is called as a function, in the forward of a model that is in evaluation mode."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from torch.nn import functional

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.taps.wrapping import Function

if TYPE_CHECKING:
    from hplint.runtime.session import Session

NAMES = ("dropout", "dropout1d", "dropout2d", "dropout3d")
"""Functions that drop values unless they are told not to."""


def install(session: Session, patches: Patches) -> None:
    """Tap the functions, which the modules call too."""
    for name in NAMES:
        patches.wrap(functional, name, functools.partial(_function, session, name))


def _function(session: Session, name: str, original: Any) -> Function:
    parameters = tuple(inspect.signature(original).parameters)
    position = parameters.index("training")

    def call(*args: Any, **kwargs: Any) -> Any:
        stated = len(args) > position or "training" in kwargs
        if not stated and session.evaluating and not session.idle and session.wants(events.AlwaysDrops):
            rate = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
            session.emit(events.AlwaysDrops, session.finder.here(), name=name, rate=rate)
        return original(*args, **kwargs)

    return Function(original, call)
