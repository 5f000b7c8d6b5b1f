"""Training steps: what happens to gradients and weights, in order, where ``backward`` is called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from hplint.facts.syntax import Call, Expr, For, FunctionDef, While

if TYPE_CHECKING:
    from hplint.facts.file import File


class EventKind(Enum):
    """What a call does in a training step."""

    BACKWARD = "backward"
    UNSCALE = "unscale"
    CLIP = "clip"
    STEP = "step"
    SCHEDULER_STEP = "scheduler step"
    ZERO_GRAD = "zero_grad"
    UPDATE_SCALER = "update"


@dataclass(frozen=True, slots=True)
class Guard:
    """An event runs only where ``test`` is ``truth`` (within its step)."""

    test: Expr
    truth: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a step does.

    ``target`` is the dotted text of what it happens to: the optimizer of a step or zero_grad, the model of
    ``model.zero_grad()``, the loss of a backward, the first argument of a clip; None when it cannot be named.
    ``node`` is the call as it stands in the step; ``via`` the call inside a helper of this file that really does it,
    None when ``node`` does. ``guards``: the conditions between the step's block and the event, outermost first.
    ``loops``: number of inner loops around it within the step.
    """

    kind: EventKind
    target: str | None
    node: Call
    guards: tuple[Guard, ...] = ()
    via: Call | None = None
    loops: int = 0


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """The innermost loop body, or else the function body or module, that holds a ``backward``; its events in order.

    ``loop`` is the loop, None where there is none. ``owned``: a framework calls this function and does part of the
    work itself (Lightning, HF Trainer, ignite …), so nothing may be said about what is missing.
    ``opaque``: calls were met that may do any of these things unseen (an optimizer handed to unknown code).
    """

    file: File
    function: FunctionDef | None
    loop: For | While | None
    events: tuple[Event, ...]
    owned: bool
    opaque: bool
