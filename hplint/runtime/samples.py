"""A few values of many tensors, which tell whether something has happened to them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TypeGuard

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch._subclasses import FakeTensor

_VALUES = 32


def readable(tensor: object) -> TypeGuard[Tensor]:
    """Whether there are numbers to be read: not those of a fake or meta tensor, nor inside of vmap or a trace."""
    return (
        isinstance(tensor, Tensor)
        and tensor.layout is torch.strided
        and not tensor.is_meta
        and not isinstance(tensor, FakeTensor)
        and not is_functorch_wrapped_tensor(tensor)
    )


def has_shape(tensor: object) -> TypeGuard[Tensor]:
    """Whether a tensor has numbers, or has none because the whole run is without weights."""
    return readable(tensor) or isinstance(tensor, FakeTensor)


class Writes:
    """Storages without numbers that were written to since the last backward or step: they may have been set to 0."""

    def __init__(self) -> None:
        self._storages: set[int] = set()

    def note(self, tensor: Tensor) -> None:
        """A tensor is written to."""
        self._storages.add(tensor.untyped_storage()._cdata)

    def forget(self) -> None:
        """What is written to from now on counts."""
        self._storages.clear()

    def __contains__(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._storages


def sample(tensor: Tensor) -> Tensor:
    """Some values of a tensor, from all over it."""
    flat = tensor.detach().reshape(-1)
    return flat[:: max(flat.numel() // _VALUES, 1)][:_VALUES]


class Snapshot:
    """Parameters as they were: some of their values, kept apart from them."""

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        self._kept = [
            (weakref.ref(each), sample(each).clone()) for each in parameters if each.requires_grad and readable(each)
        ]

    def changed(self) -> bool:
        """Whether any parameter has changed, or can no longer be looked at."""
        for ref, values in self._kept:
            there = ref()
            if there is None or not readable(there):
                return True
            now = sample(there)
            if now.shape != values.shape or now.device != values.device or not torch.equal(now, values):
                return True
        return False

    def unchanged(self) -> tuple[int, int]:
        """How many values that have a gradient are as they were, and how many there are."""
        same = total = 0
        for ref, values in self._kept:
            there = ref()
            gradient = None if there is None else there.grad
            if there is None or gradient is None or not readable(gradient):
                continue
            moved = sample(gradient) != 0
            total += int(moved.sum())
            same += int((moved & (sample(there) == values)).sum())
        return same, total


def gradients(parameters: Iterable[Tensor]) -> list[Tensor]:
    """The gradients that are there."""
    return [each.grad for each in parameters if each.grad is not None]


def any_set(tensors: Iterable[Tensor]) -> bool:
    """Whether any value of any tensor is not 0; what cannot be read may be anything."""
    dense = (each.coalesce().values() if each.is_sparse else each for each in tensors)
    return any(not readable(each) or bool(each.any()) for each in dense)


def number(tensor: Tensor) -> float | None:
    """The number in a tensor that has one; read from the device, so seldom to be asked."""
    if not readable(tensor) or tensor.numel() != 1 or tensor.is_complex():
        return None
    return float(tensor.detach())
