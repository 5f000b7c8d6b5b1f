"""What an optimizer is given that it cannot train: frozen models, modules without parameters, plain tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts import torch_roles as roles
from hplint.facts.constructed import made_from, torch_module
from hplint.facts.lifetimes import followed
from hplint.facts.order import runs_before
from hplint.facts.syntax import Assign, Attribute, Call, Collection, Comprehension, Expr, For, Literal, Name, Node
from hplint.facts.tree import last_name, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_GIVE = frozenset({"parameters", "named_parameters"})
_THAWS = regex(
    r"un_?freeze|thaw|setattr|requires_grad_\(|get_peft_model|LoraConfig|\.requires_grad\s*=(?!=)", re.IGNORECASE
)
_HARMLESS = _GIVE | frozenset(
    {"to", "cuda", "cpu", "train", "eval", "state_dict", "load_state_dict", "children", "modules", "float", "double"}
)
_FACTORIES = regex(
    r"torch\.(zeros|ones|rand|randn|randint|full|empty|eye|linspace|arange|tensor|from_numpy|zeros_like|ones_like|"
    r"rand_like|randn_like|full_like|empty_like)"
)
_NEW_TENSORS = frozenset({"view", "reshape", "cuda", "double", "half", "sqrt", "exp", "t", "transpose", "unsqueeze"})
_EMPTY = roles.LOSSES | roles.DROPOUT | frozenset(roles.FUNCTION_OF_ACTIVATION) | {"Flatten", "Identity", "Upsample"}


def owner_of_parameters(file: File, expr: Expr) -> Expr | None:
    """``model`` where an optimizer is given ``model.parameters()``, filtered or in a list, and nothing else."""
    expr = followed(file, expr)
    match expr:
        case Call(func=Attribute(value=owner, attr=attr), args=()) if attr in _GIVE:
            return owner
        case Call(args=args) if last_name(expr.func) == "filter" and len(args) == 2:
            return owner_of_parameters(file, args[1].value)
        case Call(args=(only,)) if last_name(expr.func) in ("list", "tuple"):
            return owner_of_parameters(file, only.value)
        case Comprehension(generators=(generator,), element=Name()):
            return owner_of_parameters(file, generator.iter)
    return None


# --- frozen models


def frozen_before(file: File, call: Call, owner: Expr) -> Node | None:
    """What freezes all parameters of a model before an optimizer is given them, if nothing thaws any of them."""
    shown = file.source(owner)
    if not isinstance(owner, Name | Attribute) or "requires_grad" not in file.text:
        return None
    for at, frozen in _freezes(file):
        if (shown == frozen or shown.startswith(f"{frozen}.")) and runs_before(file, at, call):
            root = frozen.removeprefix("self.").partition(".")[0]
            if not _thaws(file) and not any(_changes(file, part, root) for part in _between(file, at, call)):
                return at
    return None


def _freezes(file: File) -> Iterator[tuple[Node, str]]:
    """Each statement that freezes all parameters of something, with what it is."""
    for call in file.all(Call):
        match call:
            case Call(func=Attribute(attr="requires_grad_", value=Name() | Attribute() as model), args=(arg,)):
                if isinstance(arg.value, Literal) and arg.value.value is False:
                    yield call, file.source(model)
    for loop in file.all(For):
        iterated = loop.iter
        if isinstance(iterated, Call) and isinstance(iterated.func, Attribute) and iterated.func.attr in _GIVE:
            last = loop.target.elements[-1] if isinstance(loop.target, Collection) else loop.target
            if isinstance(last, Name) and any(_freezes_one(statement, last.id) for statement in loop.body):
                yield loop, file.source(iterated.func.value)


def _freezes_one(statement: syntax.Stmt, name: str) -> bool:
    match statement:
        case Assign(targets=(Attribute(value=Name(id=same), attr="requires_grad"),), value=Literal(value=False)):
            return same == name
        case syntax.ExprStatement(value=Call(func=Attribute(value=Name(id=same), attr="requires_grad_"), args=(arg,))):
            return same == name and isinstance(arg.value, Literal) and arg.value.value is False
    return False


def _thaws(file: File) -> bool:
    """Whether anything else in the file may let parameters be trained."""
    text = re.sub(r"requires_grad\s*=\s*False|requires_grad_\(\s*False\s*\)", "", file.text)
    return _THAWS.search(text) is not None


def _between(file: File, first: Node, last: Node) -> Iterator[Node]:
    """Assignments and calls between two records."""
    for kind in (Assign, Call):
        yield from (node for node in file.all(kind) if first.end <= node.start and node.end <= last.start)


def _changes(file: File, node: Node, root: str) -> bool:
    """Whether a statement may give a model new parameters: ``model.fc = nn.Linear(…)``, ``adapt(model)``."""
    if isinstance(node, Assign):
        return any(_mentions(target, root) for target in node.targets)
    if not isinstance(node, Call):
        return False
    owned = isinstance(node.func, Attribute) and _mentions(node.func.value, root)
    if owned and last_name(node.func) not in _HARMLESS:
        return True
    shows = last_name(node.func) in ("print", "len", "summary")
    return not shows and any(_is_whole(arg.value, root) for arg in node.args)


def _mentions(expr: Expr, name: str) -> bool:
    return any(last_name(part) == name for part in walk(expr) if isinstance(part, Name | Attribute))


def _is_whole(expr: Expr, root: str) -> bool:
    """Whether an argument is the model itself, not something that a method of it gives."""
    while isinstance(expr, Attribute | syntax.Subscript):
        if last_name(expr) == root:
            return True
        expr = expr.value
    return last_name(expr) == root


# --- modules without parameters


def without_parameters(file: File, owner: Expr) -> str | None:
    """``CrossEntropyLoss`` where a model certainly is a module of torch that has no parameters."""
    made = list(made_from(file, owner))
    kinds = {torch_module(file, call) for call in made}
    kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind in _EMPTY and not _stored_in(file, owner) else None


def _stored_in(file: File, owner: Expr) -> bool:
    """Whether something is stored in the module: ``loss.weight = nn.Parameter(…)``."""
    shown = file.source(owner)
    return any(
        isinstance(target, Attribute) and file.source(target.value) == shown
        for statement in file.all(Assign)
        for target in statement.targets
    )


# --- tensors


def plain_tensors(file: File, expr: Expr) -> Iterator[tuple[Expr, bool]]:
    """The elements of a list that are tensors which no optimizer can change: each with whether it is computed.

    A tensor computed from one with gradients is no leaf of the graph; others record no gradients at all.
    """
    given = followed(file, expr)
    for element in given.elements if isinstance(given, Collection) else ():
        made = followed(file, element)
        if isinstance(element, Name) and made is not element and not _given_gradients(file, element.id):
            if _factory(file, made) is False:
                yield element, False
            elif _computed(file, made):
                yield element, True


def _factory(file: File, expr: Expr) -> bool | None:
    """Whether a tensor made by torch itself records gradients; None for anything else."""
    if not isinstance(expr, Call) or not _FACTORIES.fullmatch(file.qualified(expr.func) or ""):
        return None
    if any(arg.star for arg in expr.args):
        return None
    said = next((arg.value for arg in expr.args if arg.keyword == "requires_grad"), None)
    if said is None:
        return False
    return bool(said.value) if isinstance(said, Literal) else None


def _computed(file: File, expr: Expr) -> bool:
    """``torch.randn(3, requires_grad=True) * 0.1`` and ``torch.randn(3, requires_grad=True).cuda()``."""
    match expr:
        case syntax.Binary(op="*" | "/" | "+" | "-", left=left, right=right):
            return _factory(file, left) is True or _factory(file, right) is True
        case Call(func=Attribute(value=inner, attr=attr)) if attr in _NEW_TENSORS:
            return _factory(file, inner) is True
    return False


def _given_gradients(file: File, name: str) -> bool:
    """Whether a tensor may be told to record gradients later, or is handed to code that may do so."""
    for each in file.all(Attribute):
        if each.attr in ("requires_grad", "requires_grad_", "retain_grad") and last_name(each.value) == name:
            return True
    return False
