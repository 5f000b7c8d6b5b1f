"""Taps: where torch is watched, one module for each kind of object. ``install(session, patches)`` puts one in.

A tap lets the original run, with the same arguments and result; before and after it, it writes to ``session.world`` and
emits events. What torch compiles or scripts sees the original only.
"""

from __future__ import annotations

from hplint.runtime.taps import (
    averages,
    backward,
    clipping,
    dropouts,
    fills,
    loaders,
    losses,
    modules,
    optimizers,
    scalers,
    schedulers,
)

ALL = (modules, optimizers, schedulers, loaders, losses, backward, clipping, scalers, dropouts, fills, averages)
