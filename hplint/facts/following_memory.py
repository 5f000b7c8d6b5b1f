"""What is known while code is followed: attributes, what lists hold, the operations and losses met so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.flow import (
    UNKNOWN,
    Built,
    Const,
    Content,
    Flow,
    Frame,
    Given,
    Instance,
    Items,
    Key,
    LossUse,
    Several,
    Step,
    several,
)
from hplint.facts.following_worth import Worth
from hplint.facts.syntax import Call, ClassDef, Expr, Node

if TYPE_CHECKING:
    from hplint.facts.file import File

CONTENT = "()"
"""The key under which the content of a list that was changed is kept."""


class Memory:
    """The state, and the ways to read and change it. The operations are the subclasses'."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.worth = Worth(file)
        self.heap: dict[Key, Flow | Content] = {}
        self.steps: list[Step] = []
        self.losses: list[LossUse] = []
        self.reads: dict[Step, int] = {}
        self.entered: dict[tuple[Node, ClassDef | None], int] = {}
        self.made: list[Instance] = []
        self.defining: list[Frame] = []
        """Where functions and classes were defined, which know their frames."""
        self.born = 0
        """How many lists, tuples and dictionaries were made."""
        self.calls: list[Call] = []
        """The calls of the checked file that are being followed, the outermost first."""

    # --- what subclasses do

    def value(self, expr: Expr, frame: Frame) -> Flow:
        """What an expression is, and all that is done on the way."""
        raise NotImplementedError

    def apply(self, callee: Flow, given: Given, call: Call, frame: Frame) -> Flow:
        """What calling something gives."""
        raise NotImplementedError

    def attribute(self, owner: Instance, attr: str, frame: Frame) -> Flow:
        """What an attribute of an object holds."""
        raise NotImplementedError

    def project_name(self, dotted: str, frame: Frame) -> Flow:
        """What a dotted name of another module of the project is."""
        raise NotImplementedError

    def body(self, frame: Frame, statements: tuple[syntax.Stmt, ...]) -> bool:
        """Follow statements; whether control never passes their end."""
        raise NotImplementedError

    def assign(self, target: Expr, flow: Flow, frame: Frame) -> None:
        """``target = flow``."""
        raise NotImplementedError

    def sequence_made(self, made: Built) -> None:
        """A container was constructed."""
        raise NotImplementedError

    # --- tensors

    def step(
        self,
        kind: str,
        node: Node,
        file: File,
        inputs: tuple[Flow, ...],
        *,
        call: Call | None = None,
        options: dict[str, Flow] | None = None,
        layer: Built | None = None,
    ) -> Step:
        """A new tensor."""
        made = Step(kind, node, file, inputs, call, options or (layer.options if layer is not None else {}), layer)
        self.steps.append(made)
        return made

    def read(self, flow: Flow) -> None:
        """Count that a tensor is used."""
        if type(flow) is Step:
            self.reads[flow] = self.reads.get(flow, 0) + 1
        elif type(flow) is Several:
            for each in flow.parts:
                self.read(each)

    # --- what lists hold

    def items(self, kind: str, node: Node, flows: Iterable[Flow] | None) -> Items:
        """A new list or tuple; ``flows`` None when its content is not known."""
        return self.holding(kind, node, None if flows is None else tuple(enumerate(flows)))

    def holding(self, kind: str, node: Node, content: Content) -> Items:
        """A new list, tuple or dictionary."""
        self.born += 1
        return Items(kind, node, content, self.born)

    def content(self, flow: Flow) -> Content:
        """What a list, a dictionary or a container of layers holds; None when that is not known."""
        holder = flow.content if isinstance(flow, Built) else flow
        if not isinstance(holder, Items):
            return None
        found = self.heap.get((holder, CONTENT), holder.initial)
        return found if isinstance(found, tuple) else None

    def iterated(self, flow: Flow) -> list[Flow] | None:
        """What a loop over something takes, one after the other; None when that is not known."""
        content = self.content(flow)
        if content is None:
            return None
        if isinstance(flow, Items) and flow.kind == "dict":
            return [Const(key) for key, _ in content]
        return [each for _, each in content]

    def set_content(self, flow: Flow, content: Content) -> None:
        """Change what a list holds."""
        holder = flow.content if isinstance(flow, Built) else flow
        if isinstance(holder, Items):
            self.heap[holder, CONTENT] = content

    def escaped(self, given: Given) -> None:
        """Lists that an unknown function is given may hold something else afterwards."""
        for flow in (*given.positional, *given.keywords.values()):
            if isinstance(flow, Items) and flow.kind != "tuple":
                self.set_content(flow, None)

    def set_attribute(self, base: Instance, name: Flow, flow: Flow) -> None:
        """``setattr(base, name, flow)``."""
        if isinstance(name, Const) and isinstance(name.value, str):
            self.heap[base, name.value] = flow
            return
        for owner, attr in [key for key in self.heap if key[0] is base]:
            known = self.heap[owner, attr]
            self.heap[owner, attr] = UNKNOWN if isinstance(known, tuple | None) else several((known, UNKNOWN))
