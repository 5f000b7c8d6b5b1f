"""Modules: constructed, made part of one another, run, switched between training and evaluation."""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import Module
from torch.nn.modules.loss import _Loss
from torch.nn.modules.module import register_module_module_registration_hook

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.world import Registered

if TYPE_CHECKING:
    from hplint.runtime.session import Session


def install(session: Session, patches: Patches) -> None:
    """Tap ``torch.nn.Module``."""
    patches.wrap(Module, "__init__", functools.partial(_init, session))
    patches.wrap(Module, "__call__", functools.partial(_call, session))
    patches.wrap(Module, "train", functools.partial(_train, session))
    patches.hook(register_module_module_registration_hook(functools.partial(_register, session)))


def _init(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def __init__(self: Module, *args: Any, **kwargs: Any) -> None:
        if not session.idle:
            session.shielded("the construction of modules", _built, session, self)
        original(self, *args, **kwargs)

    return __init__


def _built(session: Session, module: Module) -> None:
    session.world.modules[module] = session.finder.construction(module)


def _register(session: Session, parent: Module, name: str, module: Module | None) -> None:
    if module is not None and not session.idle:
        session.shielded("the parts of modules", _registered, session, parent, name, module)


def _registered(session: Session, parent: Module, name: str, module: Module) -> None:
    world = session.world
    world.registered[module] = Registered(weakref.ref(parent), name, session.finder.here(), world.moment())


def _call(session: Session, original: Any) -> Any:
    is_compiling = torch.compiler.is_compiling

    @functools.wraps(original)
    def __call__(self: Module, *args: Any, **kwargs: Any) -> Any:
        # What torch.compile sees must come first: it follows one branch and nothing of ours.
        if is_compiling() or session.depth or session.idle or isinstance(self, _Loss):
            return original(self, *args, **kwargs)
        training, grad_enabled = self.training, torch.is_grad_enabled()
        session.depth += 1
        session.evaluating = not training
        try:
            output = original(self, *args, **kwargs)
        finally:
            session.depth -= 1
            session.evaluating = False
        session.shielded("the forward of modules", _ran, session, self)
        if session.wants(events.Forward):
            session.emit(
                events.Forward,
                session.world.finder.here(),
                module=self,
                args=args,
                kwargs=kwargs,
                output=output,
                training=training,
                grad_enabled=grad_enabled,
            )
        return output

    return __call__


def _ran(session: Session, module: Module) -> None:
    if module not in session.world.ran:
        session.world.ran[module] = session.finder.here()


def _train(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def train(self: Module, *args: Any, **kwargs: Any) -> Any:
        if session.switching or session.idle:
            return original(self, *args, **kwargs)
        session.switching += 1
        try:
            result = original(self, *args, **kwargs)
        finally:
            session.switching -= 1
        if session.wants(events.ModeSet):
            mode = args[0] if args else kwargs.get("mode", True)
            place = session.finder.outside(self, ("train", "eval"))
            session.emit(events.ModeSet, place, module=self, training=bool(mode))
        return result

    return train
