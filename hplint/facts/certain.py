"""The calls that a function is certain to make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hplint.facts.syntax import (
    Assign,
    AugAssign,
    Binary,
    Call,
    ClassDef,
    Conditional,
    ExprStatement,
    For,
    FunctionDef,
    Lambda,
    Node,
    Return,
    Simple,
    Stmt,
    With,
)
from hplint.facts.tree import children, walk

_STRAIGHT = (ExprStatement, Assign, AugAssign, FunctionDef, ClassDef, Lambda)
"""Records that control does not leave, other than for an error."""


def certain_calls(body: tuple[Stmt, ...], wanted: Sequence[Call]) -> Iterator[Call]:
    """Those of some calls, in the order of the text, that a function makes whenever it runs to its end."""
    for statement in body:
        here = [call for call in wanted if statement.start <= call.start < statement.end]
        if here:
            yield from _of_statement(statement, here)
        if wanted[-1].start < statement.end or isinstance(statement, Return) or _may_leave(statement):
            return


def _of_statement(statement: Stmt, wanted: Sequence[Call]) -> Iterator[Call]:
    match statement:
        case ExprStatement() | Assign() | AugAssign() | Return():
            yield from _unconditional(statement, wanted)
        case With(items=items, body=inner):
            for context, _ in items:
                yield from _unconditional(context, wanted)
            yield from certain_calls(inner, wanted)
        case For(iter=iterated, body=inner):
            yield from _unconditional(iterated, wanted)
            yield from certain_calls(inner, wanted)


def _may_leave(statement: Stmt) -> bool:
    """Whether what comes after a statement may not run, other than for an error."""
    return not isinstance(statement, _STRAIGHT) and any(
        isinstance(node, Return) or (isinstance(node, Simple) and node.kind in ("break", "continue"))
        for node in walk(statement, skip=_STRAIGHT)
    )


def _unconditional(node: Node, wanted: Sequence[Call]) -> Iterator[Call]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Call) and current in wanted:
            yield current
        if isinstance(current, Conditional):
            pending.append(current.test)
        elif isinstance(current, Binary) and current.op in ("and", "or"):
            pending.append(current.left)
        elif not isinstance(current, Lambda):
            pending.extend(reversed(list(children(current))))
