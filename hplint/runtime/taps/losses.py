"""The loss functions of ``torch.nn.functional``, which torch's loss modules call too."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import Module, functional

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.taps.wrapping import Arguments, Function, Options

if TYPE_CHECKING:
    from hplint.runtime.session import Session

NAMES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
)
"""Losses of an ``input`` and a ``target``."""
_MODULES = torch.nn.modules.loss.__file__
_NEAR = 6


def install(session: Session, patches: Patches) -> None:
    """Tap the functions. TorchScript compiles from functions, so it gets the originals."""
    for name in NAMES:
        patches.wrap(functional, name, functools.partial(_function, session, name))

    def script(original: Any) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            with patches.lifted(functional):
                return original(*args, **kwargs)

        return Function(original, call)

    patches.wrap(torch.jit, "script", script)


def _function(session: Session, name: str, original: Any) -> Function:
    signature = inspect.signature(original)
    who = f"`{name}`"

    def call(*args: Any, **kwargs: Any) -> Any:
        output = original(*args, **kwargs)
        if not session.idle and session.wants(events.Loss) and not session.is_broken(who):
            session.shielded(who, _tell, session, name, signature, args, kwargs, output)
        return output

    return Function(original, call)


def _tell(
    session: Session, name: str, signature: inspect.Signature, args: Arguments, kwargs: Options, output: Any
) -> None:
    options = signature.bind(*args, **kwargs).arguments
    tensors = options.pop("input"), options.pop("target")
    session.emit(
        events.Loss,
        session.finder.here(),
        name=name,
        input=tensors[0],
        target=tensors[1],
        options=options,
        output=output,
        module=_calling_module(),
    )


def _calling_module() -> Module | None:
    """The loss module that calls the function, if one does."""
    frame = sys._getframe(1)
    for _ in range(_NEAR):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        if frame.f_code.co_filename == _MODULES and frame.f_code.co_name == "forward":
            module = frame.f_locals.get("self")
            return module if isinstance(module, Module) else None
    return None
