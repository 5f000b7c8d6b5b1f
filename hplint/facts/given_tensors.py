"""Activations whose constructor is given a tensor: in a method of a module, or in a helper that a method calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import torch_roles as roles
from hplint.facts.constructed import torch_module
from hplint.facts.makers import calls_of, given_to
from hplint.facts.models import ModuleClass, self_name
from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    Binary,
    Call,
    Collection,
    Expr,
    FunctionDef,
    Name,
    Slice,
    Subscript,
)
from hplint.facts.tree import inside
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_WITHOUT_OPTIONS = frozenset({"Tanh", "Sigmoid", "Softsign", "Tanhshrink", "LogSigmoid"})
_WITH_A_SWITCH = frozenset({"ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid"})
"""Activations whose one option is ``inplace``."""
_CALLS = 5
"""Calls of one helper; one that is called more often may be given anything."""


@value_record
class GivenTensor:
    """``call`` constructs the activation ``kind``; ``tensor`` is the tensor that it is given as its option."""

    call: Call
    kind: str
    tensor: Arg


def given_tensors(file: File, suspects: list[Call]) -> Iterator[GivenTensor]:
    """Those of some constructor calls, in the order of the text, that certainly should have been calls of a layer."""
    called = {(call.func.start, call.func.end) for call in file.all(Call)}
    for call in suspects:
        kind = torch_module(file, call)
        plain = call.args and not call.args[0].star and not call.args[0].keyword
        if kind not in roles.FUNCTION_OF_ACTIVATION or not plain or (call.start, call.end) in called:
            continue
        if _takes_tensor(file, call, kind, call.args[0].value):
            yield GivenTensor(call, kind, call.args[0])


def _takes_tensor(file: File, call: Call, kind: str, expr: Expr) -> bool:
    """Whether what a call is given for the only option of a kind of activation is a tensor."""
    method = file.callers.function_around(call)
    if method is None or method.name == "__init__":
        return False
    module = _module(file, method)
    if kind in _WITHOUT_OPTIONS or _is_no_option(file, module, kind, expr):
        return True
    if module is not None and (_is_given_back(file, method, call) or _is_tensor(file, module, method, expr)):
        return True
    if not isinstance(expr, Name) or method.name == "forward":
        return False
    if all(parameter.name != expr.id for parameter in method.parameters):
        return False
    sites = calls_of(file, method)
    handed = [(site, given_to(file, method, site).get(expr.id)) for site in sites]
    known = 0 < len(sites) <= _CALLS and all(value is not None for _, value in handed)
    return known and all(_in_module(file, site, kind, value) for site, value in handed if value is not None)


def _in_module(file: File, site: Call, kind: str, value: Expr) -> bool:
    """Whether a call of a helper stands in a method of a module and is given a tensor."""
    method = file.callers.function_around(site)
    return method is not None and _module(file, method) is not None and _takes_tensor(file, site, kind, value)


def _module(file: File, method: FunctionDef) -> ModuleClass | None:
    """The module of the file that a function is a method of."""
    return next((module for module in file.modules if module.own(method) and method in module.methods.values()), None)


def _is_no_option(file: File, module: ModuleClass | None, kind: str, expr: Expr) -> bool:
    """Whether an expression cannot be the one option of a class, which is true or false."""
    if kind not in _WITH_A_SWITCH:
        return False
    match expr:
        case Binary(op="+" | "-" | "*" | "/" | "@") | Subscript(index=Slice()):
            return True
        case Subscript(index=Collection(elements=indices)):
            return any(isinstance(each, Slice) for each in indices)
        case Call(func=Attribute(value=Name(id="self"), attr=attr)):
            return module is not None and attr not in module.methods
        case Call():
            return (file.qualified(expr.func) or "").startswith("torch.")
    return False


def _is_given_back(file: File, method: FunctionDef, call: Call) -> bool:
    """Whether a result takes the name of the first argument: `h = nn.ReLU(h)`. No option of a layer is one."""
    given = file.source(call.args[0])
    found = (each for each in file.within(Assign, method) if each.value is call)
    return any(file.source(each.targets[0]) == given for each in found)


def _is_tensor(file: File, module: ModuleClass, method: FunctionDef, expr: Expr) -> bool:
    """Whether an expression is the output of a layer of the module, or what ``forward`` is given first."""
    if isinstance(expr, Name):
        given = [each for each in method.parameters[1:2] if method.name == "forward" and not each.default]
        made = file.assigned(expr)
        own = isinstance(made, Call) and inside(made, method) and _is_tensor(file, module, method, made)
        return own or any(parameter.name == expr.id for parameter in given)
    return (
        isinstance(expr, Call)
        and isinstance(expr.func, Attribute)
        and isinstance(expr.func.value, Name)
        and expr.func.value.id == self_name(method)
        and any(layer.attr == expr.func.attr for layer in module.layers)
    )
