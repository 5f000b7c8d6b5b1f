"""What one call or assignment does to gradients and weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from hplint.facts.events import Event, EventKind, Grad, Role
from hplint.facts.receivers import Receivers, role_by_name, words
from hplint.facts.syntax import Assign, Attribute, AugAssign, Call, Expr, FunctionDef, Lambda, Literal, Name, Node
from hplint.facts.tree import is_self, last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_CLIPS = frozenset(
    {"clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", "clip_grads_with_norm_", "dispatch_clip_grad"}
)
_METHODS = frozenset({"zero_grad", "backward", "manual_backward", "unscale_", "update", "step"})
_GRADIENT_WRITES = frozenset({"add_", "sub_", "copy_", "mul_", "div_", "fill_", "set_"})
_ACTING = _METHODS | _CLIPS | _GRADIENT_WRITES | {"clip_gradients", "zero_", "clamp_"}
_SEEN_LIBRARIES = ("torch.", "builtins.", "numpy.", "transformers.", "tqdm.")
_HARMLESS = regex(
    r"lr|rate|save|load|log|loggers?|print|len|is\w*|state|dict|sched\w*|warm\w*|wrap\w*|prepare|setup|scale|hasattr|"
    r"getattr|id|type|str|repr|format|append|extend|checkpoint\w*|resume|evaluate|test|valid\w*|init\w*|get|set|build|"
    r"create|make|smart|instantiate|register|watch|check|step|no|requires|record|attach|enable|retain|norm|sync|iters|"
    r"partial|process|copy|deepcopy|clone|master"
)
"""Words in the names of functions that may be handed an optimizer, or speak of gradients, and do not step or clear."""
_COMPUTE = regex(r"backwards?|backprop\w*|unscale")
_WORKERS = regex(r"optimi[sz]e|autograd|grads?|gradients?")
"""Words in the names of functions that are not seen and may compute or clear gradients."""
_STEPS = regex(
    r"(first|second)_step|(train|update|optimi[sz]\w*)_(step|batch|params|parameters|weights|model|net|network)\w*"
)

_WITHOUT_GRADIENTS = frozenset(
    {"torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad", "torch.autograd.grad_mode.no_grad"}
    | {"torch.autograd.inference_mode", "torch.autograd.grad_mode.inference_mode"}
)
_SWITCHES = regex(r"grad|eval|infer|mode|predict", re.IGNORECASE)
"""Words in the names of context managers and decorators that may do the same."""


@value_record
class Effect:
    """An event as its own line tells it, without loops and conditions.

    ``pending``: the ``step`` of a parameter, which a caller may know to be an optimizer. ``each``: it is done to one
    parameter of the target, and the loop around it goes over all of them.
    """

    event: Event
    pending: bool = False
    each: bool = False


class Effects:
    """Tells what the calls and assignments of one file do.

    ``WORDS``: a module whose text holds none of these does nothing.
    """

    WORDS: ClassVar[tuple[str, ...]] = ("backward", "zero_grad", ".step(", ".grad", "clip_grad")

    def __init__(self, file: File, receivers: Receivers) -> None:
        self._file = file
        self._receivers = receivers

    def of_store(self, target: Expr, statement: Assign | AugAssign) -> Effect | None:
        """``p.grad = None`` clears, ``p.grad = …`` writes."""
        gradient = gradient_of(target)
        if gradient is None:
            return None
        value = statement.value
        clears = isinstance(statement, Assign) and isinstance(value, Literal) and value.value is None
        return self._of_parameter(EventKind.ZERO_GRAD if clears else EventKind.WRITE_GRAD, gradient, statement)

    def stores(self) -> Iterator[Assign | AugAssign]:
        """The assignments that :meth:`of_store` has something to say about."""
        statements: tuple[Assign | AugAssign, ...] = (*self._file.all(Assign), *self._file.all(AugAssign))
        for statement in statements:
            for target in targets_of(statement):
                if isinstance(target, Attribute) and gradient_of(target) is not None:
                    yield statement

    def records_gradients(self, context: Expr) -> Grad | None:
        """What a context manager or decorator does to the recording of gradients; None for nothing."""
        called = context.func if isinstance(context, Call) else context
        name = self._file.qualified(called) or ""
        if name in _WITHOUT_GRADIENTS:
            return Grad.OFF
        if name == "torch.enable_grad":
            return Grad.ON
        if name == "torch.set_grad_enabled" and isinstance(context, Call) and context.args:
            given = self._file.value(context.args[0].value).single
            return Grad.UNSURE if given is None else Grad.ON if given.constant else Grad.OFF
        return Grad.UNSURE if name == "torch.set_grad_enabled" or _SWITCHES.search(last_name(called)) else None

    def acting(self, calls: Mapping[str, Sequence[Call]]) -> Iterator[Call]:
        """Those of some calls, by the last part of what is called, that may have an effect.

        A quick test: :meth:`of_call` says None of all others, and of some of these too.
        """
        for name, same in calls.items():
            speaks = name in _ACTING or _speaks_of_gradients(name)
            if speaks:
                yield from same
            elif speaks is None:
                yield from (call for call in same if call.args and self._handed_optimizer(call))

    def of_call(self, call: Call) -> Effect | None:
        """The effect of a call that is not one of a helper in this file."""
        if isinstance(call.func, Attribute):
            gradient = gradient_of(call.func.value)
            if gradient is not None:
                return self._of_gradient_method(call, call.func.attr, gradient)
            found = self._of_method(call, call.func.attr, call.func.value)
            if found is not None:
                return found
        name = last_name(call.func)
        if name in _CLIPS or (name == "clip_gradients" and len(call.args) > 1):
            target = self._receivers.owner(call.args[0].value) if call.args else None
            return Effect(Event(EventKind.CLIP, target, call))
        return Effect(Event(EventKind.UNKNOWN, None, call)) if self._unseen(call, name) else None

    def is_parameter(self, expr: Expr) -> bool:
        """Whether an expression is a bare parameter of a function."""
        return isinstance(expr, Name) and any(
            binding.parameter is not None for binding in self._receivers.bindings(expr)
        )

    def _of_method(self, call: Call, method: str, receiver: Expr) -> Effect | None:
        match method:
            case "zero_grad":
                return self._effect(EventKind.ZERO_GRAD, receiver, call)
            case "backward" | "manual_backward":
                return self._effect(EventKind.BACKWARD, self._loss(call, receiver), call)
            case "unscale_" if call.args:
                return self._effect(EventKind.UNSCALE, call.args[0].value, call)
            case "update" if self._receivers.role(receiver) is Role.SCALER:
                return self._effect(EventKind.UPDATE_SCALER, receiver, call)
            case "step":
                return self._step(call, receiver)
        return None

    def _loss(self, call: Call, receiver: Expr) -> Expr:
        """What is differentiated by ``loss.backward()``, ``accelerator.backward(loss)`` and their like."""
        loss = receiver
        if call.args:
            given = call.args[0].value
            takes_over = self._receivers.role(receiver) in (Role.ACCELERATOR, Role.ENGINE) or is_self(receiver)
            of_torch = (self._file.qualified(receiver) or "").startswith("torch.")
            named = "loss" in words(last_name(given)) and "loss" not in words(last_name(receiver))
            loss = given if takes_over or of_torch or named else loss
        if isinstance(loss, Call) and last_name(loss.func) == "scale" and loss.args:
            return loss.args[0].value
        return loss

    def _step(self, call: Call, receiver: Expr) -> Effect | None:
        role = self._receivers.role(receiver)
        closure = bool(call.args) and self._is_closure(call.args[0].value)
        if role is Role.SCALER and call.args:
            return self._effect(EventKind.STEP, call.args[0].value, call, closure=closure)
        if role is Role.SCHEDULER:
            diffusion = sum(arg.keyword is None for arg in call.args) > 1  # its schedulers take a sample and more
            return None if diffusion else self._effect(EventKind.SCHEDULER_STEP, receiver, call)
        if role in (Role.OPTIMIZER, Role.ENGINE):
            return self._effect(EventKind.STEP, receiver, call, closure=closure)
        if role is None and self.is_parameter(receiver) and not is_self(receiver):
            return self._effect(EventKind.STEP, receiver, call, pending=True, closure=closure)
        if role is None and not call.args and not is_self(receiver):
            return Effect(Event(EventKind.UNKNOWN, None, call))
        return None

    def _is_closure(self, expr: Expr) -> bool:
        local = isinstance(self._file.definition(expr), FunctionDef)
        return isinstance(expr, Lambda) or local or last_name(expr) == "closure"

    def _of_gradient_method(self, call: Call, method: str, gradient: Expr) -> Effect | None:
        if method == "zero_":
            return self._of_parameter(EventKind.ZERO_GRAD, gradient, call)
        if method == "clamp_":
            return self._of_parameter(EventKind.CLIP, gradient, call)
        return self._of_parameter(EventKind.WRITE_GRAD, gradient, call) if method in _GRADIENT_WRITES else None

    def _of_parameter(self, kind: EventKind, holder: Expr, node: Node) -> Effect:
        """An event of ``holder.grad``."""
        owner = self._receivers.owner(holder)
        role = Role.OPTIMIZER if owner and role_by_name(owner) is Role.OPTIMIZER else Role.MODULE
        return Effect(Event(kind, owner, node, role=role), each=owner is not None and owner != last_name(holder))

    def _unseen(self, call: Call, name: str) -> bool:
        """Whether code that is not seen is called and may compute, clear or apply gradients."""
        speaks = _speaks_of_gradients(name)
        if speaks is False:
            return False
        return self._handed_optimizer(call) if speaks is None else not self._of_seen_library(call)

    def _handed_optimizer(self, call: Call) -> bool:
        """Whether code that is not seen is given an optimizer."""
        handed = [arg.value for arg in call.args if isinstance(arg.value, Name | Attribute)]
        if not handed or self._of_seen_library(call):
            return False
        return any(self._receivers.role(each) in (Role.OPTIMIZER, Role.ENGINE) for each in handed)

    def _of_seen_library(self, call: Call) -> bool:
        return (self._file.qualified(call.func) or "").startswith(_SEEN_LIBRARIES)

    def _effect(
        self, kind: EventKind, target: Expr, call: Call, *, pending: bool = False, closure: bool = False
    ) -> Effect:
        role = None if kind is EventKind.BACKWARD else self._receivers.role(target)
        return Effect(Event(kind, self._receivers.text(target), call, role=role, closure=closure), pending)


@lru_cache(maxsize=4096)
def _speaks_of_gradients(name: str) -> bool | None:
    """Whether the name of a function says that it computes, clears or applies gradients; False if it says that not."""
    parts = words(name)
    if _STEPS.fullmatch(name) or (any(_COMPUTE.fullmatch(part) for part in parts) and "no" not in parts):
        return True
    if any(_HARMLESS.fullmatch(part) for part in parts):
        return False
    return True if any(_WORKERS.fullmatch(part) for part in parts) else None


def targets_of(statement: Assign | AugAssign) -> tuple[Expr, ...]:
    """What an assignment writes to."""
    return statement.targets if isinstance(statement, Assign) else (statement.target,)


def gradient_of(expr: Expr) -> Expr | None:
    """``p`` of ``p.grad`` and ``p.grad.data``."""
    if isinstance(expr, Attribute) and expr.attr == "data":
        expr = expr.value
    if not isinstance(expr, Attribute) or expr.attr != "grad":
        return None
    holder = expr.value
    return holder.value if isinstance(holder, Attribute) and holder.attr == "data" else holder
