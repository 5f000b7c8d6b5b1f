"""Arithmetic on constants, bounded: hostile text must not make the linter compute for long."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from hplint.facts.syntax import Constant

_LIMIT = 10**30
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "|": operator.or_,
    "&": operator.and_,
    "^": operator.xor,
}
_CONVERSIONS: dict[str, Callable[[Any], Constant]] = {
    "builtins.float": float,
    "builtins.int": int,
    "builtins.bool": bool,
    "builtins.abs": abs,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
}


FUNCTIONS = frozenset((*_CONVERSIONS, "builtins.min", "builtins.max", "builtins.round", "builtins.len"))
"""Functions whose result is worked out, by qualified name."""


class NotFolded(Exception):
    """The operation is not worked out: wrong types, too large, or an error at run time."""


def binary(op: str, left: Constant, right: Constant) -> Constant:
    """``left op right`` for numbers and short strings.

    Raises:
        NotFolded
    """
    if isinstance(left, str) and isinstance(right, str) and op == "+" and len(left) + len(right) < 1000:
        return left + right
    function = _ARITHMETIC.get(op)
    if function is None or not _is_number(left) or not _is_number(right):
        raise NotFolded
    if op in ("**", "<<") and (abs(right) > 64 or abs(left) > _LIMIT):  # type: ignore[arg-type]
        raise NotFolded
    return _checked(lambda: function(left, right))


def unary(op: str, operand: Constant) -> Constant:
    """``-x``, ``+x``, ``~x`` or ``not x``.

    Raises:
        NotFolded
    """
    if op == "not":
        return not operand
    if not _is_number(operand):
        raise NotFolded
    functions: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
    return _checked(lambda: functions[op](operand))


def convert(function: str, operand: Constant) -> Constant:
    """``float("1e-3")`` and the like; ``function`` is a qualified name.

    Raises:
        NotFolded
    """
    conversion = _CONVERSIONS.get(function)
    if conversion is None or not (_is_number(operand) or (isinstance(operand, str) and len(operand) < 40)):
        raise NotFolded
    return _checked(lambda: conversion(operand))


def call(function: str, operands: tuple[Constant, ...]) -> Constant:
    """What a function of :data:`FUNCTIONS` gives for constants.

    Raises:
        NotFolded
    """
    if len(operands) == 1 and function in _CONVERSIONS:
        return convert(function, operands[0])
    if function == "builtins.len" and len(operands) == 1 and isinstance(operands[0], str | tuple):
        return len(operands[0])
    numbers: Any = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple) else operands
    if not numbers or not all(_is_number(each) for each in numbers):
        raise NotFolded
    if function == "builtins.round" and len(numbers) <= 2 and numbers is operands:
        return _checked(lambda: _round(*numbers))
    functions: dict[str, Callable[[Any], Constant]] = {"builtins.min": min, "builtins.max": max}
    if function not in functions:
        raise NotFolded
    return _checked(lambda: functions[function](numbers))


_round: Callable[..., Any] = round


def _is_number(value: Constant) -> bool:
    return isinstance(value, int | float)


def _checked(compute: Callable[[], Any]) -> Constant:
    try:
        result: Constant = compute()
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NotFolded from error
    if isinstance(result, int) and abs(result) > _LIMIT:
        raise NotFolded
    return result
