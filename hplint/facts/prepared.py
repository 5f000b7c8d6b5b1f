"""Schedulers that Accelerate steps once for each process, and what their lengths are counted in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.calls import Presence
from hplint.facts.lifetimes import SCHEDULERS
from hplint.facts.makers import made_by
from hplint.facts.schedule_units import Unit, stepped_in
from hplint.facts.stepped import step_calls
from hplint.facts.syntax import Attribute, Binary, BindingKind, Call, Expr, Name
from hplint.facts.tree import last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File

_ACCELERATORS = frozenset({"accelerate.Accelerator", "accelerate.accelerator.Accelerator"})
_OTHERWISE = ("split_batches", "step_scheduler_with_optimizer", "dataloader_config")
"""Options of an accelerator by which a prepared scheduler steps once."""
_MADE = regex(r"(transformers|diffusers)\.(\w+\.)*get_(\w+_)?schedule(r|_\w+)")
_LENGTHS = ("num_training_steps", "T_max", "total_steps", "total_iters", "step_size")
_PROCESSES = regex(r"num_processes|world_size|n_gpus?|num_gpus|\bWORLD")
_PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
_DEPTH = 5


@value_record
class DoublyCounted:
    """A prepared scheduler whose length is too short for steps of all processes.

    ``why``: the loader that is divided already, the division, or the step that is done once an epoch; ``unit`` is what
    the last of them counts, None for the others. ``tells``: it is told a metric.
    """

    scheduler: BoundCall
    prepare: Call
    why: Expr
    unit: Unit | None
    tells: bool = False


def doubly_counted(file: File) -> Iterator[DoublyCounted]:
    """The schedulers that are counted once for each process, and planned as if they were not."""
    accelerators = [call for call in file.calls if call.name in _ACCELERATORS]
    if len(accelerators) != 1 or not _plain(accelerators[0]):
        return
    prepares = [call for call in file.callers.by_name.get("prepare", ()) if _of(file, call, accelerators[0])]
    for scheduler in file.calls if prepares else ():
        if scheduler.via is not None or not (scheduler.name.startswith(SCHEDULERS) or _MADE.fullmatch(scheduler.name)):
            continue
        prepare = next((each for each in prepares if _given(file, each, scheduler)), None)
        if prepare is not None:
            yield from _judged(file, scheduler, prepare)


def _judged(file: File, scheduler: BoundCall, prepare: Call) -> Iterator[DoublyCounted]:
    told = [each for each in step_calls(file) if each.is_only(_PLATEAU) and each.made[0].node is scheduler.node]
    if scheduler.name == _PLATEAU:
        if told:
            yield DoublyCounted(scheduler, prepare, told[0].call, Unit.EPOCH, tells=True)
        return
    parts = [part for arg in scheduler.node.args for part in _written(file, arg.value, _DEPTH)]
    stepped = stepped_in(file, scheduler)
    if stepped is None or any(arg.star for arg in scheduler.node.args):
        return
    divided = next((part for part in parts if _divides(file, part)), None)
    if divided is None and any(_PROCESSES.search(file.source(part)) for part in parts):
        return
    if stepped[1] is Unit.EPOCH:
        yield DoublyCounted(scheduler, prepare, stepped[0], Unit.EPOCH)
        return
    lengths = [scheduler.arguments[name].node for name in _LENGTHS if name in scheduler.arguments]
    counted = [part for arg in lengths if arg is not None for part in _written(file, arg.value, _DEPTH)]
    why = divided or next((part for part in counted if _of_prepared(file, part)), None)
    if why is not None:
        yield DoublyCounted(scheduler, prepare, why, None)


def _plain(accelerator: BoundCall) -> bool:
    return all(accelerator.argument(name).presence is Presence.ABSENT for name in _OTHERWISE)


def _of(file: File, call: Call, accelerator: BoundCall) -> bool:
    func = call.func
    return isinstance(func, Attribute) and [each.start for each in made_by(file, func.value)] == [
        accelerator.node.start
    ]


def _given(file: File, prepare: Call, scheduler: BoundCall) -> bool:
    starts = [[each.start for each in made_by(file, arg.value)] for arg in prepare.args if not arg.star]
    return [scheduler.node.start] in starts


def _written(file: File, expr: Expr, depth: int) -> Iterator[Expr]:
    """All parts of an expression, and of what its names are assigned."""
    for part in walk(expr):
        if isinstance(part, Name) and depth:
            for binding in file.names.reaching(part):
                if binding.kind is BindingKind.ASSIGN and binding.path == () and binding.value is not None:
                    yield from _written(file, binding.value, depth - 1)
        if isinstance(part, Name | Call | Binary | Attribute):
            yield part


def _divides(file: File, part: Expr) -> bool:
    """Whether a number is divided by that of the processes."""
    return isinstance(part, Binary) and part.op in ("/", "//") and bool(_PROCESSES.search(file.source(part.right)))


def _of_prepared(file: File, part: Expr) -> bool:
    """Whether an expression is the length of a loader that was prepared: a part of the data for each process."""
    if not isinstance(part, Call) or last_name(part.func) != "len" or len(part.args) != 1:
        return False
    loader = part.args[0].value
    bindings = file.names.reaching(loader) if isinstance(loader, Name) else ()
    made = [binding.value for binding in bindings]
    return bool(made) and all(
        isinstance(each, Call) and last_name(each.func) == "prepare" and each.end <= part.start for each in made
    )
