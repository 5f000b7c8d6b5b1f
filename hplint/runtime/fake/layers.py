"""Layers whose parameters have no numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn import Module, Parameter
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import is_lazy

from hplint.runtime.fake.memory import Kept
from hplint.runtime.patches import Patches


class _Mode(FakeTensorMode):  # type: ignore[no-untyped-call]
    """Tells of every write to a fake tensor: nobody can read from its numbers that it was set to 0."""

    def __init__(self, written: Callable[[Tensor], None]) -> None:
        super().__init__(allow_non_fake_inputs=True)
        self._written = written

    def dispatch(self, func: Any, types: Any, args: Any = (), kwargs: Any = {}) -> object:  # noqa: B006
        if func._schema.is_mutable:
            for each in (*args, *kwargs.values()):
                for tensor in each if isinstance(each, (list, tuple)) else (each,):
                    if isinstance(tensor, FakeTensor):
                        self._written(tensor)
        return super().dispatch(func, types, args, kwargs)


def fake_mode(written: Callable[[Tensor], None]) -> FakeTensorMode:
    """A mode in which tensors are fake, and which takes real ones for what they are.

    ``written`` is told of tensors that an operation which writes is given.
    """
    mode = _Mode(written)
    # It keeps weak references to all tensors, with which `Module.to` could not replace parameters in place.
    mode.fake_tensor_converter.set_tensor_memo = lambda t, v: None  # type: ignore[method-assign]
    return mode


def imitation(mode: FakeTensorMode, tensor: Tensor) -> Tensor:
    """A fake tensor like a real one, a parameter if that is one; one on the meta device becomes one of the host."""
    device = "cpu" if tensor.is_meta else tensor.device
    with mode, torch.no_grad():
        found: Tensor = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=device)
        if isinstance(tensor, Parameter):
            found = Parameter(found, tensor.requires_grad)
    return found if isinstance(tensor, Parameter) else found.requires_grad_(tensor.requires_grad)


class Layers:
    """Builds torch's own layers fake, makes the parameters of others fake as they become part of a module."""

    def __init__(self, mode: FakeTensorMode, kept: Kept) -> None:
        self._mode = mode
        self._kept = kept
        self._inside = 0

    def install(self, patches: Patches) -> None:
        """Replace the constructors of ``torch.nn``, and how modules run."""
        for kind in dict.fromkeys(_kinds(Module)):
            if kind is not Module and "__init__" in vars(kind) and not issubclass(kind, LazyModuleMixin):
                patches.wrap(kind, "__init__", self._within)
        patches.wrap(Module, "__call__", self._call)
        patches.hook(register_module_parameter_registration_hook(self._registered))  # type: ignore[arg-type]

    def _within(self, original: Any) -> Any:
        @functools.wraps(original)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self._mode:
                return original(*args, **kwargs)

        return inside

    def _call(self, original: Any) -> Any:
        @functools.wraps(original)
        def __call__(module: Module, *args: Any, **kwargs: Any) -> Any:
            if self._inside or not isinstance(next(module.parameters(), None), FakeTensor):
                return original(module, *args, **kwargs)
            self._inside += 1
            try:
                with self._mode, self._kept.counted():
                    return original(module, *args, **kwargs)
            finally:
                self._inside -= 1

        return __call__

    def _registered(self, module: Module, name: str, parameter: Parameter | None) -> Tensor | None:
        if parameter is None or isinstance(parameter, FakeTensor) or is_lazy(parameter):
            return None
        made = imitation(self._mode, parameter)
        try:
            torch.utils.swap_tensors(parameter, made)  # type: ignore[no-untyped-call]  # Whoever else has it has the fake one, too.
        except RuntimeError:
            return made
        return None


def _kinds(base: type[Module]) -> Iterator[type[Module]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("torch."):
            yield kind
        yield from _kinds(kind)
