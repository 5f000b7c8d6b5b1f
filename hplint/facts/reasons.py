"""How a value came to be known, or why it is not: the steps from an expression to where it is written.

Nothing is stored for this: the steps are taken again when someone asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.fold import FUNCTIONS
from hplint.facts.syntax import Attribute, Binary, Call, Collection, Expr, Literal, Subscript, Unary
from hplint.facts.values import OriginKind
from hplint.facts.ways import Way, Ways
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_MOST = 12
"""Steps that are told."""


@value_record
class Step:
    """One place on the way from an expression to its value: ``text`` is a plain clause without a full stop.

    ``path`` is None in the file that was asked; offsets count into that file's text.
    """

    start: int
    end: int
    path: str | None
    text: str


def why(asked: Evaluator, expr: Expr) -> tuple[Step, ...]:
    """The places that an expression takes its value from, nearest first; ``why(file.evaluator, argument)``.

    The last step says where the value is written, or what stopped the search. Of several ways the first is told
    that ends as the whole does: at a value where one is known, at a gap where none is.
    """
    steps: list[Step] = []
    owner = asked

    def tell(at: Expr, text: str) -> None:
        steps.append(Step(at.start, at.end, None if owner is asked else owner.path, text))

    for _ in range(_MOST):
        known = bool(owner.value(expr).possible)
        if isinstance(expr, Literal):
            if not steps:
                tell(expr, "it is written here")
            return tuple(steps)
        operand = _operand(expr, owner, known=known)
        if operand is not None:
            tell(expr, "it is computed here")
            expr = operand
            continue
        ways = owner.ways(expr)
        way = _chosen(ways, known=known)
        if way is None:
            if not known or not steps:
                tell(expr, "it is computed here" if known else ways.why)
            if known or not isinstance(expr, Attribute | Subscript) or owner.objects(expr.value).every:
                return tuple(steps)
            expr = expr.value
            continue
        text = SAID[way.kind].format(way.label)
        text = f"{text}; {ways.why}" if ways.why else text
        owner, expr = way.owner, way.expr
        tell(expr, text)
        if way.called or way.path:
            found = None if way.called else owner.steps.unpacked(expr, way.path)
            inner = None if found is None else _chosen(found, known=known)
            if inner is None:
                return tuple(steps)
            owner, expr = inner.owner, inner.expr
    return tuple(steps)


SAID = {
    OriginKind.LITERAL: "it may be this",
    OriginKind.CONSTANT: "`{}` is set here",
    OriginKind.CLASS_ATTRIBUTE: "`{}` is set in its class",
    OriginKind.DICT_ITEM: "`{}` is an item here",
    OriginKind.ARGPARSE: "`{}` has this default",
    OriginKind.OPTION: "`{}` has this default",
    OriginKind.FIELD: "the field `{}` has this default",
    OriginKind.PARAMETER: "the parameter `{}` has this default",
    OriginKind.FALLBACK: "`{}` is this when it is not set",
    OriginKind.ARGUMENT: "`{}` is called with this",
    OriginKind.RETURNED: "`{}` returns this",
    OriginKind.CONFIG_FILE: "`{}` is this in a configuration file",
    OriginKind.SIGNATURE: "`{}` is the library's default",
    OriginKind.COMPUTED: "it is computed here",
}
"""What is said of a way, by the kind of what comes by it."""


def _chosen(ways: Ways, *, known: bool) -> Way | None:
    """The way that explains a value: one that brings something where it is known, one that does not where it is not."""
    for way in ways.every:
        value = way.owner.part(way.expr, way.path) if way.path else way.owner.value(way.expr)
        if bool(value.possible) == known:
            return way
    return ways.every[0] if ways.every and not known else None


def _operand(expr: Expr, owner: Evaluator, *, known: bool) -> Expr | None:
    """The part of a computed expression that explains its value; None for what is not computed."""
    match expr:
        case Unary():
            parts: tuple[Expr, ...] = (expr.operand,)
        case Binary():
            parts = (expr.left, expr.right)
        case Collection():
            parts = expr.elements[:_MOST]
        case Call() if owner.names.qualified(expr.func) in FUNCTIONS:
            parts = tuple(arg.value for arg in expr.args)
        case _:
            return None
    for part in parts:
        if not isinstance(part, Literal) and bool(owner.value(part).possible) == known:
            return part
    return None
