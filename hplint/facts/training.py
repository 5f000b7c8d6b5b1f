"""Training steps: the blocks of a file where ``backward`` is called, chosen and filled with their events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts.events import Event, EventKind, Guard, Role, TrainingStep
from hplint.facts.summaries import Loop, Summaries, Trace, summaries_of
from hplint.facts.syntax import Call, ClassDef, Comprehension, For, FunctionDef
from hplint.facts.tree import last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

__all__ = ["Event", "EventKind", "Guard", "Role", "TrainingLoop", "TrainingStep", "training_loops", "training_steps"]

_FRAMEWORK_BASES = regex(
    r"(.*\.)?(LightningModule|LightningLite|AutoUnit|TrainUnit|ComposerModel)|"
    r"(transformers|trl|sentence_transformers|catalyst|fastai|ignite|torchtnt|composer)\..*|.*\.Trainer|\w+Trainer"
)
_ESSENTIAL = (EventKind.BACKWARD, EventKind.STEP, EventKind.ZERO_GRAD, EventKind.CLIP, EventKind.WRITE_GRAD)
_HOOKS = frozenset({"training_step", "training_step_end", "optimizer_step", "optimizer_zero_grad", "compute_loss"})


@value_record
class TrainingLoop:
    """A loop that does a training step each time round, itself or through one call of a helper.

    ``step``: what happens in its body; ``outside``: what the function does around the loop, before and after it.
    """

    step: TrainingStep
    outside: tuple[Event, ...]


def training_steps(file: File) -> tuple[TrainingStep, ...]:
    """The training steps of a file, in the order of the text."""
    return tuple(each.step for each in _blocks(file) if _is_own(each.step))


def training_loops(file: File) -> tuple[TrainingLoop, ...]:
    """The training loops of a file, in the order of the text: where the same step is done again and again."""
    return tuple(each for each in _blocks(file) if each.step.loop is not None and not each.step.in_inner_loop())


def _is_own(step: TrainingStep) -> bool:
    """Whether gradients are computed in a block itself: not in a closure, an inner loop or a helper that does all."""
    essential = [event for event in step.events if event.kind in _ESSENTIAL]
    computes = any(event.kind is EventKind.BACKWARD for event in essential)
    return computes and not step.belongs_elsewhere(*essential)


@lru_cache(maxsize=2)
def _blocks(file: File) -> tuple[TrainingLoop, ...]:
    """Every block of the file with a ``backward`` or a closure, some of which only hold another one."""
    if "backward" not in file.text and not ("optim" in file.text and file.all(For)):
        return ()
    summaries = summaries_of(file)
    blocks: list[TrainingLoop] = []
    for function in reaching_backward(summaries):
        traces = summaries.of_module() if function is None else summaries.of(function)
        blocks += _steps(summaries, function, traces)
    return tuple(sorted(blocks, key=_place))


def reaching_backward(summaries: Summaries) -> tuple[FunctionDef | None, ...]:
    """The functions, None for the module, that call ``backward`` themselves or through names of this file's functions.

    Told by names alone: the few that are in it for no reason are sorted out when they are read.
    """
    callers = summaries.callers
    found: dict[int, FunctionDef | None] = {}
    passed: set[str] = set()
    pending = ["backward", "manual_backward"]

    def reached(call: Call) -> None:
        function = callers.function_around(call)
        scope = 0 if function is None else function.scope
        while scope not in found:
            found[scope] = function
            if function is None:
                break
            pending.append(function.name)
            function = callers.function_outside(function)  # what hands it on as a closure
            scope = 0 if function is None else function.scope

    for call in summaries.foreign:
        reached(call)
    while pending:
        name = pending.pop()
        if name not in passed:
            passed.add(name)
            for call in callers.by_name.get(name, ()):
                reached(call)
    return tuple(found[number] for number in sorted(found))


def _place(block: TrainingLoop) -> int:
    around = block.step.loop or block.step.function
    return around.start if around else 0


def _steps(summaries: Summaries, function: FunctionDef | None, traces: tuple[Trace, ...]) -> Iterator[TrainingLoop]:
    """The steps of one function, or of the module."""
    known = [trace for trace in traces if not trace.pending]
    steps = [trace for trace in known if trace.event.kind is EventKind.STEP]
    blocks = {id(block[-1]) if block else 0: block for trace in known if (block := _block(trace, steps)) is not None}
    for block in blocks.values():
        events = tuple(_event(summaries, trace, len(block)) for trace in known if _inside(trace, block))
        outside = tuple(trace.event for trace in known if len(trace.chain) < len(block) and _around(trace, block))
        loop = block[-1] if block else None
        assert not isinstance(loop, Comprehension)
        opaque = any(event.kind is EventKind.UNKNOWN for event in events)
        step = TrainingStep(summaries.file, function, loop, events, owned(summaries, function), opaque)
        yield TrainingLoop(step, outside)


def _block(trace: Trace, steps: list[Trace]) -> tuple[Loop, ...] | None:
    """The loops around the step that a ``backward`` belongs to, told by the optimizers' steps."""
    if trace.event.kind is not EventKind.BACKWARD and not trace.event.closure:
        return None
    own = trace.chain
    while own and isinstance(own[-1], Comprehension):
        own = own[:-1]
    for depth in range(len(own), -1, -1):
        if any(_inside(step, own[:depth]) for step in steps):
            return own[:depth]
    return own


def _inside(trace: Trace, block: tuple[Loop, ...]) -> bool:
    # The innermost loop tells: it stands in the others wherever it is met.
    depth = len(block)
    return not depth or (len(trace.chain) >= depth and trace.chain[depth - 1] is block[-1])


def _around(trace: Trace, block: tuple[Loop, ...]) -> bool:
    """Whether something is done in the loops around a block, or outside of all loops."""
    shared = zip(trace.chain, block, strict=False)
    return not trace.event.loops and all(own is other for own, other in shared)


def _event(summaries: Summaries, trace: Trace, depth: int) -> Event:
    """An event as seen from a block with ``depth`` loops around it."""
    event = trace.event
    guards = tuple([guard for guard, outside in trace.guards if outside >= depth])
    loops = (*[loop.start for loop in trace.chain[depth:]], *event.loops)
    models = summaries.receivers.models(event.target) if event.target and event.role is Role.OPTIMIZER else ()
    if (guards, loops, models) == (event.guards, event.loops, event.models):
        return event
    return replace(event, guards=guards, loops=loops, models=models)


def owned(summaries: Summaries, function: FunctionDef | None) -> bool:
    """Whether a framework calls a function."""
    if function is None:
        return False
    owner = summaries.receivers.enclosing_class(function)
    if owner is not None and (function.name in _HOOKS or _of_framework(summaries.file, owner, 5)):
        return True
    engines = summaries.callers.by_name.get("Engine", ())
    return any(summaries.file.definition(arg.value) is function for call in engines for arg in call.args)


def _of_framework(file: File, owner: ClassDef, depth: int) -> bool:
    """Whether a class, or a base of it in this file, derives from a framework's."""
    for base in owner.bases if depth else ():
        local = file.definition(base.value)
        if isinstance(local, ClassDef):
            if _of_framework(file, local, depth - 1):
                return True
        elif _FRAMEWORK_BASES.fullmatch(file.qualified(base.value) or last_name(base.value)):
            return True
    return False
