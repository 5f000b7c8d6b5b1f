"""Puts back what running a model once has changed: random numbers, modes, parameters, buffers, gradients."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.parameter import is_lazy


@contextmanager
def untouched(
    model: Module | None = None, others: Iterator[Callable[[], None]] | None = None, *, values: bool = True
) -> Iterator[None]:
    """Inside of it anything may happen to a model and to the generators of random numbers.

    ``others`` put back more: each is made on entry and called at the end. Without ``values`` no parameter or buffer may
    be written to, only another one be put in its place.
    """
    back = [*_randomness(), *(_model(model, values) if model is not None else ()), *(others or ())]
    try:
        yield
    finally:
        with torch.no_grad():
            for restore in reversed(back):
                restore()


def _randomness() -> Iterator[Callable[[], None]]:
    python = random.getstate()
    yield lambda: random.setstate(python)
    host = torch.get_rng_state()
    yield lambda: torch.set_rng_state(host)
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        devices = torch.cuda.get_rng_state_all()
        yield lambda: torch.cuda.set_rng_state_all(devices)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        drawn = numpy.random.get_state()
        yield lambda: numpy.random.set_state(drawn)


def _model(model: Module, values: bool) -> Iterator[Callable[[], None]]:
    for module in model.modules():
        yield _mode(module, module.training)
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                yield _tensor(held, name, tensor) if values else _object(held, name, tensor)


def _mode(module: Module, training: bool) -> Callable[[], None]:
    def restore() -> None:
        module.training = training

    return restore


def _object(held: Any, name: str, tensor: Tensor | None) -> Callable[[], None]:
    """Restores which parameter or buffer it is."""
    return lambda: held.__setitem__(name, tensor)


def _tensor(held: Any, name: str, tensor: Tensor | None) -> Callable[[], None]:
    """Restores a parameter or buffer: the object, its values, and its gradient."""
    if tensor is None:
        return _object(held, name, None)
    if is_lazy(tensor) or tensor.is_meta:
        return _object(held, name, tensor)
    requires_grad, values = tensor.requires_grad, tensor.detach().clone()
    gradient = tensor.grad if tensor.is_leaf else None
    kept = None if gradient is None else gradient.detach().clone()

    def restore() -> None:
        held[name] = tensor
        _put_back(tensor, values)
        if tensor.requires_grad != requires_grad:
            tensor.requires_grad_(requires_grad)
        if tensor.is_leaf and tensor.grad is not gradient:
            tensor.grad = gradient
        if gradient is not None and kept is not None:
            _put_back(gradient, kept)

    return restore


def _put_back(tensor: Tensor, values: Tensor) -> None:
    """Only where something has changed: a graph may wait for this tensor. Batch norm changes it without a version."""
    if not torch.equal(tensor, values):
        tensor.detach().copy_(values)
