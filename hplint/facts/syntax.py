"""The code of one file as frozen, picklable records: what is left of the tree after its one walk.

Every record has ``start`` and ``end``: offsets in Unicode code points into the file's text, end exclusive, without
enclosing parentheses and white space. Nothing here knows LibCST. Two records are equal only if they are the same one.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from types import EllipsisType
from typing import TypeAlias

from hplint.records import record

Constant: TypeAlias = "int | float | complex | str | bytes | bool | EllipsisType | tuple[Constant, ...] | None"
"""A Python value that a literal can write; tuples stand for literal tuples."""


@record
class Node:
    """A stretch of the text."""

    start: int
    end: int


# --- expressions


@record
class Literal(Node):
    """A number, string, bytes, True, False, None or ``...``; adjacent strings are joined."""

    value: Constant


@record
class Name(Node):
    """A bare name read or written in the scope with the number ``scope``."""

    id: str
    scope: int


@record
class Attribute(Node):
    """``value.attr``; the attribute's name ends where the record ends."""

    value: Expr
    attr: str


@record
class Subscript(Node):
    """``value[index]``; several indices are a :class:`Collection` of kind ``tuple``."""

    value: Expr
    index: Expr


@record
class Slice(Node):
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@record
class Arg(Node):
    """One argument of a call as written. ``star`` is ``""``, ``"*"`` or ``"**"``."""

    value: Expr
    keyword: str | None
    star: str


@record
class Call(Node):
    func: Expr
    args: tuple[Arg, ...]
    scope: int


@record
class Unary(Node):
    """``op`` is ``-``, ``+``, ``~`` or ``not``."""

    op: str
    operand: Expr


@record
class Binary(Node):
    """Arithmetic and bit operators: ``op`` is the operator's text. ``and`` and ``or`` too."""

    op: str
    left: Expr
    right: Expr


@record
class Compare(Node):
    """``left ops[0] comparators[0] ops[1] …``; ops as written, ``is not`` and ``not in`` with one space."""

    left: Expr
    ops: tuple[str, ...]
    comparators: tuple[Expr, ...]


@record
class Conditional(Node):
    """``body if test else orelse``."""

    test: Expr
    body: Expr
    orelse: Expr


@record
class Collection(Node):
    """A display: ``kind`` is ``list``, ``tuple`` or ``set``."""

    kind: str
    elements: tuple[Expr, ...]


@record
class Dict(Node):
    """``{key: value, **rest}``; the key of ``**rest`` is None."""

    items: tuple[tuple[Expr | None, Expr], ...]


@record
class Starred(Node):
    value: Expr


@record
class Lambda(Node):
    parameters: tuple[Parameter, ...]
    body: Expr
    scope: int


@record
class Comprehension(Node):
    """``kind`` is ``list``, ``set``, ``dict`` or ``generator``; ``key`` is for dicts only."""

    kind: str
    element: Expr
    key: Expr | None
    generators: tuple[Generator, ...]


@record
class Generator(Node):
    """One ``for target in iter if conditions`` of a comprehension."""

    target: Expr
    iter: Expr
    conditions: tuple[Expr, ...]


@record
class NamedExpr(Node):
    target: Expr
    value: Expr


@record
class Other(Node):
    """f-strings, await, yield: ``kind`` says which, ``children`` are the expressions inside."""

    kind: str
    children: tuple[Expr, ...]


Expr: TypeAlias = (
    Literal
    | Name
    | Attribute
    | Subscript
    | Slice
    | Call
    | Unary
    | Binary
    | Compare
    | Conditional
    | Collection
    | Dict
    | Starred
    | Lambda
    | Comprehension
    | NamedExpr
    | Other
)


# --- statements


@record
class Assign(Node):
    """``targets[0] = targets[1] = value``, and ``target: annotation = value`` (value None for a bare annotation)."""

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None


@record
class AugAssign(Node):
    """``target op= value``; ``op`` without the equals sign."""

    target: Expr
    op: str
    value: Expr


@record
class ExprStatement(Node):
    value: Expr


@record
class Return(Node):
    value: Expr | None


@record
class If(Node):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@record
class For(Node):
    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@record
class While(Node):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@record
class With(Node):
    """``items`` are (context expression, target or None)."""

    items: tuple[tuple[Expr, Expr | None], ...]
    body: tuple[Stmt, ...]


@record
class Try(Node):
    """``handlers`` are (exception types or None, body)."""

    body: tuple[Stmt, ...]
    handlers: tuple[tuple[Expr | None, tuple[Stmt, ...]], ...]
    orelse: tuple[Stmt, ...]
    finalbody: tuple[Stmt, ...]


@record
class Match(Node):
    """Patterns are not kept, the names they bind are; ``cases`` are (guard or None, body)."""

    subject: Expr
    cases: tuple[tuple[Expr | None, tuple[Stmt, ...]], ...]


@record
class Parameter(Node):
    """``kind`` is ``positional-only``, ``positional``, ``keyword-only``, ``*`` or ``**``."""

    name: str
    kind: str
    default: Expr | None
    annotation: Expr | None


@record
class FunctionDef(Node):
    """``scope`` is the scope that the body opens, ``name_start`` where the name stands."""

    name: str
    name_start: int
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    scope: int


@record
class ClassDef(Node):
    """``bases`` holds keywords (``metaclass=``) too; ``scope`` is the scope that the body opens."""

    name: str
    name_start: int
    bases: tuple[Arg, ...]
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    scope: int


@record
class Import(Node):
    """``import a.b as c`` (``module`` None) and ``from ..m import x as y``.

    ``names`` are (dotted name, alias or None); ``level`` counts the leading dots; ``star`` is ``from m import *``.
    """

    module: str | None
    names: tuple[tuple[str, str | None], ...]
    level: int
    star: bool


@record
class Simple(Node):
    """pass, break, continue, del, raise, assert, global, nonlocal, type: ``kind`` is the keyword."""

    kind: str
    children: tuple[Expr, ...]


Stmt: TypeAlias = (
    Assign
    | AugAssign
    | ExprStatement
    | Return
    | If
    | For
    | While
    | With
    | Try
    | Match
    | FunctionDef
    | ClassDef
    | Import
    | Simple
)


# --- scopes


class BindingKind(Enum):
    """How a name came to stand for something."""

    IMPORT = "import"
    ASSIGN = "assign"
    AUGMENTED = "augmented"
    PARAMETER = "parameter"
    LOOP = "loop"
    WITH = "with"
    FUNCTION = "function"
    CLASS = "class"
    OTHER = "other"
    """except … as, del, match, global from another scope: nothing is known of the value."""


@record
class Binding(Node):
    """One place that binds a name.

    ``value``: the assigned expression, the parameter's default, the iterated or entered expression.
    ``path``: the indices that unpack it (``a, (b, c) = v`` binds c with path (1, 1)); None where a star is in the way.
    ``imported``: for imports the dotted name, with one leading dot a level for relative ones.
    ``definition``: the function or class.
    ``conditional``: it stands under an if, loop, try or match of its scope, so it may not have run.
    """

    name: str
    kind: BindingKind
    value: Expr | None = None
    path: tuple[int, ...] | None = ()
    imported: str | None = None
    definition: FunctionDef | ClassDef | None = None
    parameter: Parameter | None = None
    conditional: bool = False


@record
class Scope:
    """A namespace: ``kind`` is ``module``, ``function``, ``class`` or ``comprehension`` (lambdas are functions)."""

    number: int
    kind: str
    name: str
    parent: int | None
    start: int
    end: int
    bindings: dict[str, tuple[Binding, ...]]
    stars: tuple[str, ...] = ()
    """Modules imported with ``*`` here."""
    globals: frozenset[str] = field(default_factory=frozenset)


@record
class Code:
    """A whole file. ``index`` lists the records of each type in the order of the text."""

    body: tuple[Stmt, ...]
    scopes: tuple[Scope, ...]
    index: dict[str, tuple[Node, ...]]
    """From a record's class name (``Call``, ``Assign``, ``ClassDef`` …) to all of them, in the order of the text."""
    vocabulary: str = ""
    """Every token once, a third of the text: where to look for a word that no white space or sign is part of."""
