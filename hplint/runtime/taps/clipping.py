"""Clipping of gradients: ``clip_grad_norm_`` and ``clip_grad_value_``."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.taps.wrapping import Function

if TYPE_CHECKING:
    from hplint.runtime.session import Session

_FUNCTIONS = (("clip_grad_norm_", "norm", "max_norm"), ("clip_grad_value_", "value", "clip_value"))


def install(session: Session, patches: Patches) -> None:
    """Tap the functions under both of their names."""
    for module in (torch.nn.utils, torch.nn.utils.clip_grad):
        for function, by, limit in _FUNCTIONS:
            patches.wrap(module, function, functools.partial(_tapped, session, by, limit))


def _tapped(session: Session, by: str, limit: str, original: Any) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        if session.idle or not session.wants(events.Clip):
            return original(*args, **kwargs)
        given = args[0] if args else kwargs.get("parameters")
        if isinstance(given, Iterator):  # It can be read once only: both read the list.
            given = list(given)
            args, kwargs = ((given, *args[1:]), kwargs) if args else (args, {**kwargs, "parameters": given})
        session.emit(
            events.Clip,
            session.finder.here(),
            by=by,
            parameters=_tensors(given),
            limit=args[1] if len(args) > 1 else kwargs.get(limit),
        )
        return original(*args, **kwargs)

    return Function(original, call)


def _tensors(given: object) -> tuple[Tensor, ...]:
    if isinstance(given, Tensor):
        return (given,)
    return tuple(each for each in given if isinstance(each, Tensor)) if isinstance(given, (tuple, list)) else ()
