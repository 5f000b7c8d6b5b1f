"""What a call constructs: which module, whether it holds weights, and what a name was made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hplint.facts import torch_roles as roles
from hplint.facts.definitions import class_of
from hplint.facts.models import ModuleClass
from hplint.facts.module_reader import is_torch_module
from hplint.facts.sites import returned_by
from hplint.facts.syntax import (
    Assign,
    Attribute,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Conditional,
    Dict,
    Expr,
    FunctionDef,
    Name,
    Node,
)
from hplint.facts.tree import last_name, walk

if TYPE_CHECKING:
    from hplint.facts.file import File

_SAME_OBJECT = frozenset({"to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type", "to_empty", "compile"})
"""Methods of a module that return the module and leave its weights and its mode alone."""
_STILL_THE_MODEL = _SAME_OBJECT | {"train", "eval", "requires_grad_", "apply", "share_memory"}
_WRAPPERS = frozenset({"DataParallel", "DistributedDataParallel", "compile", "DDP", "FullyShardedDataParallel"})
_DEPTH = 4


def torch_module(file: File, expr: Expr) -> str | None:
    """``Linear`` for a call that constructs ``torch.nn.Linear``; None for anything else."""
    if not isinstance(expr, Call):
        return None
    name = file.qualified(expr.func)
    return name.rpartition(".")[2] if name is not None and is_torch_module(name) else None


def unwrapped(expr: Expr) -> Expr:
    """``nn.Linear(4, 4)`` of ``nn.Linear(4, 4).to(device)``."""
    while isinstance(expr, Call) and isinstance(expr.func, Attribute) and expr.func.attr in _SAME_OBJECT:
        expr = expr.func.value
    return expr


def module_class(file: File, expr: Expr) -> ModuleClass | None:
    """The module of this file that a call constructs."""
    if not isinstance(expr, Call):
        return None
    definition = file.definition(expr.func)
    if not isinstance(definition, ClassDef):
        return None
    return next((module for module in file.modules if module.node.start == definition.start), None)


def project_module(file: File, call: Call) -> ModuleClass | None:
    """The module of another file of the project that a call constructs."""
    found = class_of(file, call.func)
    return None if found is None else next((each for each in found[0].modules if each.node is found[1]), None)


def holds_weights(file: File, expr: Expr, depth: int = _DEPTH) -> bool:
    """Whether an expression certainly constructs a module with parameters."""
    kind = torch_module(file, expr)
    if kind in roles.MODULE_CONTAINERS:
        return any(
            part is not expr and isinstance(part, Call) and holds_weights(file, part, depth) for part in walk(expr)
        )
    if kind is not None:
        return kind in roles.PARAMETRIC
    if not isinstance(expr, Call):
        return False
    module = module_class(file, expr) or project_module(file, expr)
    if module is None:
        made = returned_by(file, expr) if depth else None
        return made is not None and holds_weights(file, made, depth - 1)
    if any(layer.kind in roles.PARAMETRIC for layer in module.layers):
        return True
    inner = [store for store in module.stores if isinstance(store.value, Call)] if depth else []
    return any(store.value is not None and holds_weights(module.file, store.value, depth - 1) for store in inner)


def put_into(container: Call) -> Iterator[Expr]:
    """What a container is constructed with, seen through lists, dictionaries and ``OrderedDict``."""
    pending: list[Expr] = [arg.value for arg in reversed(container.args) if not arg.star]
    while pending:
        expr = pending.pop()
        match expr:
            case Collection(elements=elements):
                pending.extend(reversed(elements))
            case Dict(items=items):
                pending.extend(value for _, value in reversed(items))
            case Call(func=func, args=args) if last_name(func) == "OrderedDict":
                pending.extend(arg.value for arg in args)
            case _:
                yield expr


def called_when_made(parts: Sequence[Node]) -> Iterator[Call]:
    """Calls whose result is called in the same function, and used in no other way: ``nn.Linear(4, 4)(x)``.

    ``parts`` is all that is in the function.
    """
    calls = [part for part in parts if isinstance(part, Call)]
    called = {call.func.start for call in calls if isinstance(call.func, Name)}
    for call in calls:
        made = unwrapped(call.func)
        if isinstance(made, Call):
            yield made
    for part in parts:
        match part:
            case Assign(targets=(Name() as name,), value=value) if value is not None:
                made = unwrapped(value)
                uses = [use for use in parts if isinstance(use, Name) and use.id == name.id and use is not name]
                if isinstance(made, Call) and uses and all(use.start in called for use in uses):
                    yield made


def made_from(file: File, expr: Expr, depth: int = _DEPTH) -> Iterator[Call]:
    """The calls that may have constructed the model that an expression stands for.

    Followed through names, ``self.model``, parameters of functions that this file calls, ``.to(device)`` and the
    wrappers for several devices.
    """
    if depth == 0:
        return
    match expr:
        case Call(func=Attribute(value=inner, attr=attr)) if attr in _STILL_THE_MODEL and not _imported(file, inner):
            yield from made_from(file, inner, depth)
        case Call(func=func, args=(first, *_)) if last_name(func) in _WRAPPERS:
            yield from made_from(file, first.value, depth - 1)
        case Call():
            yield expr
        case Conditional(body=body, orelse=orelse):
            yield from made_from(file, body, depth - 1)
            yield from made_from(file, orelse, depth - 1)
        case Name():
            for binding in file.names.reaching(expr):
                if binding.kind is BindingKind.ASSIGN and binding.path == () and binding.value is not None:
                    yield from made_from(file, binding.value, depth - 1)
                elif binding.kind is BindingKind.PARAMETER:
                    yield from _handed(file, expr, depth - 1)
        case Attribute(attr=attr):
            for target, value in file.holders.attribute_stores:
                if target.attr == attr and value is not None:
                    yield from made_from(file, value, depth - 1)
        case _:
            return


def _handed(file: File, name: Name, depth: int) -> Iterator[Call]:
    """What calls in this file hand to the parameter that a name stands for."""
    found = file.names.lookup(name.id, name.scope)
    scope = None if found is None else found[0].number
    function = next((function for function in file.all(FunctionDef) if function.scope == scope), None)
    if function is None:
        return
    position = [parameter.name for parameter in function.parameters].index(name.id)
    for call in file.callers.by_name.get(function.name, ()):
        if file.definition(call.func) is not function:
            continue
        for index, arg in enumerate(call.args):
            if arg.keyword == name.id or (arg.keyword is None and not arg.star and index == position):
                yield from made_from(file, arg.value, depth)


def _imported(file: File, expr: Expr) -> bool:
    """Whether an expression names something imported, as ``torch`` does in ``torch.compile(model)``."""
    return isinstance(expr, Name) and any(binding.kind is BindingKind.IMPORT for binding in file.names.reaching(expr))
