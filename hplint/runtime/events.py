"""What happens in a program under watch, as records that checks are handed.

Each event has the ``place`` in the user's code that caused it (None where no frame is the user's) and ``step``, the
number of optimizer steps made before it. ``record`` is what is remembered of the object that acts; it stays valid when
the object is gone. Objects themselves are there during the event: a check keeps records, never objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from hplint.records import record
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record


@record
class Event:
    """Something that happened."""

    place: Place | None
    step: int


# --- construction: told when the object is complete, at the next event of any kind


@record
class OptimizerBuilt(Event):
    """An optimizer was constructed, or an unknown one (a copy, one from before) steps for the first time."""

    optimizer: Optimizer
    record: Record[Optimizer]


@record
class SchedulerBuilt(Event):
    """A learning-rate scheduler was constructed."""

    scheduler: LRScheduler
    record: Record[LRScheduler]


@record
class LoaderBuilt(Event):
    """A data loader was constructed."""

    loader: DataLoader[Any]
    record: Record[DataLoader[Any]]


@record
class ScalerBuilt(Event):
    """A gradient scaler was constructed."""

    scaler: Any
    record: Record[Any]


# --- data


@record
class PassStarts(Event):
    """A loader is iterated from its start; ``record.passes`` counts this one."""

    loader: DataLoader[Any]
    record: Record[DataLoader[Any]]


@record
class Batch(Event):
    """A loader has given a batch, the ``number``-th of this pass, from 1."""

    loader: DataLoader[Any]
    record: Record[DataLoader[Any]]
    number: int
    batch: Any


@record
class PassEnds(Event):
    """A loader has no more batches in this pass after ``batches``. ``cut``: because a dry run lets no more through."""

    loader: DataLoader[Any]
    record: Record[DataLoader[Any]]
    batches: int
    cut: bool


# --- models and losses


@record
class Forward(Event):
    """The program has called a module that no other module is running, and has its output."""

    module: Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Any
    training: bool
    grad_enabled: bool
    """Whether autograd was to record it."""


@record
class ModeSet(Event):
    """``train()`` or ``eval()`` was called on a module by the program itself."""

    module: Module
    training: bool


@record
class Loss(Event):
    """A loss function of torch has a result. ``name`` is that in ``torch.nn.functional``.

    ``options`` are its other arguments by name; ``module`` is the loss module that calls it, if one does.
    """

    name: str
    input: Tensor
    target: Tensor
    options: Mapping[str, Any]
    output: Tensor
    module: Module | None


@record
class AlwaysDrops(Event):
    """A dropout function is called without ``training``, in a model in evaluation mode. ``rate``: its ``p``."""

    name: str
    rate: Any


@record
class BackwardStarts(Event):
    """Gradients are about to be computed. ``inside``: the optimizer in whose closure that is."""

    tensors: tuple[Tensor, ...]
    inside: Record[Optimizer] | None


@record
class BackwardEnds(Event):
    """Gradients were computed."""

    tensors: tuple[Tensor, ...]
    inside: Record[Optimizer] | None


# --- gradients


@record
class ZeroGrad(Event):
    """Gradients are about to be cleared: those of an optimizer, or of a module."""

    owner: Optimizer | Module
    record: Record[Optimizer] | None
    """That of the optimizer, None for a module."""


@record
class Clip(Event):
    """Gradients are about to be clipped, ``by`` their ``norm`` or their ``value``; ``limit`` is what was given."""

    by: str
    parameters: tuple[Tensor, ...]
    limit: Any


@record
class Unscale(Event):
    """A scaler is about to unscale the gradients of an optimizer, because the program says so."""

    scaler: Any
    record: Record[Optimizer] | None


@record
class ScaledStep(Event):
    """A scaler is about to step an optimizer, or to skip the step."""

    scaler: Any
    record: Record[Optimizer] | None


@record
class ScalerUpdate(Event):
    """A scaler is about to choose its next scale."""

    scaler: Any


# --- steps


@record
class StepStarts(Event):
    """An optimizer is about to step; ``record.steps`` does not count it yet."""

    optimizer: Optimizer
    record: Record[Optimizer]
    closure: bool


@record
class StepEnds(Event):
    """An optimizer has stepped; ``record.steps`` counts it."""

    optimizer: Optimizer
    record: Record[Optimizer]
    closure: bool


@record
class SchedulerStep(Event):
    """The program is about to step a scheduler; those inside of it count in ``record.steps`` and make no event."""

    scheduler: LRScheduler
    record: Record[LRScheduler]
    metric: Any
    """What ReduceLROnPlateau is given."""


# --- averages of weights


@record
class AverageUpdated(Event):
    """An average has taken in the weights of its model."""

    average: AveragedModel


@record
class AverageRead(Event):
    """Somebody asks an average for its weights or its output; not itself while it takes in others."""

    average: AveragedModel


# --- the end


@record
class Finish(Event):
    """Watching ends. ``complete``: because the program has, not because a dry run stopped it or its window closed."""

    complete: bool
