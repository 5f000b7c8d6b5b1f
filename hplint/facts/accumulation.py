"""Gradient accumulation: optimizers that step every few rounds of a loop only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.cut_graphs import handed, operand
from hplint.facts.events import Event, EventKind, Guard, Role
from hplint.facts.loss_calls import loss_class
from hplint.facts.statements import line_beside, statement_of
from hplint.facts.syntax import AugAssign, Binary, Call, Expr, For, Literal, Name, Node
from hplint.facts.training import TrainingStep
from hplint.facts.tree import last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File


_MEANS = frozenset({"CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "MSELoss", "L1Loss", "SmoothL1Loss"})


@value_record
class Accumulation:
    """An optimizer that steps every few rounds on the gradients of all of them.

    ``guard``: the condition of the step; ``every``: how many rounds; ``backward``: what computes gradients each round.
    """

    step: Event
    guard: Guard
    every: Expr
    backward: Event


def accumulations(step: TrainingStep) -> Iterator[Accumulation]:
    """The optimizers of a training step whose gradients are added up over several rounds."""
    if step.loop is None or step.owned:
        return
    for position, event in enumerate(step.events):
        if event.kind is not EventKind.STEP or event.closure or event.role not in (Role.OPTIMIZER, None):
            continue
        guard = next((each for each in event.guards if each.truth and "%" in each.text), None)
        every = None if guard is None else _divisor(guard.test)
        if guard is None or every is None:
            continue
        earlier = [each for each in step.events[:position] if not each.excludes(event)]
        computed = [each for each in earlier if each.kind is EventKind.BACKWARD]
        last = computed[-1] if computed else None
        between = () if last is None else step.between(last, event)
        used = any(each.kind is EventKind.STEP for each in between)
        if last is None or used or any(guard.key == each.key for each in last.guards) or last.loops != event.loops:
            continue
        if last.always_before(event) and not step.belongs_elsewhere(last, event):
            yield Accumulation(event, guard, every, last)


def _divisor(test: Expr) -> Expr | None:
    """``n`` of ``(i + 1) % n == 0``, also where another condition joins it with ``and``."""
    for part in walk(test):
        if not isinstance(part, syntax.Compare) or part.ops != ("==",) or not isinstance(part.left, Binary):
            continue
        if part.left.op == "%" and not isinstance(part.left.left, Literal):
            return part.left.right
    return None


def shown_in(file: File, expr: Expr, pattern: str, text: str) -> bool:
    """Whether a text holds a pattern in which ``{}`` stands for the last name, or the number, that ``expr`` is."""
    word = last_name(expr) or file.source(expr)
    return re.search(pattern.replace("{}", rf"(?<!\w){re.escape(word)}(?!\w)"), text) is not None


def moved_line(file: File, node: Node, anchor: Node) -> tuple[tuple[int, int, str], ...] | None:
    """The edits that move a statement, with the comment behind it, after another one, which may stand deeper.

    None unless each stands alone on one line.
    """
    statement = statement_of(file, node)
    if statement is None or _only(file, statement):
        return None
    start = file.text.rfind("\n", 0, statement.start) + 1
    end = file.text.find("\n", statement.end) + 1 or len(file.text)
    rest = file.text[statement.end : end].strip()
    behind = line_beside(file, anchor, file.text[statement.start : end].rstrip(), after=True)
    alone = not file.text[start : statement.start].strip() and (not rest or rest.startswith("#"))
    return (behind, (start, end, "")) if alone and behind is not None else None


def _only(file: File, statement: Node) -> bool:
    """Whether a block would be empty without a statement."""
    blocks: tuple[For | syntax.If | syntax.With | syntax.While, ...] = (
        *file.every(For),
        *file.every(syntax.If),
        *file.every(syntax.With),
        *file.every(syntax.While),
    )
    return any(each.body == (statement,) or getattr(each, "orelse", ()) == (statement,) for each in blocks)


def mean_loss(step: TrainingStep, backward: Event) -> Expr | None:
    """The call of a loss of torch, which takes the mean of a batch, that ``backward`` differentiates as it is."""
    file, body = step.file, step.loop
    loss = operand(file, backward)
    if loss is not None and backward.via is not None:
        loss = handed(file, backward, loss)
    if body is None:
        return None
    if isinstance(loss, Name):
        found = file.names.lookup(loss.id, loss.scope)
        bindings = [each for each in found[1] if each.end <= loss.start] if found is not None else []
        changed = any(
            isinstance(each.target, Name) and each.target.id == loss.id for each in file.within(AugAssign, body)
        )
        last = max(bindings, key=lambda each: each.start, default=None)
        if last is None or last.path != () or changed:
            return None
        loss = last.value
    return loss if isinstance(loss, Call) and loss_class(file, loss) in _MEANS else None


def counted_data(file: File, loop: For | syntax.While | None, found: Accumulation) -> tuple[str, str] | None:
    """The counter of the loop that an accumulation counts with, and the data of known length that it counts.

    None where the condition looks at anything else: another counter, the last batch, or the end of the data.
    """
    if not isinstance(loop, For) or not isinstance(loop.iter, Call) or last_name(loop.iter.func) != "enumerate":
        return None
    target = loop.target.elements[0] if isinstance(loop.target, syntax.Collection) and loop.target.elements else None
    if not isinstance(target, Name) or len(loop.iter.args) != 1:
        return None
    asked = [part for part in walk(found.guard.test) if isinstance(part, Name)]
    of_steps = {part.id for part in walk(found.every) if isinstance(part, Name)}
    others = [part for part in asked if part.id != target.id and part.id not in of_steps]
    test = found.guard.test
    if others or not any(part.id == target.id for part in asked) or not isinstance(test, syntax.Compare):
        return None
    data = loop.iter.args[0].value
    changed = any(each.start != target.start for each in _bindings_in(file, target, loop))
    named = isinstance(data, Name | syntax.Attribute)
    return (target.id, file.source(data)) if named and not changed else None


def _bindings_in(file: File, name: Name, loop: For) -> list[syntax.Binding]:
    found = file.names.lookup(name.id, name.scope)
    return [each for each in (found[1] if found is not None else ()) if loop.start <= each.start < loop.end]
