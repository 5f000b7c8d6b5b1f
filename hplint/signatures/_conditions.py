"""Conditions made short: what holds anyway is left out, and what can never be told is not waited for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TypeAlias

from hplint.signatures._evaluate import truth
from hplint.signatures._translate import chosen, compared, has_hole, instance, is_hole, negated, same

Facts: TypeAlias = "list[tuple[ast.expr, bool]]"
"""Conditions that hold, or do not."""

_APART = frozenset({"str", "tuple", "list", "dict", "int", "float"})
"""Types without common instances."""


def conjuncts(condition: ast.expr) -> list[ast.expr]:
    """The parts that must all hold."""
    if isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.And):
        return condition.values
    return [condition]


def conjunction(conditions: Iterable[ast.expr]) -> ast.expr:
    """All of them, each once."""
    parts: list[ast.expr] = []
    for condition in conditions:
        for part in conjuncts(condition):
            holds = truth(part, {})
            if holds is False:
                return ast.Constant(False)
            if holds is None and not any(same(part, known) for known in parts):
                parts.append(part)
    if not parts:
        return ast.Constant(True)
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)


def disjunction(conditions: Iterable[ast.expr]) -> ast.expr:
    """Any of them."""
    parts = [condition for condition in conditions if truth(condition, {}) is not False]
    if not parts:
        return ast.Constant(False)
    settled = next((part for part in parts if truth(part, {})), None)
    return settled or (parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), parts))


def simplified(conditions: list[ast.expr]) -> ast.expr | None:
    """A condition without holes that implies all of these, None where there is none."""
    found: ast.expr | None = conjunction(conditions)
    for _ in range(4):
        # Each round may settle what the next one builds on; few are needed and a fixed number ends.
        before = found
        found = certain(assumed(found, [])) if found is not None else None
        if found is None or (before is not None and same(found, before)):
            break
    return found


def certain(condition: ast.expr, *, holds: bool = True) -> ast.expr | None:
    """A condition without holes that implies this one (or its opposite), None where there is none."""
    if is_hole(condition) or (holds and _never(condition)):
        return None
    if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
        return certain(condition.operand, holds=not holds)
    if isinstance(condition, ast.BoolOp):
        every = isinstance(condition.op, ast.And) == holds
        parts = [certain(value, holds=holds) for value in condition.values]
        known = [part for part in parts if part is not None]
        if not known or (every and len(known) < len(parts)):
            return None
        if not holds and len(known) == len(parts):
            return negated(condition)
        return conjunction(known) if every else disjunction(known)
    if isinstance(condition, ast.IfExp):
        return _choice(condition, holds=holds)
    return condition if holds else negated(condition)


def _choice(condition: ast.IfExp, *, holds: bool) -> ast.expr | None:
    """A choice between conditions as an alternative."""
    yes, no = certain(condition.test), certain(condition.test, holds=False)
    body, orelse = certain(condition.body, holds=holds), certain(condition.orelse, holds=holds)
    ways = [
        conjunction([test, branch])
        for test, branch in ((yes, body), (no, orelse))
        if test is not None and branch is not None
    ]
    return disjunction(ways) if ways else None


def _never(condition: ast.expr) -> bool:
    """Whether it holds for no constant: it asks for an instance of a class of the library."""
    if not (isinstance(condition, ast.Call) and ast.unparse(condition.func) == "isinstance"):
        return False
    return all(name.startswith("torch.") for name in _names(condition.args[1]))


def _names(types: ast.expr) -> list[str]:
    return [ast.unparse(one) for one in (types.elts if isinstance(types, ast.Tuple) else [types])]


def assumed(expr: ast.expr, facts: Facts) -> ast.expr:
    """The expression where these facts hold."""
    decided = _decided(expr, facts)
    if decided is not None:
        return ast.Constant(decided)
    match expr:
        case ast.BoolOp(op=ast.And(), values=values):
            return conjunction(_together(values, facts, holds=True))
        case ast.BoolOp(op=ast.Or(), values=values):
            return disjunction(_together(values, facts, holds=False))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return negated(assumed(operand, facts))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            test = assumed(test, facts)
            return chosen(test, assumed(body, [*facts, (test, True)]), assumed(orelse, [*facts, (test, False)]))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return compared(assumed(left, facts), ops, [assumed(c, facts) for c in comparators])
        case ast.Call(func=ast.Name(id="isinstance"), args=[value, types]):
            return instance(assumed(value, facts), types)
        case ast.Call(func=func, args=args) if not any(isinstance(a, ast.GeneratorExp) for a in args):
            return ast.Call(func, [assumed(arg, facts) for arg in args], [])
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(assumed(left, facts), op, assumed(right, facts))
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(assumed(value, facts), index, ast.Load())
    return expr


def _together(values: list[ast.expr], facts: Facts, *, holds: bool) -> list[ast.expr]:
    """The parts of ``and``, each where all others hold; of ``or``, each where no other holds."""
    parts = list(values)
    for index in range(len(parts)):
        others = [part for place, part in enumerate(parts) if place != index]
        parts[index] = assumed(parts[index], [*facts, *((other, holds) for other in others)])
    return parts


def _decided(expr: ast.expr, facts: Facts) -> bool | None:
    """What the facts say of a condition."""
    if not isinstance(expr, ast.Compare | ast.Call | ast.BoolOp | ast.UnaryOp | ast.Name) or has_hole(expr):
        return None
    for fact, holds in facts:
        if isinstance(expr, ast.Name) or isinstance(fact, ast.Constant):
            continue
        if same(fact, expr):
            return holds
        if same(negated(fact), expr):
            return not holds
        if holds and _excludes(fact, expr):
            return False
    return None


def _excludes(fact: ast.expr, expr: ast.expr) -> bool:
    """Whether a value of the one type can't be of the other."""
    match fact, expr:
        case (
            ast.Call(func=ast.Name(id="isinstance"), args=[value, first]),
            ast.Call(func=ast.Name(id="isinstance"), args=[other, second]),
        ) if same(value, other):
            one, two = set(_names(first)), set(_names(second))
            return not one & two and one | two <= _APART
    return False
