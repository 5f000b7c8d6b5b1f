"""Decisions of a distributed run that each process takes by a number of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.journeys import record_around
from hplint.facts.receivers import words
from hplint.facts.seeding import imported
from hplint.facts.stepped import step_calls
from hplint.facts.syntax import BindingKind, Call, Expr, For, FunctionDef, If, Name, Node, Simple, While
from hplint.facts.tree import last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
_SAMPLER = "torch.utils.data.distributed.DistributedSampler"
_SAMPLERS = frozenset({_SAMPLER, "torch.utils.data.DistributedSampler"})
_TOGETHER = regex(
    r"all_reduce|allreduce|reduce_\w|\w_reduce|\.reduce\(|gather|broadcast|sync_(dist|between|metric)|synchronize_between|"
    r"torchmetrics|ignite|lightning|accelerat|deepspeed|horovod|torch_xla|rank_zero|AverageMeter|MetricLogger"
)
"""Words of code that may bring the numbers of all processes together."""
_EVALUATION = regex(r"val|valid\w*|eval\w*|test\w*|dev")
_STOPS = regex(r"patience|early|stop|wait|no_improve|bad_epoch|not_improv|stale", re.IGNORECASE)
_RANK = regex(r"rank|master|is_main|main_process", re.IGNORECASE)


@value_record
class OwnNumber:
    """``at`` decides by ``metric``, which each process computes over its part of the data: ``sampler`` divides them.

    ``stops``: it ends the training; else it lowers the learning rate.
    """

    at: Node
    metric: Expr
    sampler: Call
    stops: bool


def decided_alone(file: File) -> Iterator[OwnNumber]:
    """The decisions on validation data that are divided among the processes, where nothing brings them together."""
    if _TOGETHER.search(file.text):
        return
    sampler = next(
        (call.node for call in file.calls if call.name in _SAMPLERS and _of_evaluation(file, call.node)), None
    )
    if sampler is None or any(_TOGETHER.search(each.text) for each in imported(file)):
        return
    for step in step_calls(file):
        given = step.call.args[0].value if len(step.call.args) == 1 else None
        if given is not None and step.is_only(_PLATEAU) and _is_own(file, given):
            yield OwnNumber(step.call, given, sampler, stops=False)
    for choice in file.all(If):
        if not any(isinstance(part, Simple) and part.kind == "break" for part in choice.body):
            continue
        metric = _compared(file, choice) if _in_epochs(file, choice) else None
        if metric is not None:
            yield OwnNumber(choice.test, metric, sampler, stops=True)


def _of_evaluation(file: File, sampler: Call) -> bool:
    """Whether a sampler divides data for evaluation among the processes."""
    given = sampler.args[0].value if sampler.args else None
    return given is not None and any(_EVALUATION.fullmatch(word) for word in words(file.source(given)))


def _is_own(file: File, metric: Expr) -> bool:
    """Whether a number is one of evaluation, and computed by functions of this file alone."""
    names = [part for part in walk(metric) if isinstance(part, Name)]
    if not any(_EVALUATION.fullmatch(word) for word in words(file.source(metric))) or not names:
        return False
    return all(_in_view(file, name) for name in names)


def _in_view(file: File, name: Name) -> bool:
    bindings = file.names.reaching(name)
    if not bindings:
        return False
    for binding in bindings:
        if binding.kind not in (BindingKind.ASSIGN, BindingKind.AUGMENTED) or binding.value is None:
            return False
        calls = [part for part in walk(binding.value) if isinstance(part, Call)]
        if isinstance(binding.value, Call) and not isinstance(file.definition(binding.value.func), FunctionDef):
            return False
        if any(_RANK.search(file.source(call)) for call in calls):
            return False
    return True


def _compared(file: File, choice: If) -> Expr | None:
    """The number by which a loop is left: compared with the best one somewhere in the loop."""
    if not _STOPS.search(file.source(choice.test)):
        return None
    loop = _loop_around(file, choice)
    for other in () if loop is None else file.within(If, loop):
        test = file.source(other.test)
        if "best" in test and "rank" not in test:
            found = [part for part in walk(other.test) if isinstance(part, Name) and "best" not in part.id]
            metric = next((part for part in found if _is_own(file, part)), None)
            if metric is not None:
                return metric
    return None


def _loop_around(file: File, node: Node) -> For | While | None:
    around = record_around(file, node)
    while around is not None and not isinstance(around, FunctionDef):
        if isinstance(around, For | While):
            return around
        if isinstance(around, If) and _RANK.search(file.source(around.test)):
            return None
        around = record_around(file, around)
    return None


def _in_epochs(file: File, choice: If) -> bool:
    loop = _loop_around(file, choice)
    return isinstance(loop, For) and "epoch" in last_name(loop.target)
