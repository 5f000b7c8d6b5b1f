"""What a training step needs: parameters, gradients, the state of optimizers, and what backward is to find again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn import Module
from torch.optim import Optimizer

_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (0, "KiB"))


@dataclass
class Memory:
    """Bytes by type (``float32``), of one replica without any sharding."""

    parameters: Counter[str] = field(default_factory=Counter)
    buffers: Counter[str] = field(default_factory=Counter)
    gradients: Counter[str] = field(default_factory=Counter)
    state: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    """What the forward of the models keeps for backward, 0 where that was not seen."""

    @property
    def total(self) -> int:
        """All but what is kept for backward."""
        return sum(sum(each.values()) for each in (self.parameters, self.buffers, self.gradients, self.state))

    def lines(self) -> Iterator[str]:
        """What there is to tell, in GiB."""
        named = (
            ("parameters", self.parameters),
            ("buffers", self.buffers),
            ("gradients", self.gradients),
            ("optimizer state", self.state),
        )
        parts = [f"{name} {_told(found)}" for name, found in named if found]
        if parts:
            yield f"{', '.join(parts)}: {_size(self.total)} in all"
        if self.kept:
            yield f"and {_size(self.kept)} that forward keeps for backward of a batch (temporary values not counted)"


def _told(found: Counter[str]) -> str:
    return " + ".join(f"{_size(number)} {kind}" for kind, number in found.most_common())


def _size(number: int) -> str:
    unit, name = next(each for each in _UNITS if number >= each[0])
    return f"{number / (unit or 2**10):,.1f} {name}"


def memory_of(models: Iterable[Module], optimizers: Iterable[Optimizer], kept: int = 0) -> Memory:
    """What there is now: call it after a step, when gradients and states are there."""
    found = Memory(kept=kept)
    seen: set[int] = set()
    held = {id(p): p for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}
    own = {id(p): p for model in models for p in model.parameters()}
    for parameter in {**own, **held}.values():
        _add(found.parameters, parameter, seen)
        if parameter.grad is not None:
            _add(found.gradients, parameter.grad, seen)
    for model in models:
        for buffer in model.buffers():
            _add(found.buffers, buffer, seen)
    for optimizer in optimizers:
        for state in optimizer.state.values():
            for value in state.values() if isinstance(state, dict) else ():
                if isinstance(value, Tensor) and value.dim():
                    _add(found.state, value, seen)
    return found


def _add(where: Counter[str], tensor: Tensor, seen: set[int]) -> None:
    if id(tensor) not in seen:
        seen.add(id(tensor))
        where[str(tensor.dtype).removeprefix("torch.")] += tensor.numel() * tensor.element_size()


class Kept:
    """Counts the storages that autograd keeps."""

    def __init__(self) -> None:
        self._storages: dict[int, tuple[StorageWeakRef, int]] = {}

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Inside of it, what is kept for backward is noted; it is kept as ever."""
        with saved_tensors_hooks(self._note, _same):
            yield

    def _note(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._storages:
            ref = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
            self._storages[storage._cdata] = ref, storage.nbytes()
        return tensor

    def alive(self, without: Iterable[Tensor]) -> int:
        """Bytes that are kept now, but for those of some tensors, the parameters. Forgets them."""
        known = {each.untyped_storage()._cdata for each in without}
        left = {key: found for key, found in self._storages.items() if key not in known}
        self._storages.clear()
        alive = (size for ref, size in left.values() if not ref.expired())  # type: ignore[no-untyped-call]
        return sum(alive)


def _same(kept: Any) -> Any:
    return kept
