"""Terms over all parameters that are added to a loss: penalties on weights that are written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts.syntax import (
    Assign,
    Attribute,
    AugAssign,
    Binary,
    Call,
    Collection,
    Comprehension,
    Expr,
    For,
    FunctionDef,
    Literal,
    Name,
    Node,
    Return,
    Subscript,
    Unary,
    With,
)
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_DEPTH = 5
_PARAMETERS = frozenset({"parameters", "named_parameters"})
_CUTTING = frozenset({"detach", "item", "tolist", "numpy"})
_BACKWARD = frozenset({"backward", "manual_backward"})
_WITHOUT = frozenset({"no_grad", "inference_mode"})
_NORMS = frozenset({"norm", "vector_norm"})
_SQUARES = frozenset({"square", "pow"})


@value_record
class Penalty:
    """A term over parameters that reaches a ``backward``.

    ``node``: the comprehension, or the statement in a loop. ``model``: what ``parameters()`` is called on. ``cut``:
    where the gradient is lost, None where it passes. ``squared``: it is the sum of the squares, or of the norms, of
    the parameters themselves.
    """

    node: Node
    model: Expr
    cut: Node | None
    squared: bool


def penalties(file: File) -> tuple[Penalty, ...]:
    """The penalties of a file, in the order of the text."""
    return _penalties(file)


@lru_cache(maxsize=1)
def _penalties(file: File) -> tuple[Penalty, ...]:
    if "parameters" not in file.text or "backward" not in file.text:
        return ()
    found = [*_of_comprehensions(file), *_of_loops(file)]
    return tuple(sorted(found, key=lambda penalty: penalty.node.start))


def _of_comprehensions(file: File) -> Iterator[Penalty]:
    for each in file.every(Comprehension):
        only = each.generators[0]
        model = _model(only.iter)
        if model is None or len(each.generators) > 1 or each.key is not None:
            continue
        variables = _variables(only.target)
        if _about(variables, each.element) and _reaches(file, each, _DEPTH):
            yield _penalty(file, each, each.element, model, variables)


def _of_loops(file: File) -> Iterator[Penalty]:
    for loop in file.every(For):
        model = _model(loop.iter)
        if model is None:
            continue
        variables = _variables(loop.target)
        statements: tuple[AugAssign | Assign, ...] = (*file.within(AugAssign, loop), *file.within(Assign, loop))
        for statement in statements:
            name, summand = _added(statement)
            if name is None or summand is None or not _about(variables, summand):
                continue
            if _name_reaches(file, name, statement.end, _DEPTH):
                yield _penalty(file, statement, summand, model, variables)


def _added(statement: AugAssign | Assign) -> tuple[Name | None, Expr | None]:
    """The name that something is added to, and what: ``total += …``, ``total = total + …``."""
    if isinstance(statement, AugAssign):
        named = isinstance(statement.target, Name) and statement.op == "+"
        return (statement.target, statement.value) if named else (None, None)  # type: ignore[return-value]
    if len(statement.targets) == 1 and isinstance(statement.targets[0], Name):
        match statement.value:
            case Binary(op="+", left=Name(id=left), right=right) if left == statement.targets[0].id:
                return statement.targets[0], right
            case Binary(op="+", left=left, right=Name(id=right)) if right == statement.targets[0].id:
                return statement.targets[0], left
    return None, None


def _model(iterated: Expr) -> Expr | None:
    """``model`` of ``model.parameters()``."""
    match iterated:
        case Call(func=Attribute(value=value, attr=attr)) if attr in _PARAMETERS:
            return value
    return None


def _variables(target: Expr) -> frozenset[str]:
    """The name of the parameter: the last one of ``name, parameter``."""
    if isinstance(target, Collection):
        target = target.elements[-1] if target.elements else target
    return frozenset({target.id}) if isinstance(target, Name) else frozenset()


def _about(variables: frozenset[str], summand: Expr) -> bool:
    """Whether a term is about the values of a parameter, not about its gradient, its size or its place."""
    parts = list(walk(summand))
    named = any(isinstance(part, Name) and part.id in variables for part in parts)
    attributes = {part.attr for part in parts if isinstance(part, Attribute)}
    return (
        named
        and bool(attributes & (_NORMS | _SQUARES | {"abs", "sum"}) or _squared(summand))
        and "grad" not in attributes
    )


def _penalty(file: File, node: Node, summand: Expr, model: Expr, variables: frozenset[str]) -> Penalty:
    return Penalty(node, model, _cut(file, node, summand, variables), _is_square(summand, variables))


def _cut(file: File, node: Node, summand: Expr, variables: frozenset[str]) -> Node | None:
    """Where the gradient of each use of the parameter is lost."""
    cutting = [
        part
        for part in walk(summand)
        if (isinstance(part, Attribute) and part.attr == "data")
        or (isinstance(part, Call) and isinstance(part.func, Attribute) and part.func.attr in _CUTTING)
    ]
    uses = [part for part in walk(summand) if isinstance(part, Name) and part.id in variables]
    around = [next((cut for cut in cutting if inside(use, cut)), None) for use in uses]
    if around and all(cut is not None for cut in around):
        return around[0]
    for block in file.every(With):
        context = block.items[0][0]
        off = isinstance(context, Call) and last_name(context.func) in _WITHOUT
        if off and inside(node, block) and not any(_calls_backward(call) for call in file.within(Call, block)):
            return context
    return None


def _squared(expr: Node) -> bool:
    """Whether something is multiplied with itself: ``p ** 2``, ``p * p``."""
    for part in walk(expr):
        match part:
            case Binary(op="**", right=Literal(value=2)):
                return True
            case Binary(op="*", left=Name(id=left), right=Name(id=right)) if left == right:
                return True
    return False


def _is_square(summand: Expr, variables: frozenset[str]) -> bool:
    """Whether it is made of squares, or Euclidean norms, of the parameter alone, not of its distance to something."""
    if any(isinstance(part, Binary) and part.op in ("-", "+", "/") for part in walk(summand)):
        return False
    for part in walk(summand):
        if isinstance(part, Call):
            name = last_name(part.func)
            numbers = [arg.value.value for arg in part.args if isinstance(arg.value, Literal)]
            if name in _NORMS and all(number in (2, "fro") for number in numbers):
                return all(isinstance(arg.value, Literal | Name | Attribute) for arg in part.args)
            if name == "square" or (name == "pow" and numbers == [2]):
                return True
    return _squared(summand)


# --- where it goes


def _calls_backward(call: Call) -> bool:
    return isinstance(call.func, Attribute) and call.func.attr in _BACKWARD


def _reaches(file: File, node: Expr, depth: int) -> bool:
    """Whether an expression is added to what ``backward`` is called on, also through names and functions."""
    if depth <= 0:
        return False
    for call in file.every(Call):
        if _calls_backward(call) and inside(node, call):
            return True
    statements: tuple[Assign | AugAssign | Return, ...] = (
        *file.every(Assign),
        *file.every(AugAssign),
        *file.every(Return),
    )
    for statement in statements:
        value = statement.value
        if value is None or not inside(node, value) or not any(inside(node, leaf) for leaf in _summands(value)):
            continue
        if isinstance(statement, Return):
            return any(_reaches(file, call, depth - 1) for call in _calls_of(file, statement))
        target = statement.target if isinstance(statement, AugAssign) else statement.targets[0]
        return isinstance(target, Name) and _name_reaches(file, target, statement.end, depth - 1)
    return False


def _name_reaches(file: File, name: Name, after: int, depth: int) -> bool:
    """The same for what a name stands for from some place on."""
    uses = (use for use in file.every(Name) if use.id == name.id and use.scope == name.scope and use.start > after)
    return depth > 0 and any(_reaches(file, use, depth - 1) for use in uses)


def _summands(value: Expr) -> Iterator[Expr]:
    """What a value is the sum of, seen through factors, ``sum`` and the methods that gather a list."""
    match value:
        case Binary(op="+" | "-" | "*" | "/", left=left, right=right):
            yield from _summands(left)
            yield from _summands(right)
        case Unary(operand=operand):
            yield from _summands(operand)
        case Call(func=func, args=args) if last_name(func) in ("sum", "stack", "cat", "mean", "add", "tensor"):
            if isinstance(func, Attribute):
                yield from _summands(func.value)
            for arg in args:
                yield from _summands(arg.value)
        case Name() | Comprehension() | Call():
            yield value
        case Collection(elements=elements):
            for element in elements:
                yield from _summands(element)
        case Subscript():
            return
        case _:
            return


def _calls_of(file: File, statement: Return) -> Iterator[Call]:
    """The calls of the function that a return stands in."""
    around = [each for each in file.every(FunctionDef) if inside(statement, each)]
    if around:
        function = max(around, key=lambda each: each.start)
        for call in file.callers.by_name.get(function.name, ()):
            if file.definition(call.func) is function or isinstance(call.func, Attribute):
                yield call
