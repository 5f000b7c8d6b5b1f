"""The value of a guard's expression over constants; never ``eval``: own code, own bounds, three-valued logic."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
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

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "bool": bool,
    "complex": complex,
    "dict": dict,
    "float": float,
    "int": int,
    "list": list,
    "numbers.Integral": int,
    "numbers.Number": (int, float, complex),
    "numbers.Real": (int, float),
    "set": set,
    "str": str,
    "tuple": tuple,
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
    if isinstance(expr, ast.Tuple):
        return all(is_known_type(element) for element in expr.elts)
    name = ast.unparse(expr)
    return name in _TYPES or name.startswith("torch.")


def _value(expr: ast.expr, known: Mapping[str, object]) -> object:
    match expr:
        case ast.Constant(value=value):
            return UNKNOWN if value is ... else value
        case ast.Name(id=name):
            return _constant(known.get(name, UNKNOWN))
        case ast.BoolOp(op=op, values=values):
            return _logic(values, known, stop=isinstance(op, ast.Or))
        case ast.UnaryOp(op=op, operand=operand):
            return _unary(op, _value(operand, known))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            chosen = truth(test, known)
            return UNKNOWN if chosen is None else _value(body if chosen else orelse, known)
        case ast.Compare():
            return _chain(expr, known)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _value(left, known), _value(right, known))
        case ast.Tuple():
            return _elements(expr, known)
        case ast.Subscript(value=value, slice=index):
            return _item(_value(value, known), _value(index, known))
        case ast.Attribute(value=ast.Call(func=ast.Name(id="type"), args=[inner]), attr="__name__"):
            held = _value(inner, known)
            return UNKNOWN if unsure(held) else type(held).__name__
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, args, known)
    return UNKNOWN


def _constant(value: object) -> object:
    """A given value as far as guards may look at it: of an object, only that it is not None."""
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    plain = value is None or value is UNKNOWN or isinstance(value, bool | int | float | complex | str | bytes)
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
    if isinstance(expr, ast.Tuple | ast.List | ast.Set):
        return tuple(_value(element, known) for element in expr.elts)
    return _value(expr, known)


def _logic(values: list[ast.expr], known: Mapping[str, object], *, stop: bool) -> object:
    """``or`` stops at a true value, ``and`` at a false one; one that cannot be told may still be overruled."""
    open_ = False
    value: object = UNKNOWN
    for part in values:
        holds = truth(part, known)
        if holds is stop:
            return stop if open_ else evaluate(part, known)
        open_ |= holds is None
        value = evaluate(part, known)
    return UNKNOWN if open_ else value


def _unary(op: ast.unaryop, value: object) -> object:
    if unsure(value):
        return UNKNOWN
    if isinstance(op, ast.Not):
        return not value
    if not isinstance(value, int | float):
        return UNKNOWN
    return -value if isinstance(op, ast.USub) else +value if isinstance(op, ast.UAdd) else UNKNOWN


def _binary(op: ast.operator, left: object, right: object) -> object:
    apply = _ARITHMETIC.get(type(op))
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if apply is None or not numbers or any(isinstance(n, int) and n.bit_length() > _WIDEST for n in (left, right)):
        return UNKNOWN
    return apply(left, right)


def _chain(expr: ast.Compare, known: Mapping[str, object]) -> object:
    left = _value(expr.left, known)
    open_ = False
    for op, comparator in zip(expr.ops, expr.comparators, strict=True):
        right = _elements(comparator, known) if isinstance(op, ast.In | ast.NotIn) else _value(comparator, known)
        holds = _compare(op, left, right)
        if holds is False:
            return UNKNOWN if open_ else False
        open_ |= holds is None
        left = right
    return UNKNOWN if open_ else True


def _compare(op: ast.cmpop, left: object, right: object) -> bool | None:
    if isinstance(op, ast.In | ast.NotIn):
        found = _contains(left, right)
        return found if found is None or isinstance(op, ast.In) else not found
    if (isinstance(left, tuple) or left is NOT_NONE) and right is None and isinstance(op, ast.Is | ast.IsNot):
        return isinstance(op, ast.IsNot)
    if unsure(left) or unsure(right) or _partly(left) or _partly(right):
        return None
    if isinstance(op, ast.Is | ast.IsNot):
        if right is not None and not isinstance(right, bool):
            return None
        return (left is right) == isinstance(op, ast.Is)
    if isinstance(op, ast.Eq | ast.NotEq):
        return bool(left == right) == isinstance(op, ast.Eq)
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
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


def _item(value: object, index: object) -> object:
    if isinstance(value, tuple | str) and isinstance(index, int):
        return value[index]
    return UNKNOWN


def _call(name: str, args: list[ast.expr], known: Mapping[str, object]) -> object:
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
    if unsure(value) or not is_known_type(types):
        return UNKNOWN
    wanted = types.elts if isinstance(types, ast.Tuple) else [types]
    return any(isinstance(value, _TYPES.get(ast.unparse(one), ())) for one in wanted)


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
