"""All that is known of one file, handed to rules; what is costly is worked out when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar, cast

from hplint.facts.calls import BoundCall
from hplint.facts.models import ModuleClass
from hplint.facts.syntax import Call, ClassDef, Code, Expr, FunctionDef, Node
from hplint.facts.training import TrainingStep
from hplint.facts.values import Value

N = TypeVar("N", bound=Node)


class File:
    """One file: its text, its code and what they mean.

    ``path`` is as shown in findings; ``text`` is what offsets count into.
    """

    path: str
    text: str
    code: Code

    def all(self, kind: type[N]) -> tuple[N, ...]:
        """Every record of a type, in the order of the text: ``file.all(syntax.Binary)``."""
        return cast("tuple[N, ...]", self.code.index.get(kind.__name__, ()))

    def source(self, node: Node) -> str:
        """The text of a record."""
        return self.text[node.start : node.end]

    def qualified(self, expr: Expr) -> str | None:
        """The one canonical dotted name that an expression stands for (``torch.optim.Adam``), None when unsure.

        Names of this file have no dots in front: a local class ``Net`` is ``Net``; see :meth:`definition`.
        """
        raise NotImplementedError

    def definition(self, expr: Expr) -> FunctionDef | ClassDef | None:
        """The function or class of this file that an expression stands for, None when unsure."""
        raise NotImplementedError

    def value(self, expr: Expr) -> Value:
        """What an expression may be."""
        raise NotImplementedError

    def bound(self, node: Call) -> BoundCall | None:
        """The call with its name and arguments, None when it is not known what is called."""
        raise NotImplementedError

    def is_bound(self, name: str, scope: int) -> bool:
        """Whether a bare name means something in a scope: bound there or around it, a builtin, or maybe by a star import."""
        raise NotImplementedError

    @cached_property
    def calls(self) -> tuple[BoundCall, ...]:
        """Every call with a known name, in the order of the text."""
        raise NotImplementedError

    @cached_property
    def modules(self) -> tuple[ModuleClass, ...]:
        """Classes that derive from ``torch.nn.Module``."""
        raise NotImplementedError

    @cached_property
    def steps(self) -> tuple[TrainingStep, ...]:
        """Training steps, in the order of the text."""
        raise NotImplementedError
