"""Models that move to another device after an optimizer has taken more than their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.branches import branches
from hplint.facts.constructed import made_from, module_class, torch_module
from hplint.facts.lifetimes import followed, optimizers, parameter_groups
from hplint.facts.syntax import Assign, Attribute, Call, Expr, ExprStatement, Name, Node
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File

_MOVES = frozenset({"to", "cuda", "xpu"})
_DEVICE = regex(r"device|cuda|gpu|xpu|\bdev\b|rank")
_ON_CPU = regex(r"device\(\s*[\"']cpu[\"']\s*\)|^[\"']cpu[\"']$")
_BY_HAND = regex(r"\.state\b(?!_dict)|optimizer_to|set_default_device|default_tensor_type|to_device\(|Accelerator\(")
"""Code that moves the state of optimizers itself, or puts new tensors on a device."""
_PLACES = regex(r"\.cuda\(|\.to\(|device")


@value_record
class MovedLater:
    """A model moves, by ``move``, after its optimizer has made state, or was given some by the call ``loaded``.

    ``exchanged``: the move makes new parameters, so that the optimizer holds the old ones.
    """

    optimizer: BoundCall
    move: Call
    loaded: Call | None
    exchanged: bool


def moved_later(file: File) -> Iterator[MovedLater]:
    """The optimizers of models that are certainly still on the CPU, and later, in the same function, moved."""
    xla = "xla_device" in file.text
    suspects = [] if _BY_HAND.search(file.text) else [c for c in optimizers(file) if c.via is None and not c.inherited]
    for optimizer in suspects:
        model = _model(optimizer) if parameter_groups(file, optimizer).plain else None
        loaded = None if model is None else _loaded(file, optimizer.node)
        if model is None or not (xla or loaded is not None or optimizer.short == "Adagrad"):
            continue
        moves = list(_moves(file, model))
        later = [move for move in moves if move.start > (loaded or optimizer.node).start]
        if not later or len(later) != len(moves) or not _certainly_new(file, model):
            continue
        exchanged = xla and "xla" in file.source(_followed(file, later[0]))
        if exchanged or loaded is not None or optimizer.short == "Adagrad":
            together = _runs_with(file, loaded or optimizer.node, later[0])
            if together and not _made_again(file, optimizer.node, later[0]):
                yield MovedLater(optimizer, later[0], None if exchanged else loaded, exchanged)


def _model(optimizer: BoundCall) -> Name | Attribute | None:
    """What the optimizer is given the parameters of."""
    given = optimizer.node.args[0].value if optimizer.node.args else None
    if isinstance(given, Call) and isinstance(given.func, Attribute) and given.func.attr == "parameters":
        model = given.func.value
        return model if isinstance(model, Name | Attribute) else None
    return None


def _loaded(file: File, optimizer: Call) -> Call | None:
    """The call that gives an optimizer, made in the same function, state that has something on a device."""
    holder = next((each.targets[0] for each in file.every(Assign) if each.value is optimizer), None)
    if holder is None or (file.definition(optimizer.func) is None and _keeps_nothing(file, optimizer)):
        return None
    for call in file.callers.by_name.get("load_state_dict", ()):
        same = isinstance(call.func, Attribute) and file.source(call.func.value) == file.source(holder)
        if same and call.scope == optimizer.scope and call.start > optimizer.end:
            return call
    return None


def _keeps_nothing(file: File, optimizer: Call) -> bool:
    """Whether an optimizer has no state: SGD without momentum."""
    bound = file.bound(optimizer)
    return bound is not None and bound.short == "SGD" and "momentum" not in bound.arguments


def _moves(file: File, model: Name | Attribute) -> Iterator[Call]:
    """The calls that move a model and leave it under its name, in the function that makes its optimizer."""
    text = file.source(model)
    for name in sorted(_MOVES):
        for call in file.callers.by_name.get(name, ()):
            func = call.func
            if (
                not isinstance(func, Attribute)
                or file.source(func.value) != text
                or _scope(func.value) != _scope(model)
            ):
                continue
            given = file.source(_followed(file, call))
            if name != "to" or (_DEVICE.search(given) and not _ON_CPU.search(given)):
                yield call


def _followed(file: File, move: Call) -> Node:
    """Where a model is moved to."""
    return followed(file, move.args[0].value) if move.args else move


def _scope(expr: Expr) -> int:
    while isinstance(expr, Attribute):
        expr = expr.value
    return expr.scope if isinstance(expr, Name) else -1


def _certainly_new(file: File, model: Expr) -> bool:
    """Whether a model is made in view, by code that puts nothing on a device."""
    made = list(made_from(file, model))
    if not made or any(_PLACES.search(file.source(each)) for each in made):
        return False
    text = file.source(model)
    for each in file.every(Assign):
        named = any(file.source(target) == text for target in each.targets)
        if named and each.value is not None and each.end < model.start and _PLACES.search(file.source(each.value)):
            return False
    return all(_stays(file, each) for each in made)


def _stays(file: File, made: Call) -> bool:
    own = module_class(file, made)
    if own is not None:
        return _PLACES.search(own.file.source(own.node)) is None
    return torch_module(file, made) is not None or (file.qualified(made.func) or "").startswith("torchvision.models.")


def _runs_with(file: File, first: Call, later: Call) -> bool:
    """Whether two calls of one function may both run: they do not stand in two branches of one choice."""
    mine, other = branches(file, first), branches(file, later)
    starts = dict(mine)
    statements: tuple[ExprStatement | Assign, ...] = (*file.every(ExprStatement), *file.every(Assign))
    alone = any(each.value is later for each in statements)
    return alone and first.scope == later.scope and all(starts.get(s, n) == n for s, n in other)


def _made_again(file: File, optimizer: Call, move: Call) -> bool:
    """Whether the optimizer is made anew after the move, under its name or under none."""
    names = {id(each.value): file.source(each.targets[0]) for each in file.every(Assign)}
    own = names.get(id(optimizer))
    later = [each.node for each in optimizers(file) if each.node is not optimizer and each.node.start > move.start]
    return any(own is None or names.get(id(each), own) == own for each in later)
