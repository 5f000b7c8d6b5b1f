"""Whether a training loop clears its gradients, and whether all that could clear them is in view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.definitions import class_of
from hplint.facts.events import Event, EventKind, Role
from hplint.facts.makers import made_by
from hplint.facts.syntax import Attribute, Call, Expr, FunctionDef, Name, Node
from hplint.facts.training import TrainingLoop, TrainingStep
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_CLEARING = regex(r"(zero|clear|reset|null)\w*grad|grad\w*_(zero|clear|reset)|set_to_none", re.IGNORECASE)
_LIBRARIES = regex(r"torch\.optim\.[A-Z]\w*|transformers\.(\w+\.)*(AdamW|Adafactor)|bitsandbytes\.optim\.\w+")
_ACTS = regex(r"step|update|apply|reset|clear|run|train", re.IGNORECASE)
_HOOKS = ("register_post_accumulate_grad_hook", "register_step_post_hook", "register_step_pre_hook")


@value_record
class Uncleared:
    """An optimizer that steps in a loop which never clears its gradients.

    ``certain``: its construction is in view, and it is a library's; else it is only called an optimizer.
    ``elsewhere``: what clears its gradients before or after the loop.
    """

    backward: Event
    step: Event
    certain: bool
    elsewhere: Event | None


def never_cleared(loop: TrainingLoop) -> Iterator[Uncleared]:
    """The optimizers whose gradients a loop never clears; none where anything unseen may do it."""
    step = loop.step
    body, file = step.loop, step.file
    if body is None or step.owned or step.opaque or _runs_once(file, body) or any(map(file.text.__contains__, _HOOKS)):
        return
    told: set[str | None] = set()
    for at, event in enumerate(step.events):
        if event.kind is not EventKind.STEP or event.role is not Role.OPTIMIZER or event.target in told:
            continue
        told.add(event.target)
        computed = [*_in_closure(file, event)] if event.closure else _computed(step.events[:at], event)
        if not computed or any(may_clear(each, event) for each in step.events):
            continue
        certain = _certain(file, event, body)
        if certain is not None and not _mentioned(loop.step, body, event):
            elsewhere = next((each for each in loop.outside if may_clear(each, event)), None)
            yield Uncleared(computed[0], event, certain, elsewhere)


def _computed(earlier: tuple[Event, ...], step: Event) -> list[Event]:
    """The ``backward`` calls before a step that no other step has used."""
    found: list[Event] = []
    for event in reversed(earlier):
        if event.kind is EventKind.STEP and found:
            break
        if event.kind is EventKind.BACKWARD and not event.excludes(step):
            found.insert(0, event)
    return found


def _in_closure(file: File, step: Event) -> Iterator[Event]:
    """The ``backward`` of the function that an optimizer's step is given, if that clears no gradients."""
    call = step.at
    closure = file.definition(call.args[-1].value) if isinstance(call, Call) and call.args else None
    for inner in file.steps if closure is not None else ():
        if inner.function is closure and not inner.opaque and not any(may_clear(each, step) for each in inner.events):
            yield from (each for each in inner.events if each.kind is EventKind.BACKWARD)


def may_clear(event: Event, step: Event) -> bool:
    """Whether an event may clear, or overwrite, the gradients that a step uses."""
    if event.kind is EventKind.WRITE_GRAD:
        return True
    if event.kind is not EventKind.ZERO_GRAD:
        return False
    if event.role is not Role.OPTIMIZER or event.target is None or step.target is None or event.target == step.target:
        return True
    if "[" in event.target or not event.models or not step.models:
        return True
    return any(
        own.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{own}.", f"{own}[")) or own == other
        for own in step.models
        for other in event.models
    )


def needs_no_gradients(file: File, step: Event) -> bool:
    """Whether the optimizer that steps is of a class of the project whose ``step`` looks at no gradient."""
    optimizer = None if step.elsewhere is not None else stepped(step)
    for call in made_by(file, optimizer) if optimizer is not None else ():
        found = class_of(file, call.func)
        for part in found[1].body if found is not None else ():
            if found is not None and isinstance(part, FunctionDef) and part.name == "step":
                names = {each.attr for each in walk(part) if isinstance(each, Attribute)}
                return not {"grad", "step", "grads"} & names
    return False


def stepped(event: Event) -> Expr | None:
    """The optimizer of a step as it is written where it steps; None for steps that are given more than they need."""
    call = event.at if event.elsewhere is None else event.elsewhere[1]
    if not isinstance(call, Call) or not isinstance(call.func, Attribute):
        return None
    if not call.args or event.closure:
        return call.func.value
    given = call.args[0].value
    scaled = last_name(call.func.value) and len(call.args) == 1 and isinstance(given, Name | Attribute)
    return given if scaled and "scaler" in last_name(call.func.value).lower() else None


def _certain(file: File, step: Event, loop: Node) -> bool | None:
    """Whether the optimizer of a step is a library's; None if it is none, or may be new in each round."""
    optimizer = stepped(step)
    if step.elsewhere is None:
        return None if optimizer is None or _bound_in(file, optimizer, loop) else _known(file, optimizer, loop)
    receivers = file.receivers
    call = step.node
    given = (
        [arg.value for arg in call.args if receivers.text(arg.value) == step.target] if isinstance(call, Call) else []
    )
    if given:
        return None if _bound_in(file, given[0], loop) else _known(file, given[0], loop)
    bound = not isinstance(call, Call) or _bound_in(file, call.func, loop)
    return None if bound or optimizer is None else _known(step.elsewhere[0], optimizer, None)


def _bound_in(file: File, expr: Expr, loop: Node) -> bool:
    """Whether the object that an expression starts from may be another one in each round of a loop."""
    root = next(part for part in walk(expr) if not isinstance(part, Attribute | syntax.Subscript))
    found = file.names.lookup(root.id, root.scope) if isinstance(root, Name) else None
    return found is None or any(inside(binding, loop) for binding in found[1])


def _known(file: File, optimizer: Expr, loop: Node | None) -> bool | None:
    """The same for an optimizer where it is written."""
    made = made_by(file, optimizer)
    if not made:
        return False if _imports_torch(file) else None
    if loop is not None and any(inside(call, loop) for call in made):
        return None
    others = [call for call in made if not _LIBRARIES.fullmatch(file.qualified(call.func) or "")]
    own = any(last_name(call.func)[:1].isupper() for call in others)  # a class, whose step may clear
    return None if own else not others


def _imports_torch(file: File) -> bool:
    modules = (
        name for each in file.all(syntax.Import) for name in (each.module or "", *(name for name, _ in each.names))
    )
    return any(name.partition(".")[0] == "torch" for name in modules)


def _runs_once(file: File, loop: Node) -> bool:
    """Whether a loop certainly ends in its first round."""
    if isinstance(loop, syntax.For) and isinstance(loop.iter, Call) and last_name(loop.iter.func) == "range":
        rounds = file.value(loop.iter.args[0].value).single if len(loop.iter.args) == 1 else None
        return rounds is not None and rounds.constant == 1
    last = loop.body[-1] if isinstance(loop, syntax.For | syntax.While) else None
    return isinstance(last, syntax.Return) or (isinstance(last, syntax.Simple) and last.kind in ("break", "raise"))


def _mentioned(block: TrainingStep, loop: Node, step: Event) -> bool:
    """Whether code that is not read as an event may clear gradients: a name says so, or the owner is handed on."""
    file = block.file
    receivers = file.receivers
    read = {event.node.func for event in block.events if isinstance(event.node, Call)}
    own = (step.target or "").startswith("self.")
    for part in walk(loop):
        if isinstance(part, Name | Attribute) and part not in read and _CLEARING.search(last_name(part)):
            return True
        if not isinstance(part, Call):
            continue
        if part is not step.node and _ACTS.search(last_name(part.func)) and not file.definition(part.func):
            given = [receivers.text(arg.value) for arg in part.args]
            if step.target in given:
                return True
        if not own:
            continue
        if any(is_self(arg.value) for arg in part.args):
            return True
        func = part.func
        if isinstance(func, Attribute) and is_self(func.value):
            owner = receivers.enclosing_class(part)
            stored = f"self.{func.attr}" in receivers.stores
            if not stored and receivers.method(owner, func.attr) is None:
                return True
    return False
