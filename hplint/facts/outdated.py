"""Optimizers that hold the parameters of layers which their model no longer has: the layers were replaced later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.constructed import holds_weights
from hplint.facts.frozen import owner_of_parameters
from hplint.facts.lifetimes import optimizers
from hplint.facts.makers import run_by
from hplint.facts.order import blocks_around, runs_before
from hplint.facts.sites import site_of
from hplint.facts.syntax import Assign, Attribute, Call, Expr, For, Name, Node, Subscript
from hplint.facts.tree import last_name
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File


@value_record
class Outdated:
    """An optimizer that was constructed before a layer was put into its model. ``target``: where the layer is put."""

    optimizer: BoundCall
    model: Expr
    target: Expr


def outdated(file: File) -> Iterator[Outdated]:
    """Every optimizer that certainly trains a model without a layer that was put into it afterwards."""
    if "add_param_group" in file.text:
        return
    replacing = [each for each in file.all(Assign) if _may_replace(each)]
    for call in optimizers(file) if replacing else ():
        given = call.argument("params").node
        owner = None if given is None or call.via is not None else owner_of_parameters(file, given.value)
        site = site_of(file, call.node)
        owner = None if owner is None else site.seen(owner)
        holder = _holder(file, site.call)
        if owner is None or holder is None or not isinstance(owner, Name | Attribute):
            continue
        model = file.source(owner)
        for statement in replacing:
            target = _put_into(file, statement, model) if statement.start > site.call.end else None
            if target is None or not runs_before(file, site.call, statement):
                continue
            if _goes_on(file, statement, model, holder):
                yield Outdated(call, owner, target)
                break


def _holder(file: File, made: Call) -> str | None:
    """The name or attribute that an optimizer is kept under, if it is the only thing that is kept there."""
    for statement in file.all(Assign):
        if statement.value is made and len(statement.targets) == 1:
            return file.source(statement.targets[0])
    return None


def _may_replace(statement: Assign) -> bool:
    """Whether a statement puts what a call gives into a part of something."""
    return isinstance(statement.value, Call) and isinstance(statement.targets[0], Attribute | Subscript)


def _put_into(file: File, statement: Assign, model: str) -> Expr | None:
    """The part of a model that a statement replaces by a layer with new weights."""
    target = outer = statement.targets[0]
    while isinstance(outer, Attribute | Subscript):
        outer = outer.value
        if file.source(outer) == model:
            value = statement.value
            return target if isinstance(value, Call) and holds_weights(file, value) else None
    return None


def _goes_on(file: File, statement: Assign, model: str, holder: str) -> bool:
    """Whether the optimizer is used after the statement, and nothing else is given the model's parameters there."""
    used = False
    for node in _later(file, statement):
        if isinstance(node, Call):
            function = last_name(node.func)
            takes = [file.source(arg.value) for arg in node.args]
            if holder in takes or (isinstance(node.func, Attribute) and file.source(node.func.value) == holder):
                used = True
            elif "clip_grad" not in function and any(_is_of(text, model) for text in takes) and _may_train(file, node):
                return False
        elif any(file.source(target) in (holder, model) for target in node.targets):
            return False
    return used


def _may_train(file: File, call: Call) -> bool:
    """Whether a call that is given the model may make an optimizer of its own."""
    function = run_by(file, call)
    return function is None or "ptim" in file.source(function)


def _is_of(text: str, model: str) -> bool:
    """Whether an argument is the model or gives its parameters."""
    return text == model or (text.startswith(f"{model}.") and "parameters" in text) or f"({model}." in text


def _later(file: File, statement: Assign) -> Iterator[Call | Assign]:
    """The calls and assignments behind a statement in its function, and those of a loop around it."""
    around = blocks_around(file, statement)
    inner = [block for block, _ in around if isinstance(block, For)]
    home: Node | None = around[0][0] if around else None
    end = len(file.text) if home is None else home.end
    if inner:
        return
    found: list[Call | Assign] = [*file.all(Call), *file.all(Assign)]
    yield from (node for node in found if statement.end <= node.start and node.end <= end)
