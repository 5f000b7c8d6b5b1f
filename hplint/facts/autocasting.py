"""Automatic mixed precision: in which precision ``autocast`` works, and whether a loss is scaled for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.calls import BoundCall, Presence
from hplint.facts.cut_graphs import handed
from hplint.facts.events import EventKind
from hplint.facts.loss_calls import loss_class
from hplint.facts.makers import calls_of, parameter_given
from hplint.facts.syntax import Attribute, Binding, Call, Name, Node
from hplint.facts.training import TrainingStep
from hplint.facts.tree import inside, last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

AUTOCASTS = frozenset({"torch.amp.autocast", "torch.cuda.amp.autocast", "torch.cpu.amp.autocast"})
_OTHERS_SCALE = regex(r"scal(e|er|ing)|accelerat|deepspeed|fabric|apex|bf16|bfloat16|engine|loss_multiplier", re.I)


@lru_cache(maxsize=1)
def autocasts(file: File) -> tuple[BoundCall, ...]:
    """Every construction of an ``autocast`` in a file."""
    return tuple(call for call in file.calls if call.name in AUTOCASTS and not call.via)


def autocast_type(file: File, call: BoundCall) -> str | None:
    """``float16`` or ``bfloat16``, None where that is not certain."""
    given = call.argument("dtype")
    if given.presence is Presence.UNKNOWN:
        return None
    if given.node is not None:
        value = given.node.value
        known = file.assigned(value) if isinstance(value, Name) else value
        name = file.qualified(known) if known is not None else None
        return name.removeprefix("torch.") if name in ("torch.float16", "torch.bfloat16") else _alias(name)
    if call.name == "torch.cpu.amp.autocast":
        return "bfloat16"
    device = "cuda" if call.name.startswith("torch.cuda") else _device(call)
    return {"cuda": "float16", "cpu": "bfloat16"}.get(device or "")


def _alias(name: str | None) -> str | None:
    return "float16" if name == "torch.half" else None


def _device(call: BoundCall) -> str | None:
    single = call.argument("device_type").value.single
    return single.constant if single is not None and isinstance(single.constant, str) else None


def is_on(call: BoundCall) -> bool:
    """Whether ``enabled`` is left out or certainly true."""
    enabled = call.argument("enabled")
    if enabled.presence is not Presence.PRESENT:
        return enabled.presence is Presence.ABSENT
    single = enabled.value.single
    return single is not None and single.constant is True


def unscaled_halves(step: TrainingStep) -> Iterator[tuple[Node, BoundCall]]:
    """The ``backward`` calls whose loss is computed in float16 and that nothing scales, with the ``autocast``.

    What is differentiated is certainly not scaled where it is what a loss of torch gives. Any other may be, by code
    that is not in view.
    """
    file = step.file
    if "autocast" not in file.text:
        return
    halves = [call for call in autocasts(file) if autocast_type(file, call) == "float16" and is_on(call)]
    for event in step.events if halves else ():
        call = event.at
        if event.kind is not EventKind.BACKWARD or event.elsewhere is not None:
            continue
        loss = (
            call.func.value if isinstance(call, Call) and isinstance(call.func, Attribute) and not call.args else None
        )
        if isinstance(loss, Name) and event.via is not None:
            loss = handed(file, event, loss)
        binding = _last(file, loss) if isinstance(loss, Name) else None
        around = _around(file, binding, halves) if binding is not None else None
        if binding is not None and around is not None and (_is_loss(file, binding) or not _others_scale(file)):
            yield event.node, around


def _others_scale(file: File) -> bool:
    return file.uses_project or _OTHERS_SCALE.search(file.text) is not None


def _is_loss(file: File, binding: Binding) -> bool:
    return isinstance(binding.value, Call) and binding.path == () and loss_class(file, binding.value) is not None


def _last(file: File, name: Name) -> Binding | None:
    """What sets a name last before it is read."""
    found = file.names.lookup(name.id, name.scope)
    before = [each for each in found[1] if each.end <= name.start] if found is not None else []
    return max(before, key=lambda each: each.start, default=None)


def _around(file: File, node: Node, halves: list[BoundCall]) -> BoundCall | None:
    """The ``autocast`` that a record stands in."""
    for statement in file.every(syntax.With):
        for context, _ in statement.items if inside(node, statement) else ():
            for call in halves:
                if call.node is context:
                    return call
    return None


def halved_models(file: File, optimizer: BoundCall) -> Iterator[Call]:
    """Where a model is turned to float16 before its parameters are given to an optimizer, in the same function.

    The optimizer may be made by a helper that is given the model.
    """
    given = optimizer.argument("params").node
    owner = None if given is None else file.receivers.owner(given.value)
    if owner is None:
        return
    places = [(optimizer.node, owner)]
    function = file.callers.function_around(optimizer.node)
    if function is not None:
        for outer in calls_of(file, function):
            models = [arg.value for arg in outer.args if parameter_given(file, function, outer, arg) == owner]
            places += [(outer, file.source(model)) for model in models]
    for made, model in places:
        for name in ("half", "to"):
            for call in file.callers.by_name.get(name, ()):
                if _is_halved(file, call, name, made, model):
                    yield call


def _is_halved(file: File, call: Call, name: str, made: Call, model: str) -> bool:
    """Whether a call turns a model to float16 before, and in the function where, an optimizer is made of it."""
    func = call.func
    if not isinstance(func, Attribute) or call.start > made.start or not _halves(file, call, name):
        return False
    same = file.receivers.text(func.value) == model or _assigns(file, call, model)
    here = file.callers.function_around(call) is file.callers.function_around(made)
    return same and here and not _back(file, call, model)


def _halves(file: File, call: Call, name: str) -> bool:
    if name == "half":
        return not call.args
    return any(file.qualified(arg.value) in ("torch.float16", "torch.half") for arg in call.args)


def _assigns(file: File, call: Call, owner: str) -> bool:
    return any(
        each.value is call and any(file.source(target) == owner for target in each.targets)
        for each in file.every(syntax.Assign)
    )


def _back(file: File, call: Call, owner: str) -> bool:
    """Whether a model is turned to float32 again later, or only inputs of its kind are."""
    later = (*file.callers.by_name.get("float", ()), *file.callers.by_name.get("to", ()))
    return any(
        isinstance(each.func, Attribute)
        and each.start > call.start
        and file.receivers.text(each.func.value) == owner
        and (last_name(each.func) == "float" or any(file.qualified(a.value) == "torch.float32" for a in each.args))
        for each in later
    )
