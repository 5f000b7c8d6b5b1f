"""What the user hands over, brought to plain torch optimizers and modules; what is neither is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch.nn import Module
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.utils.data import DataLoader


def optimizers_of(given: Optimizer | Iterable[Optimizer] | None) -> list[Optimizer]:
    """The optimizers that were given, without their wrappers and without repetitions."""
    if given is None:
        return []
    several = [given] if isinstance(given, Optimizer) or not isinstance(given, Iterable) else list(given)
    return list({id(each): each for each in map(_unwrapped, several)}.values())


def module_of(given: object) -> Module:
    """The model that was given."""
    if not isinstance(given, Module):
        raise TypeError(f"`model` is no torch.nn.Module but {type(given).__name__}")
    return given


def schedulers_of(given: object) -> list[LRScheduler]:
    """The schedulers that were given, without their wrappers and without repetitions."""
    if given is None:
        return []
    several = list(given) if isinstance(given, (list, tuple, set)) else [given]
    return list({id(each): each for each in map(_plain_scheduler, several)}.values())


def _plain_scheduler(given: Any) -> LRScheduler:
    inner = given if isinstance(given, (LRScheduler, ReduceLROnPlateau)) else getattr(given, "scheduler", None)
    if not isinstance(inner, (LRScheduler, ReduceLROnPlateau)):
        raise TypeError(f"`scheduler` is no scheduler of torch.optim.lr_scheduler but {type(given).__name__}")
    return inner


def loader_of(given: object) -> DataLoader[Any]:
    """The data loader that was given."""
    if not isinstance(given, DataLoader):
        raise TypeError(f"`loader` is no torch.utils.data.DataLoader but {type(given).__name__}")
    return given


def loss_of(given: object) -> Callable[..., Any]:
    """The loss function that was given."""
    if not callable(given):
        raise TypeError(f"`loss` cannot be called: it is {type(given).__name__}")
    return given


def steps_of(given: object) -> int:
    """The number of steps that was given."""
    if not isinstance(given, int) or isinstance(given, bool):
        raise TypeError(f"`steps` is no whole number but {type(given).__name__}")
    if given < 1:
        raise ValueError(f"`steps` is {given}: a run has at least one")
    return given


def _unwrapped(given: object) -> Optimizer:
    """The optimizer inside accelerate's, Lightning's and similar wrappers, which need not be optimizers themselves."""
    seen: set[int] = set()
    while id(given) not in seen and isinstance(inner := getattr(given, "optimizer", None), Optimizer):
        seen.add(id(given))
        given = inner
    if not isinstance(given, Optimizer):
        raise TypeError(f"`optimizer` is no torch.optim.Optimizer but {type(given).__name__}")
    return given


def torch_name(optimizer: Optimizer) -> str:
    """The short name of the torch optimizer that this is or derives from (``Adam``), empty if there is none."""
    for kind in type(optimizer).__mro__:
        if kind is not Optimizer and kind.__module__.startswith("torch.optim"):
            return kind.__name__
    return ""


def is_torchs_own(optimizer: Optimizer) -> bool:
    """Whether the class itself is one of ``torch.optim``, so that no subclass gives meaning to other options."""
    return type(optimizer).__module__.startswith("torch.optim")
