"""Gradient scalers in training steps: which losses are scaled, and what a scaler steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.events import Event, EventKind, Role
from hplint.facts.makers import made_by
from hplint.facts.syntax import Attribute, Call, Expr, Literal, Name, Node
from hplint.facts.training import TrainingStep
from hplint.facts.tree import last_name, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_SCALING = regex(r"scal(e|er|ed|ing)|amp|backward", re.IGNORECASE)


def _doer(step: TrainingStep, event: Event) -> tuple[File, Node]:
    """What really does an event, and the module that it stands in."""
    return event.elsewhere or (step.file, event.at)


def scaler_of(step: TrainingStep, event: Event) -> Expr | None:
    """The gradient scaler that steps an optimizer, where one does and is switched on, as far as is known."""
    file, call = _doer(step, event)
    if event.kind is not EventKind.STEP or not isinstance(call, Call) or not isinstance(call.func, Attribute):
        return None
    scaler = call.func.value
    if not call.args or file.receivers.role(scaler) is not Role.SCALER or is_off(file, scaler):
        return None
    return scaler


def is_off(file: File, scaler: Expr) -> bool:
    """Whether a scaler may be one that is always switched off, or is of a class of the project."""
    for call in made_by(file, scaler):
        bound = file.bound(call)
        if bound is None or not bound.name.startswith("torch."):
            return True
        enabled = bound.argument("enabled").value.single
        if enabled is not None and not enabled.constant:
            return True
    return False


def is_scaled(step: TrainingStep, event: Event) -> bool | None:
    """Whether the loss of a ``backward`` is scaled; None when that is not certain."""
    file, call = _doer(step, event)
    if not isinstance(call, Call) or not isinstance(call.func, Attribute):
        return None
    loss = call.func.value
    if call.args:
        return None
    if isinstance(loss, Name):
        values = [each.value for each in file.names.reaching(loss)]
        if not values or any(value is None for value in values):
            return None
        if len(values) == 1 and _scales(file, values[0]):
            return True
        return None if any(_SCALING.search(file.source(value)) for value in values if value) else False
    if _scales(file, loss):
        return True
    return None if not isinstance(loss, Call) or _SCALING.search(file.source(loss)) else False


def _scales(file: File, loss: Node | None) -> bool:
    """Whether an expression is what ``scaler.scale(...)`` gives back."""
    if not isinstance(loss, Call) or not isinstance(loss.func, Attribute) or loss.func.attr != "scale":
        return False
    scaler = loss.func.value
    return file.receivers.role(scaler) is Role.SCALER and not is_off(file, scaler)


def _rate_limited(event: Event) -> frozenset[tuple[str, bool, int]]:
    """The conditions of an event that let it happen every few rounds only: ``if i % 4 == 0``."""
    return frozenset(guard.key for guard in event.guards if "%" in guard.text)


def always_together(computed: Event, use: Event) -> bool:
    """Whether a step happens wherever the gradients are computed, but for every few rounds."""
    known = {guard.key for guard in computed.guards} | _rate_limited(use)
    return all(guard.key in known for guard in use.guards) and computed.loops == use.loops


def steps_itself(step: TrainingStep, use: Event) -> bool:
    """Whether it is the optimizer itself that steps, of which a scaler knows nothing."""
    file, call = _doer(step, use)
    return use.role is Role.OPTIMIZER and file.source(call).endswith(".step()")


def unscaled_twice(step: TrainingStep) -> Iterator[tuple[Event, Event, bool]]:
    """The gradients that are unscaled again before the scaler is updated, with what comes before or after.

    True: the other event is an earlier ``unscale_``; False: it is an update that happens every few rounds only.
    """
    for position, use in enumerate(step.events):
        if use.kind is not EventKind.UNSCALE or use.target is None:
            continue
        if any(re.search("scal|stage|state", guard.text) for guard in use.guards):
            continue  # it asks whether that is done
        before = _unscaled_before(step.events[:position], use)
        if before is not None:
            yield use, before, True
            continue
        later = step.events[position + 1 :]
        updates = [each for each in later if each.kind is EventKind.UPDATE_SCALER]
        steps = [each for each in later if each.kind is EventKind.STEP and same_optimizer(each, use)]
        rare = all(_rate_limited(each) - _rate_limited(use) for each in (*updates, *steps))
        if updates and steps and rare and not step.opaque and not use.loops:
            yield use, updates[0], False


def _unscaled_before(earlier: tuple[Event, ...], use: Event) -> Event | None:
    for event in reversed(earlier):
        if event.excludes(use):
            continue
        if event.kind in (EventKind.UPDATE_SCALER, EventKind.STEP, EventKind.UNKNOWN):
            return None
        if event.kind is EventKind.UNSCALE and event.target == use.target and event.loops == use.loops:
            return event
    return None


def same_optimizer(one: Event, other: Event) -> bool:
    """Whether two events may be about the same optimizer."""
    return one.target is None or other.target is None or one.target == other.target


def of_another_model(step: TrainingStep, clip: Event, use: Event) -> bool:
    """Whether what is clipped is another model than those of the optimizer, which are named in the same function."""
    if clip.target is None or not use.models or clip.target in (*use.models, use.target):
        return False
    text = step.file.text if step.function is None else step.file.source(step.function)
    return any(re.search(rf"\b{re.escape(model)}\b", text) for model in use.models)


def measures_only(file: File, clip: Event) -> bool:
    """Whether the limit is infinite, so that only the returned norm can be meant."""
    call = clip.at
    given = [arg.value for arg in call.args if arg.keyword in (None, "max_norm")][-1:] if isinstance(call, Call) else []
    return any("inf" in file.source(part).lower() for limit in given for part in walk(limit) if _plain(part))


def _plain(part: Node) -> bool:
    return isinstance(part, Name | Attribute | Literal) and bool(last_name(part) or isinstance(part, Literal))


def handed_around(file: File, scaler: Expr) -> bool:
    """Whether a scaler is given to code that may update it unseen, or its update is written anywhere."""
    name = last_name(scaler)
    for call in file.every(Call):
        func = call.func
        if isinstance(func, Attribute) and func.attr == "update" and last_name(func.value) == name:
            return True
        if any(last_name(arg.value) == name for arg in call.args):
            return True
    return False
