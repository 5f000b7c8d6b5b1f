"""Averages of weights: ``AveragedModel`` taking in weights, and anybody reading from it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch.optim.swa_utils import AveragedModel

from hplint.runtime import events
from hplint.runtime.patches import Patches

if TYPE_CHECKING:
    from hplint.runtime.session import Session

READING = ("state_dict", "parameters", "named_parameters", "buffers", "named_buffers", "forward", "__reduce_ex__")
"""What gives the averaged weights, besides the attribute ``module``."""


def install(session: Session, patches: Patches) -> None:
    """Tap the class. What it calls of itself while it takes in weights is no reading."""
    patches.wrap(AveragedModel, "update_parameters", functools.partial(_update, session))
    for name in READING:
        patches.wrap(AveragedModel, name, functools.partial(_reading, session))
    patches.wrap(AveragedModel, "__getattr__", functools.partial(_attribute, session))


def _update(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def update_parameters(self: AveragedModel, *args: Any, **kwargs: Any) -> Any:
        session.averaging += 1
        try:
            result = original(self, *args, **kwargs)
        finally:
            session.averaging -= 1
        if not session.idle:
            session.emit(events.AverageUpdated, session.finder.here(), average=self)
        return result

    return update_parameters


def _reading(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def read(self: AveragedModel, *args: Any, **kwargs: Any) -> Any:
        _read(session, self)
        return original(self, *args, **kwargs)

    return read


def _attribute(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def __getattr__(self: AveragedModel, name: str) -> Any:
        if name == "module":
            _read(session, self)
        return original(self, name)

    return __getattr__


def _read(session: Session, average: AveragedModel) -> None:
    if not session.idle and not session.averaging:
        session.emit(events.AverageRead, None, average=average)
