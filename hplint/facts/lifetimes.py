"""What an optimizer is given, and what becomes of its learning rate after it is constructed, as far as a file shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from hplint.facts import syntax
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.file import File
from hplint.facts.surroundings import untested
from hplint.facts.syntax import Arg, Expr, Literal
from hplint.facts.tree import inside

OPTIMIZERS = "torch.optim."
SCHEDULERS = "torch.optim.lr_scheduler."

# --- parameter groups


@dataclass(frozen=True, slots=True)
class Group:
    """A parameter group written as a dictionary. ``complete``: no ``**rest`` and no computed key."""

    node: syntax.Dict
    options: dict[str, Argument]
    keys: dict[str, Expr]
    complete: bool


@dataclass(frozen=True, slots=True)
class Groups:
    """What an optimizer is given to train. ``complete``: there is no group beside those that are listed.

    ``plain``: it is given parameters, not groups.
    """

    listed: tuple[Group, ...] = ()
    complete: bool = False
    plain: bool = False


def parameter_groups(file: File, call: BoundCall) -> Groups:
    """The parameter groups that an optimizer's constructor is given."""
    params = call.argument("params")
    if params.node is None:
        return Groups()
    given = followed(file, params.node.value)
    if isinstance(given, syntax.Collection):
        elements = [followed(file, element) for element in given.elements]
        groups = tuple(_group(file, call, element) for element in elements if isinstance(element, syntax.Dict))
        if groups or not elements:
            grown = isinstance(params.node.value, syntax.Name) and _grows(file, params.node.value)
            return Groups(groups, complete=len(groups) == len(elements) > 0 and not grown)
    return Groups(plain=_plain(file, params.node.value))


def optimizers(file: File) -> Iterator[BoundCall]:
    """Constructions of torch's own optimizers, ``super().__init__(...)`` of their subclasses too."""
    return iter(_optimizers(file))


@lru_cache(maxsize=1)
def _optimizers(file: File) -> tuple[BoundCall, ...]:
    """The same for the file that is being checked, which many rules ask about."""
    return tuple(call for call in file.calls if call.name.startswith(OPTIMIZERS) and call.name.count(".") == 2)


def with_groups(file: File, call: BoundCall, *parameters: str) -> Iterator[Argument]:
    """What is given for these options: to the call, then in each of its parameter groups.

    What the file tests before use is handed out without values: see :func:`untested`.
    """
    given = [call.arguments[parameter] for parameter in parameters if parameter in call.arguments]
    for group in parameter_groups(file, call).listed:
        given += [group.options[parameter] for parameter in parameters if parameter in group.options]
    return (untested(file, argument) for argument in given)


def schedulers(file: File) -> Iterator[BoundCall]:
    """Constructions of torch's own learning-rate schedulers."""
    return (call for call in file.calls if call.name.startswith(SCHEDULERS))


def _group(file: File, call: BoundCall, node: syntax.Dict) -> Group:
    keys = {
        key.value: (key, value) for key, value in node.items if isinstance(key, Literal) and isinstance(key.value, str)
    }
    options = {
        name: Argument(name, Presence.PRESENT, Arg(key.start, value.end, value, name, ""), file.value, call.short)
        for name, (key, value) in keys.items()
    }
    return Group(node, options, {name: key for name, (key, _) in keys.items()}, len(keys) == len(node.items))


_PASSED_THROUGH = frozenset({"list", "tuple", "set", "iter", "chain", "from_iterable"})


def _plain(file: File, expr: Expr) -> bool:
    """Whether an expression certainly gives parameters, not groups."""
    expr = followed(file, expr)
    if isinstance(expr, syntax.Call):
        called = _last(expr.func)
        if called in ("parameters", "named_parameters"):
            return True
        if called == "filter" and len(expr.args) == 2:
            return _plain(file, expr.args[1].value)
        return called in _PASSED_THROUGH and bool(expr.args) and all(_plain(file, arg.value) for arg in expr.args)
    if isinstance(expr, syntax.Comprehension):
        return not isinstance(expr.element, syntax.Dict) and _plain(file, expr.generators[0].iter)
    if isinstance(expr, syntax.Binary):
        return expr.op == "+" and _plain(file, expr.left) and _plain(file, expr.right)
    if isinstance(expr, syntax.Starred):
        return _plain(file, expr.value)
    if isinstance(expr, syntax.Collection):
        return bool(expr.elements) and all(_weight(file, element) or _plain(file, element) for element in expr.elements)
    return False


def _weight(file: File, expr: Expr) -> bool:
    """Whether an element of a list is certainly a tensor."""
    expr = followed(file, expr)
    if isinstance(expr, syntax.Call):
        name = file.qualified(expr.func) or ""
        return name.startswith("torch.") or _last(expr.func) in ("requires_grad_", "clone", "detach", "to", "cuda")
    return isinstance(expr, syntax.Attribute) and expr.attr in ("weight", "bias")


# --- what happens later


class Later(Enum):
    """Whether a learning rate is set after the optimizer is constructed."""

    NEVER = "never"
    """Every use of the optimizer is in view, and none of them can change it."""
    UNKNOWN = "unknown"
    SET = "set"
    """It is, or something that looks made for it is given the optimizer."""


_HARMLESS = frozenset({"step", "zero_grad", "state_dict", "unscale_", "update"})
_SETTERS = frozenset(SCHEDULERS + name for name in ("OneCycleLR", "CyclicLR", "LambdaLR"))
_SCALERS = ("torch.", "transformers.", "timm.", "accelerate.", "lightning.", "pytorch_lightning.")
_SCHEDULE_WORDS = re.compile(r"sched|noam|warm|lr(?![a-z])|LR|rate|anneal|cycl", re.IGNORECASE)


def learning_rate_later(file: File, call: BoundCall) -> Later:
    """What becomes of an optimizer's learning rate after it is constructed."""
    if _writes_learning_rate(file) or _is_argument(file, call.node):
        return Later.SET
    holders = _holders(file, call.node)
    names = {file.source(holder) for holder in holders}
    uses = [] if not names else [other for other in file.all(syntax.Call) if _given(file, other, names)]
    if any(_sets(file, use) for use in uses):
        return Later.SET
    seen = bool(holders) and not uses and all(isinstance(holder, syntax.Name) for holder in holders)
    return Later.NEVER if seen and _only_harmless(file, names, holders) else Later.UNKNOWN


def _writes_learning_rate(file: File) -> bool:
    """Whether ``group["lr"] = ...`` stands anywhere in the file."""
    targets: list[Expr] = [target for statement in file.all(syntax.Assign) for target in statement.targets]
    targets += [statement.target for statement in file.all(syntax.AugAssign)]
    return any(
        isinstance(target, syntax.Subscript) and isinstance(target.index, Literal) and target.index.value == "lr"
        for target in targets
    )


def _is_argument(file: File, node: syntax.Call) -> bool:
    """Whether a call stands as an argument of another: ``NoamOpt(Adam(...))``."""
    return any(inside(node, arg.value) for other in file.all(syntax.Call) for arg in other.args)


def _holders(file: File, node: syntax.Call) -> list[Expr]:
    """The names and attributes that a constructed object is assigned to."""
    found: list[Expr] = []
    for statement in file.all(syntax.Assign):
        value = statement.value
        if value is None or not inside(node, value):
            continue
        for target in statement.targets:
            pairs = [(target, value)]
            if isinstance(target, syntax.Collection) and isinstance(value, syntax.Collection):
                pairs = list(zip(target.elements, value.elements, strict=False))
            found += [holder for holder, held in pairs if inside(node, held)]
    return found


def _given(file: File, call: syntax.Call, names: set[str]) -> bool:
    """Whether a call is given one of these names; ``scaler.step(optimizer)`` is not counted."""
    if isinstance(call.func, syntax.Attribute) and call.func.attr in _HARMLESS:
        return False
    return any(file.source(part) in names for arg in call.args for part in _parts(arg.value))


def _parts(expr: Expr) -> Iterator[Expr]:
    """An argument, and the elements of a display."""
    yield expr
    if isinstance(expr, syntax.Collection):
        yield from expr.elements


def _sets(file: File, call: syntax.Call) -> bool:
    name = file.qualified(call.func) or _last(call.func)
    return name in _SETTERS or (not name.startswith(_SCALERS) and bool(_SCHEDULE_WORDS.search(name.rpartition(".")[2])))


def _only_harmless(file: File, names: set[str], holders: list[Expr]) -> bool:
    """Whether every appearance of the names is an assignment to them or a call that leaves the options alone."""
    harmless = {holder.start for holder in holders}
    for call in file.all(syntax.Call):
        if isinstance(call.func, syntax.Attribute) and call.func.attr in _HARMLESS:
            harmless |= {call.func.value.start, *(arg.value.start for arg in call.args)}
    return all(name.start in harmless for name in file.all(syntax.Name) if name.id in names)


def optimizer_of(file: File, scheduler: BoundCall) -> BoundCall | None:
    """The construction of the optimizer that a scheduler is built on, None unless there can be only one."""
    given = scheduler.argument("optimizer").node
    if given is None:
        return None
    constructed = followed(file, given.value)
    if isinstance(given.value, syntax.Attribute):
        target = file.source(given.value)
        stores = [
            (assigned, statement.value)
            for statement in file.all(syntax.Assign)
            for assigned in statement.targets
            if file.source(assigned) == target
        ]
        constructed = stores[0][1] if len(stores) == 1 and stores[0][1] is not None else given.value
    if not isinstance(constructed, syntax.Call):
        return None
    bound = file.bound(constructed)
    return bound if bound is not None and bound.name.startswith(OPTIMIZERS) else None


# --- names


def followed(file: File, expr: Expr) -> Expr:
    """The expression that a name was assigned, where there can be no other; else the expression itself."""
    for _ in range(5):
        assigned = file.assigned(expr) if isinstance(expr, syntax.Name) else None
        if assigned is None:
            return expr
        expr = assigned
    return expr


def _grows(file: File, name: syntax.Name) -> bool:
    """Whether elements are added to a list after it is assigned."""
    return any(
        isinstance(call.func, syntax.Attribute)
        and call.func.attr in ("append", "extend", "insert")
        and isinstance(call.func.value, syntax.Name)
        and call.func.value.id == name.id
        for call in file.all(syntax.Call)
    )


def _last(expr: Expr) -> str:
    """``parameters`` of ``model.parameters``; empty for anything but a dotted name."""
    if isinstance(expr, syntax.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, syntax.Name) else ""
