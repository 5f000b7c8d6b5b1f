"""The checks on objects that somebody hands over: one look, without taps on torch but for one run of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch.nn import Module
from torch.nn.parallel import DistributedDataParallel
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from hplint.runtime import events
from hplint.runtime.checking import Problem
from hplint.runtime.checks import all_checks
from hplint.runtime.fake.memory import Memory
from hplint.runtime.fake.once import pretended
from hplint.runtime.held import ownership_problems
from hplint.runtime.places import Place
from hplint.runtime.session import Session
from hplint.runtime.streams import states
from hplint.runtime.taps.wrapping import Function
from hplint.runtime.untouched import untouched


@dataclass(frozen=True)
class Objects:
    """What was handed over."""

    model: Module | None = None
    optimizers: list[Optimizer] = field(default_factory=list)
    schedulers: list[LRScheduler] = field(default_factory=list)
    loader: DataLoader[Any] | None = None
    loss: Callable[..., Any] | None = None
    batch: Any = None
    steps: int | None = None
    fake: bool = False
    """Whether the model is run without numbers."""


def problems_of(given: Objects, place: Place | None) -> tuple[list[Problem], Memory | None]:
    """Everything that is wrong with them, at ``place``, and what a step needs where that was counted."""
    session = Session(all_checks())
    session.world.once = True
    session.world.progress.given = given.steps
    others = states(given.loader.dataset) if given.loader is not None else None
    with untouched(given.model, others, values=not given.fake):
        _introduce(session, given)
        if given.model is not None and given.batch is not None:
            _run(session, given.model, given)
        session.finish()
    problems = [*_relations(given), *session.problems()]
    found = list(dict.fromkeys(replace(each, at=place, related=()) for each in problems))
    return found, session.world.memory


def _introduce(session: Session, given: Objects) -> None:
    world = session.world
    if given.model is not None:
        world.ran[given.model] = None
    for optimizer in given.optimizers:
        record = world.optimizers.add(optimizer, None)
        session.emit(events.OptimizerBuilt, None, optimizer=optimizer, record=record)
    for scheduler in given.schedulers:
        schedule = world.schedulers.add(scheduler, None)
        session.emit(events.SchedulerBuilt, None, scheduler=scheduler, record=schedule)
    if given.loader is not None:
        loader = world.loaders.add(given.loader, None)
        session.emit(events.LoaderBuilt, None, loader=given.loader, record=loader)


def _run(session: Session, model: Module, given: Objects) -> None:
    """One run of the model, and of the loss, with what they tell of themselves."""
    if any(is_lazy(each) for each in (*model.parameters(), *model.buffers())):
        return  # It would get its parameters by this.
    if isinstance(model, DistributedDataParallel):
        model = model.module  # The other processes do not take part.
    if given.fake:
        with pretended(session, model) as count:
            value = _watched(session, model, given)
            if value is not None:
                count(value, given.optimizers)
    else:
        _watched(session, model, given)


def _watched(session: Session, model: Module, given: Objects) -> torch.Tensor | None:
    """Run the model, and the loss if there is one: its value where that can be differentiated."""
    session.install()
    try:
        with torch.enable_grad():
            output, target = _forward(model, given.batch)
            value = None
            if given.loss is not None and target is not None:
                value = _watched_one(given.loss)(output, target)
            elif isinstance(getattr(output, "loss", None), torch.Tensor):
                value = output.loss
            if isinstance(value, torch.Tensor) and value.requires_grad:
                session.emit(events.BackwardStarts, None, tensors=(value,), inside=None)
                return value
            return None
    finally:
        session.undo()


def _watched_one(loss: Callable[..., Any]) -> Callable[..., Any]:
    """A function of torch's that was taken before the session was installed, as the session watches it."""
    tapped = getattr(torch.nn.functional, getattr(loss, "__name__", ""), None)
    return tapped if isinstance(tapped, Function) and tapped.stands_for(loss) else loss


def _forward(model: Module, batch: Any) -> tuple[Any, Any]:
    """The output for a batch, and the target in it if there is one."""
    if isinstance(batch, Mapping):
        return model(**batch), None
    if isinstance(batch, (tuple, list)) and len(batch) > 1:
        return model(*batch[:-1]), batch[-1]
    return model(batch[0] if isinstance(batch, (tuple, list)) else batch), None


def _relations(given: Objects) -> Iterator[Problem]:
    """What concerns several of the objects."""
    if given.model is not None and given.optimizers:
        yield from ownership_problems(given.model, given.optimizers)
    for optimizer in given.optimizers:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            kind = type(optimizer).__name__
            message = f"all {len(parameters)} parameters of `{kind}` have `requires_grad=False`: no step changes one"
            yield Problem("empty-or-frozen-params", message)
    for scheduler in given.schedulers if given.optimizers else ():
        if not any(_drives(scheduler, optimizer) for optimizer in given.optimizers):
            kinds = " and ".join(f"`{type(each).__name__}`" for each in given.optimizers)
            message = (
                f"`{type(scheduler).__name__}` changes the rate of another optimizer than the {kinds} given here, "
                "whose rate stays as it is"
            )
            yield Problem("scheduler-wrong-optimizer", message)


def _drives(scheduler: LRScheduler, optimizer: Optimizer) -> bool:
    at: Any = getattr(scheduler, "optimizer", None)
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        if at is optimizer or getattr(at, "param_groups", None) is optimizer.param_groups:
            return True
        seen.add(id(at))
        at = getattr(at, "optimizer", None)
    return False
