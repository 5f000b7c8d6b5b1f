"""The records of training steps: what happens to gradients and weights, in order, where ``backward`` is called."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hplint.facts.syntax import Expr, For, FunctionDef, Node, While
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File


class Role(Enum):
    """What an object of the training loop is."""

    OPTIMIZER = "optimizer"
    SCHEDULER = "scheduler"
    SCALER = "scaler"
    """A gradient scaler of mixed precision."""
    ACCELERATOR = "accelerator"
    """Accelerate's or Lightning Fabric's object, which takes over ``backward`` and clipping."""
    ENGINE = "engine"
    """DeepSpeed's engine: model, optimizer and scaler in one."""
    MODULE = "module"
    OTHER = "other"
    """It is known to be something else."""


class EventKind(Enum):
    """What happens in a training step."""

    BACKWARD = "backward"
    UNSCALE = "unscale"
    CLIP = "clip"
    STEP = "step"
    SCHEDULER_STEP = "scheduler step"
    ZERO_GRAD = "zero_grad"
    UPDATE_SCALER = "update"
    WRITE_GRAD = "write"
    """Gradients are written by hand: ``p.grad = …``, ``p.grad.add_(…)``."""
    EVAL = "eval"
    """A model is put into evaluation mode."""
    TRAIN = "train"
    """A model is put into training mode, or is new and therefore in it."""
    FORWARD = "forward"
    """A model is called."""
    UNKNOWN = "unknown"
    """Code that is not seen is called and may do any of these things."""

    @property
    def may_bring_gradients(self) -> bool:
        """Whether there may be gradients afterwards that were not there before."""
        return self in (EventKind.BACKWARD, EventKind.WRITE_GRAD, EventKind.UNKNOWN)


class Grad(Enum):
    """Whether gradients are recorded where something happens: ``torch.no_grad`` and its like switch it off."""

    ON = "on"
    OFF = "off"
    UNSURE = "unsure"


@value_record
class Guard:
    """An event runs only where ``test`` is ``truth``; in a ``match``, where its subject takes the ``case``-th case.

    ``text`` is the test without leading ``not``, in the words of the step's function.
    """

    test: Expr
    truth: bool
    text: str
    case: int = 0

    @property
    def key(self) -> tuple[str, bool, int]:
        """Equal for conditions that say the same, wherever they stand."""
        return (self.text, self.truth, self.case)

    def excludes(self, other: Guard) -> bool:
        """Whether both cannot hold."""
        return self.text == other.text and self.key != other.key


@value_record
class Event:
    """One thing that a step does.

    ``target`` is the dotted text of what it happens to: the optimizer of a step or zero_grad, the model of
    ``model.zero_grad()``, the loss of a backward, what a clip is given; None when it cannot be named. ``role`` says
    what the target is, None when that is not known. ``models`` are the models whose parameters were given to the
    target, where that is an optimizer constructed in this file.
    ``node`` is the call or assignment as it stands in the step; ``via`` what really does it inside a helper of this
    file, None when ``node`` does. ``guards``: the conditions between the step's block and the event, outermost first.
    ``loops``: where the inner loops around it within the step start, outermost first.
    ``closure``: a step that is given a closure, which clears and computes the gradients itself.
    ``grad``: whether gradients are recorded there. ``elsewhere``: what does it in another module, with that
    module, where ``node`` and ``via`` are calls of a function there.
    """

    kind: EventKind
    target: str | None
    node: Node
    guards: tuple[Guard, ...] = ()
    via: Node | None = None
    loops: tuple[int, ...] = ()
    role: Role | None = None
    models: tuple[str, ...] = ()
    closure: bool = False
    grad: Grad = Grad.ON
    elsewhere: tuple[File, Node] | None = None

    @property
    def at(self) -> Node:
        """What really does it: in the step or in a helper."""
        return self.via or self.node

    def excludes(self, other: Event) -> bool:
        """Whether one of two events never runs where the other does: the branches of one condition."""
        if not self.guards or not other.guards:
            return False
        theirs = {guard.text: guard for guard in other.guards}
        return any(guard.excludes(theirs[guard.text]) for guard in self.guards if guard.text in theirs)

    def always_before(self, other: Event) -> bool:
        """Whether this event, which stands first, has run whenever the other runs."""
        known = {guard.key for guard in other.guards}
        return all(guard.key in known for guard in self.guards) and self.loops == other.loops[: len(self.loops)]


@value_record
class TrainingStep:
    """A block that holds a ``backward``, and its events in order.

    The block is the innermost loop body that holds a ``backward`` and the step of an optimizer too, or else the body
    of the function or module if that does, or else the innermost loop (or function) around the ``backward``.
    ``loop`` is the loop, None where there is none. ``owned``: a framework calls this function and does part of the
    work itself (Lightning, HF Trainer, ignite …), so nothing may be said about what is missing.
    ``opaque``: calls were met that may do any of these things unseen.
    """

    file: File
    function: FunctionDef | None
    loop: For | While | None
    events: tuple[Event, ...]
    owned: bool
    opaque: bool

    def between(self, first: Event, last: Event) -> tuple[Event, ...]:
        """The events after ``first`` and before ``last``."""
        events = self.events
        return events[events.index(first) + 1 : events.index(last)]

    def in_inner_loop(self) -> bool:
        """Whether gradients are computed and applied in one inner loop, which is a step of its own."""
        used = [event.loops[:1] for event in self.events if event.kind in (EventKind.BACKWARD, EventKind.STEP)]
        return () not in used and len(set(used)) == 1

    @staticmethod
    def belongs_elsewhere(*events: Event) -> bool:
        """Whether events all lie in one inner loop or in one call of a helper, which is a step of its own."""
        loops = {event.loops[:1] for event in events}
        calls = {event.node.start if event.via else None for event in events}
        return (len(loops) == 1 and loops != {()}) or (len(calls) == 1 and calls != {None})
