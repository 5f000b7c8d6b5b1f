"""The value of a guard's expression over constants; never ``eval``: own code, own bounds, three-valued logic."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final


class Unknown:
    """The value of what cannot be told."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class NotNone:
    """The value of what is not None for certain and of which nothing else is known."""

    def __repr__(self) -> str:
        return "NOT_NONE"


NOT_NONE: Final = NotNone()

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "complex": (complex,),
    "dict": (dict,),
    "float": (float,),
    "int": (int,),
    "list": (list,),
    "numbers.Integral": (int,),
    "numbers.Number": (int, float, complex),
    "numbers.Real": (int, float),
    "set": (set,),
    "str": (str,),
    "tuple": (tuple,),
}
"""Types that a guard may ask for by ``isinstance``. No constant is an instance of a ``torch.…`` class."""

CALLS: Final[dict[str, Callable[..., Any]]] = {
    "abs": abs, "all": all, "any": any, "bool": bool, "float": float, "int": int, "len": len, "max": max, "min": min,
    "str": str, "tuple": tuple,
}  # fmt: skip
"""Builtins that a guard may call."""

_ARITHMETIC: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_ORDER: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_LONGEST: Final = 1000
_WIDEST: Final = 4096


def evaluate(expr: ast.expr, known: Mapping[str, object]) -> object:
    """The value of an expression when names have these values, :data:`UNKNOWN` when it cannot be told."""
    try:
        return _value(expr, known)
    except Exception:
        # Whatever goes wrong with hostile values, from a division by zero to a string's order, means "cannot tell".
        return UNKNOWN


def is_known_type(expr: ast.expr) -> bool:
    """Whether ``isinstance`` can be answered for this second argument."""
    return _asked_for(expr) is not None


@cache
def _asked_for(types: ast.expr) -> tuple[type, ...] | None:
    """The types that the second argument of ``isinstance`` names, as far as constants can be of them."""
    found: list[type] = []
    for expr in types.elts if isinstance(types, ast.Tuple) else [types]:
        name = ast.unparse(expr)
        if name in _TYPES:
            found += _TYPES[name]
        elif not name.startswith("torch."):
            return None
    return tuple(found)


def _value(expr: ast.expr, known: Mapping[str, object]) -> object:
    work_out = _BY_KIND.get(type(expr))
    return UNKNOWN if work_out is None else work_out(expr, known)


def _name(expr: ast.Name, known: Mapping[str, object]) -> object:
    return _constant(known.get(expr.id, UNKNOWN))


def _choice(expr: ast.IfExp, known: Mapping[str, object]) -> object:
    chosen = truth(expr.test, known)
    return UNKNOWN if chosen is None else _value(expr.body if chosen else expr.orelse, known)


def _attribute(expr: ast.Attribute, known: Mapping[str, object]) -> object:
    match expr:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="type"), args=[inner]), attr="__name__"):
            held = _value(inner, known)
            return UNKNOWN if unsure(held) else type(held).__name__
    return UNKNOWN


_PLAIN: Final = (bool, int, float, complex, str, bytes)
_NUMBER: Final = (int, float)
_DISPLAYS: Final = (ast.Tuple, ast.List, ast.Set)
_MEMBERSHIP: Final = (ast.In, ast.NotIn)
_IDENTITY: Final = (ast.Is, ast.IsNot)


def _constant(value: object) -> object:
    """A given value as far as guards may look at it: of an object, only that it is not None."""
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    plain = value is None or value is UNKNOWN or isinstance(value, _PLAIN)
    return value if plain else NOT_NONE


def truth(expr: ast.expr, known: Mapping[str, object]) -> bool | None:
    """Whether an expression holds, None when it cannot be told."""
    value = evaluate(expr, known)
    return None if unsure(value) else bool(value)


def unsure(value: object) -> bool:
    """Whether a value is not known."""
    return value is UNKNOWN or value is NOT_NONE


def _elements(expr: ast.expr, known: Mapping[str, object]) -> object:
    """What stands in a display, whichever kind it is: for asking what is in it, not for comparing it."""
    if isinstance(expr, _DISPLAYS):
        return tuple(_value(element, known) for element in expr.elts)
    return _value(expr, known)


def _logic(expr: ast.BoolOp, known: Mapping[str, object]) -> object:
    """``or`` stops at a true value, ``and`` at a false one; one that cannot be told may still be overruled."""
    stop = isinstance(expr.op, ast.Or)
    open_ = False
    value: object = UNKNOWN
    for part in expr.values:
        value = evaluate(part, known)
        if unsure(value):
            open_ = True
        elif bool(value) is stop:
            return stop if open_ else value
    return UNKNOWN if open_ else value


def _unary(expr: ast.UnaryOp, known: Mapping[str, object]) -> object:
    op, value = expr.op, _value(expr.operand, known)
    if unsure(value):
        return UNKNOWN
    if isinstance(op, ast.Not):
        return not value
    if not isinstance(value, int | float):
        return UNKNOWN
    return -value if isinstance(op, ast.USub) else +value if isinstance(op, ast.UAdd) else UNKNOWN


def _binary(expr: ast.BinOp, known: Mapping[str, object]) -> object:
    left, right = _value(expr.left, known), _value(expr.right, known)
    apply = _ARITHMETIC.get(type(expr.op))
    numbers = isinstance(left, _NUMBER) and isinstance(right, _NUMBER)
    if apply is None or not numbers or any(isinstance(n, int) and n.bit_length() > _WIDEST for n in (left, right)):
        return UNKNOWN
    return apply(left, right)


def _chain(expr: ast.Compare, known: Mapping[str, object]) -> object:
    left = _value(expr.left, known)
    open_ = False
    for op, comparator in zip(expr.ops, expr.comparators, strict=True):
        right = _elements(comparator, known) if isinstance(op, _MEMBERSHIP) else _value(comparator, known)
        holds = _compare(op, left, right)
        if holds is False:
            return UNKNOWN if open_ else False
        open_ |= holds is None
        left = right
    return UNKNOWN if open_ else True


def _compare(op: ast.cmpop, left: object, right: object) -> bool | None:
    if isinstance(op, _MEMBERSHIP):
        found = _contains(left, right)
        return found if found is None or isinstance(op, ast.In) else not found
    if (isinstance(left, tuple) or left is NOT_NONE) and right is None and isinstance(op, _IDENTITY):
        return isinstance(op, ast.IsNot)
    if unsure(left) or unsure(right) or _partly(left) or _partly(right):
        return None
    if isinstance(op, _IDENTITY):
        if right is not None and not isinstance(right, bool):
            return None
        return (left is right) == isinstance(op, ast.Is)
    if isinstance(op, ast.Eq | ast.NotEq):
        return bool(left == right) == isinstance(op, ast.Eq)
    numbers = isinstance(left, _NUMBER) and isinstance(right, _NUMBER)
    return _ORDER[type(op)](left, right) if numbers else None


def _contains(item: object, container: object) -> bool | None:
    if unsure(item) or _partly(item):
        return None
    if isinstance(container, str) and isinstance(item, str):
        return item in container
    if not isinstance(container, tuple):
        return None
    if any(item == element for element in container if not unsure(element)):
        return True
    return None if _partly(container) else False


def _partly(value: object) -> bool:
    """Whether something in a tuple cannot be told."""
    return isinstance(value, tuple) and any(unsure(element) or _partly(element) for element in value)


def _item(expr: ast.Subscript, known: Mapping[str, object]) -> object:
    value, index = _value(expr.value, known), _value(expr.slice, known)
    if isinstance(value, tuple | str) and isinstance(index, int):
        return value[index]
    return UNKNOWN


def _call(expr: ast.Call, known: Mapping[str, object]) -> object:
    if not isinstance(expr.func, ast.Name) or expr.keywords:
        return UNKNOWN
    name, args = expr.func.id, expr.args
    if name == "isinstance" and len(args) == 2:
        return _isinstance(_value(args[0], known), args[1])
    if name in {"any", "all"} and len(args) == 1 and isinstance(args[0], ast.GeneratorExp | ast.ListComp):
        return _quantifier(name, args[0], known)
    values = [_value(arg, known) for arg in args]
    if name == "callable" and len(values) == 1:
        # Constants are not callable.
        return UNKNOWN if unsure(values[0]) else False
    call = CALLS.get(name)
    if call is None or any(unsure(v) or _partly(v) for v in values):
        return UNKNOWN
    if name in {"int", "float"} and not isinstance(values[0], int | float):
        return UNKNOWN
    if name == "tuple" and not isinstance(values[0], tuple):
        return UNKNOWN
    return call(*values)


def _isinstance(value: object, types: ast.expr) -> object:
    wanted = None if unsure(value) else _asked_for(types)
    return UNKNOWN if wanted is None else isinstance(value, wanted)


def _quantifier(name: str, comprehension: ast.GeneratorExp | ast.ListComp, known: Mapping[str, object]) -> object:
    match comprehension.generators:
        case [ast.comprehension(target=ast.Name(id=target), iter=source, ifs=[])]:
            values = _elements(source, known)
        case _:
            return UNKNOWN
    if not isinstance(values, tuple) or len(values) > _LONGEST:
        return UNKNOWN
    each = [truth(comprehension.elt, {**known, target: value}) for value in values]
    stop = name == "any"
    if stop in each:
        return stop
    return UNKNOWN if None in each else not stop


_BY_KIND: Final[dict[type[ast.expr], Callable[[Any, Mapping[str, object]], object]]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.BoolOp: _logic,
    ast.Call: _call,
    ast.Compare: _chain,
    ast.Constant: lambda expr, known: UNKNOWN if expr.value is ... else expr.value,
    ast.IfExp: _choice,
    ast.Name: _name,
    ast.Subscript: _item,
    ast.Tuple: _elements,
    ast.UnaryOp: _unary,
}
"""How the value of each kind of expression is found."""
