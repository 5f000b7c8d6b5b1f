"""What an optimizer is given, and what becomes of its learning rate after it is constructed, as far as a file shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hplint.facts import syntax
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.file import File
from hplint.facts.journeys import journey
from hplint.facts.makers import made_by
from hplint.facts.sites import site_of
from hplint.facts.surroundings import untested
from hplint.facts.syntax import Arg, Expr, Literal
from hplint.facts.tree import inside, last_name
from hplint.records import value_record
from hplint.regex import regex

OPTIMIZERS = "torch.optim."
SCHEDULERS = "torch.optim.lr_scheduler."

# --- parameter groups


@value_record
class Group:
    """A parameter group written as a dictionary. ``complete``: no ``**rest`` and no computed key."""

    node: syntax.Dict
    options: dict[str, Argument]
    keys: dict[str, Expr]
    complete: bool


@value_record
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
    name = params.node.value
    if isinstance(name, syntax.Name) and file.assigned(name) is None:
        name = site_of(file, call.node).seen(name) or name
    given = followed(file, name)
    if isinstance(given, syntax.Collection):
        elements = [followed(file, element) for element in given.elements]
        groups = tuple(_group(file, call, element) for element in elements if isinstance(element, syntax.Dict))
        if groups or not elements:
            grown = isinstance(name, syntax.Name) and _grows(file, name)
            return Groups(groups, complete=len(groups) == len(elements) > 0 and not grown)
    return Groups(plain=_plain(file, name))


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
        called = last_name(expr.func)
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
        return name.startswith("torch.") or last_name(expr.func) in ("requires_grad_", "clone", "detach", "to", "cuda")
    return isinstance(expr, syntax.Attribute) and expr.attr in ("weight", "bias")


# --- what happens later


_HARMLESS = frozenset({"step", "zero_grad", "state_dict", "unscale_", "update"})
_MANY = 50
"""Optimizers in one file, each of which would have to be followed."""
_SETTERS = frozenset(SCHEDULERS + name for name in ("OneCycleLR", "CyclicLR", "LambdaLR"))
_SCALERS = ("torch.", "transformers.", "timm.", "accelerate.", "lightning.", "pytorch_lightning.")
_SCHEDULE_WORDS = regex(r"sched|noam|warm|lr(?![a-z])|LR|rate|anneal|cycl", re.IGNORECASE)


def sets_rate_later(file: File, call: BoundCall) -> bool:
    """Whether an optimizer's learning rate is set after it is constructed, or something made for it is given it."""
    if len(_optimizers(file)) > _MANY or _writes_learning_rate(file) or _is_argument(file, call.node):
        return True
    names = {file.source(holder) for holder in _holders(file, call.node)}
    return bool(names) and any(_given(file, other, names) and _sets(file, other) for other in file.all(syntax.Call))


def never_sets_rate(file: File, call: BoundCall) -> bool:
    """Whether all that becomes of an optimizer is in view: it is stepped, and nothing could set its options."""
    if sets_rate_later(file, call):
        return False
    way = journey(file, call.node)
    takers = [other.func for other, _ in way.handed if isinstance(other.func, syntax.Attribute)]
    methods = [*way.read, *takers]
    harmless = len(takers) == len(way.handed) and all(each.attr in _HARMLESS for each in methods)
    return not way.escapes and harmless and any(each.attr == "step" for each in methods)


@lru_cache(maxsize=1)
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
    name = file.qualified(call.func) or last_name(call.func)
    return name in _SETTERS or (not name.startswith(_SCALERS) and bool(_SCHEDULE_WORDS.search(name.rpartition(".")[2])))


def optimizer_of(file: File, scheduler: BoundCall) -> BoundCall | None:
    """The construction of the optimizer that a scheduler is built on, None unless there can be only one."""
    given = scheduler.argument("optimizer").node
    made = () if given is None else made_by(file, given.value)
    bound = file.bound(made[0]) if len(made) == 1 else None
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
