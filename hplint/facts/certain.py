"""The calls that a function is certain to make."""

from __future__ import annotations

from collections.abc import Iterator

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


def certain_calls(body: tuple[Stmt, ...]) -> Iterator[Call]:
    """The calls that a function makes whenever it runs to its end, those of loops too."""
    for statement in body:
        match statement:
            case ExprStatement() | Assign() | AugAssign() | Return():
                yield from _unconditional(statement)
            case With(items=items, body=inner):
                for context, _ in items:
                    yield from _unconditional(context)
                yield from certain_calls(inner)
            case For(iter=iterated, body=inner):
                yield from _unconditional(iterated)
                yield from certain_calls(inner)
        if isinstance(statement, Return) or _may_leave(statement):
            return


def _may_leave(statement: Stmt) -> bool:
    """Whether what comes after a statement may not run, other than for an error."""
    skip = (FunctionDef, ClassDef, Lambda)
    return not isinstance(statement, skip) and any(
        isinstance(node, Return) or (isinstance(node, Simple) and node.kind in ("break", "continue"))
        for node in walk(statement, skip=skip)
    )


def _unconditional(node: Node) -> Iterator[Call]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Call):
            yield current
        if isinstance(current, Conditional):
            pending.append(current.test)
        elif isinstance(current, Binary) and current.op in ("and", "or"):
            pending.append(current.left)
        elif not isinstance(current, Lambda):
            pending.extend(reversed(list(children(current))))
