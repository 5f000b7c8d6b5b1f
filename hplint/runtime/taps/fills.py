"""Weights that are set to one number by ``torch.nn.init``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hplint.runtime.patches import Patches
from hplint.runtime.taps.wrapping import Function

if TYPE_CHECKING:
    from hplint.runtime.session import Session

NAMES = ("constant_", "ones_", "zeros_")


def install(session: Session, patches: Patches) -> None:
    """Tap the functions."""
    for name in NAMES:
        patches.wrap(torch.nn.init, name, functools.partial(_function, session))


def _function(session: Session, original: Any) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        filled = original(*args, **kwargs)
        if isinstance(filled, Tensor) and filled.dim() > 1 and not session.idle:
            session.shielded("the filling of weights", session.world.filled.__setitem__, filled, session.finder.here())
        return filled

    return Function(original, call)
