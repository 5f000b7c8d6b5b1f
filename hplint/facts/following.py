"""Goes through the code of a file once, from top to bottom and into its functions, and keeps what reaches what.

Both arms of a condition are followed and put together again; a loop's body is followed once, with whatever it changes
open at its start. Classes and functions that the file itself does not use are followed with unknown arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.flow import (
    UNKNOWN,
    Built,
    Const,
    Flow,
    Frame,
    Function,
    Given,
    Instance,
    Items,
    Kind,
    LossUse,
    Step,
    parts,
    several,
)
from hplint.facts.following_expressions import Spent
from hplint.facts.following_ways import Ways
from hplint.facts.operations import words
from hplint.facts.syntax import (
    Assign,
    Attribute,
    AugAssign,
    Call,
    ClassDef,
    Collection,
    Expr,
    ExprStatement,
    For,
    FunctionDef,
    If,
    Name,
    Stmt,
    While,
)
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_BUDGET = 4_000
_CHARACTERS = 8
"""So many expressions are followed, and one more for so many characters; what is not reached stays unknown."""
_FURTHER = 4
"""Modules read before those that only other modules import are left alone."""
_TELLS = words("add_argument set_defaults debug info warning error")
_HOPS = 4
"""Modules that a name is handed on through."""
_LIBRARIES = ("torch.", "torchvision.", "numpy.", "builtins.", "transformers.")
_DEFINED = (Function, Kind)
_NOTHING_KNOWN = Given((), {}, complete=False, nodes={})


@value_record
class Flows:
    """What was met on the way: every operation, and every call of a loss.

    ``used_again``: where operations stand a result of which is read more than once.
    """

    steps: tuple[Step, ...]
    losses: tuple[LossUse, ...]
    used_again: frozenset[syntax.Node]


def flows_of(file: File) -> Flows:
    """Follow the code of a file."""
    follower = _Follower(file, _BUDGET + len(file.text) // _CHARACTERS)
    with suppress(Spent, RecursionError):
        follower.whole()
    for frame in follower.defining:
        # What is defined in a frame refers to it: only a search for garbage would free the two.
        frame.names, frame.returns, frame.exits = {}, [], []
    used_again = frozenset(step.node for step, count in follower.reads.items() if count > 1)
    return Flows(tuple(follower.steps), tuple(follower.losses), used_again)


class _Follower(Ways):
    """Statements that hold no others, other modules, and what nothing calls."""

    def __init__(self, file: File, budget: int) -> None:
        super().__init__(file, budget)
        self._modules: dict[str, Frame] = {}

    def whole(self) -> None:
        """Follow the module, then what it does not use itself."""
        if self.worth.anything:
            frame = Frame(self.file, 0, {})
            self.block(frame, self.file.code.body)
            self._not_applied()
            self._unused(frame)

    def body(self, frame: Frame, statements: tuple[Stmt, ...]) -> bool:
        ended = self.block(frame, statements)
        self._unused(frame)
        return ended

    # --- other modules of the project

    def project_name(self, dotted: str, frame: Frame) -> Flow:
        """Modules of the project are read for what reaches a loss here."""
        if not self.worth.losses or dotted.startswith(_LIBRARIES):
            return UNKNOWN
        if frame.file is not self.file and len(self._modules) > _FURTHER:
            return UNKNOWN
        file = frame.file
        for _ in range(_HOPS):
            found = file.imported(dotted)
            if found is None:
                return UNKNOWN
            file, (name, _, attr) = found[0], found[1].partition(".")
            module = self._module(file)
            known = module.names.get(name)
            if known is not None:
                return self._attribute_of(known, attr, file.code.body[0], module) if attr else known
            bindings = file.names.scope(0).bindings.get(name, ())
            if len(bindings) != 1 or bindings[0].imported is None:
                return UNKNOWN
            dotted = f"{bindings[0].imported}.{attr}" if attr else bindings[0].imported
        return UNKNOWN

    def _module(self, file: File) -> Frame:
        """What the names of a module stand for once it was run; what it does itself is told where it is checked."""
        frame = self._modules.get(file.path)
        if frame is None:
            frame = self._modules[file.path] = Frame(file, 0, {})
            steps, losses, self.steps, self.losses = self.steps, self.losses, [], []
            calls, self.calls = self.calls, []
            left, self.left = self.left, _BUDGET
            depth, stack = self._depth, list(self._stack)
            with suppress(Spent):
                self.block(frame, file.code.body)
            self.steps, self.losses, self.calls = steps, losses, calls
            self.left, self._depth, self._stack = left, depth, stack
        return frame

    # --- what is defined and not used

    def _not_applied(self) -> None:
        """Send something through the models that were made, with their sizes, and not seen to be called."""
        heap = self.heap
        for made in tuple(self.made):
            _, forward = self.find(made.kind, "forward")
            new = isinstance(forward, FunctionDef) and (forward, made.kind.node) not in self.entered
            if new and made.kind.file is self.file and self.worth.layers(made.kind.node):
                self.heap = dict(heap)
                method = self.attribute(made, "forward", Frame(self.file, 0, {}, made.kind.frame))
                if isinstance(method, Function):
                    self.inline(method, _NOTHING_KNOWN)
        self.heap = heap

    def _unused(self, frame: Frame) -> None:
        """Follow the functions and classes defined in a frame that nothing was seen to call."""
        heap = self.heap
        found = [flow for flow in frame.names.values() if isinstance(flow, _DEFINED) and flow.frame is frame]
        if len(found) > 1:
            # What others call is better followed from there.
            called = self.file.callers.by_name
            found.sort(key=lambda flow: isinstance(flow.node, FunctionDef) and flow.node.name in called)
        for flow in found:
            if isinstance(flow, Kind):
                self._unused_methods(flow)
            elif (flow.node, None) not in self.entered and self.worth.function(flow.node):
                self.heap = dict(heap)
                self.inline(flow, _NOTHING_KNOWN)
            self.heap = heap

    def _unused_methods(self, kind: Kind) -> None:
        own = [each for each in kind.node.body if isinstance(each, FunctionDef)]
        methods = {
            each.name: each
            for each in own
            if each.name not in ("__init__", "forward")
            and (each, kind.node) not in self.entered
            and self.worth.function(each)
        }
        if self.worth.layers(kind.node):
            _, forward = self.find(kind, "forward")
            if isinstance(forward, FunctionDef) and (forward, kind.node) not in self.entered:
                methods["forward"] = forward
        if not methods:
            return
        self.heap = dict(self.heap)
        made = self.construct(kind, _NOTHING_KNOWN, kind.node)
        self._open_attributes(kind, made)
        heap = self.heap
        called = self.file.callers.by_name
        for name, node in sorted(methods.items(), key=lambda item: item[0] in called):
            if (node, kind.node) not in self.entered:
                self.heap = dict(heap)
                frame = Frame(kind.file, 0, {}, kind.frame)
                method = self.attribute(made, name, frame)
                if isinstance(method, Function):
                    self.inline(method, _NOTHING_KNOWN)

    def _open_attributes(self, kind: Kind, made: Instance) -> None:
        """Attributes that a method not yet followed stores may hold something else."""
        followed = [node for node, owner in self.entered if owner is kind.node]
        for target, _ in kind.file.holders.attribute_stores:
            if kind.node.start <= target.start < kind.node.end:
                known = self.heap.get((made, target.attr))
                inside = any(node.start <= target.start < node.end for node in followed)
                if known is not None and not inside and not isinstance(known, tuple):
                    self.heap[made, target.attr] = several((known, UNKNOWN))

    def sequence_made(self, made: Built) -> None:
        """Send something through a chain of layers, whether or not the code in view does."""
        content = self.content(made) if made.kind == "Sequential" else None
        if content and len(content) > 1 and all(isinstance(part, Built) for _, part in content):
            frame = Frame(made.file, 0, {})
            given = Step("input", made.call, made.file)
            self.apply(made, Given((given,), {}, True, {}), made.call, frame)

    # --- statements

    def block(self, frame: Frame, statements: Sequence[Stmt]) -> bool:
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is not None and handler(self, statement, frame):
                return True
        return False

    def _s_expression(self, statement: ExprStatement, frame: Frame) -> bool:
        if not isinstance(statement.value, syntax.Literal) and not _only_tells(statement.value):
            self.value(statement.value, frame)
        return False

    def _s_assign(self, statement: Assign, frame: Frame) -> bool:
        if statement.value is not None:
            flow = self.value(statement.value, frame)
            for target in statement.targets:
                self.assign(target, flow, frame)
        return False

    def _s_augmented(self, statement: AugAssign, frame: Frame) -> bool:
        left = self.value(statement.target, frame)
        right = self.value(statement.value, frame)
        self.assign(statement.target, self.combined(statement.op, left, right, statement, frame), frame)
        return False

    def assign(self, target: Expr, flow: Flow, frame: Frame) -> None:
        """``target = flow``."""
        match target:
            case Name(id=name):
                scope = frame.file.code.scopes[frame.scope]
                if frame.function is not None and name in scope.globals:
                    self._outermost(frame).names[name] = several((flow, UNKNOWN))
                else:
                    frame.names[name] = flow
            case Attribute(attr=attr):
                owners = [each for each in parts(self.value(target.value, frame)) if isinstance(each, Instance)]
                for owner in owners:
                    known = self.heap.get((owner, attr), UNKNOWN)
                    joined = UNKNOWN if isinstance(known, tuple | None) else several((known, flow))
                    self.heap[owner, attr] = flow if len(owners) == 1 else joined
            case Collection():
                for position, each in enumerate(target.elements):
                    self.assign(each, self._part(flow, position, target, frame), frame)
            case syntax.Starred(value=inner):
                self.assign(inner, UNKNOWN, frame)
            case syntax.Subscript():
                self._assign_item(target, flow, frame)

    def _outermost(self, frame: Frame) -> Frame:
        while frame.outer is not None:
            frame = frame.outer
        return frame

    def _part(self, flow: Flow, position: int, target: Collection, frame: Frame) -> Flow:
        """What unpacking something into so many names gives one of them."""
        found: list[Flow] = []
        for each in parts(flow):
            content = self.content(each)
            starred = any(isinstance(element, syntax.Starred) for element in target.elements)
            if isinstance(each, Step):
                found.append(self.step("part", target, frame.file, (each,)))
            elif content is None or len(content) != len(target.elements) or starred:
                return UNKNOWN
            else:
                found.append(content[position][1])
        return several(found)

    def _assign_item(self, target: syntax.Subscript, flow: Flow, frame: Frame) -> None:
        index = self.value(target.index, frame)
        for holder in parts(self.value(target.value, frame)):
            content = self.content(holder)
            if content is None or not isinstance(index, Const):
                self.set_content(holder, None)
                continue
            known = dict(content)
            key = index.value
            if isinstance(key, int) and key < 0 and not (isinstance(holder, Items) and holder.kind == "dict"):
                key += len(content)
            known[key] = flow
            self.set_content(holder, tuple(known.items()))

    def _s_return(self, statement: syntax.Return, frame: Frame) -> bool:
        frame.returns.append(UNKNOWN if statement.value is None else self.value(statement.value, frame))
        return True

    def _s_simple(self, statement: syntax.Simple, frame: Frame) -> bool:
        if statement.kind in ("break", "continue"):
            frame.exits.append((frame.names, self.heap))
            return True
        for child in statement.children:
            if statement.kind != "del":
                self.value(child, frame)
        return statement.kind == "raise"

    def _s_function(self, statement: FunctionDef, frame: Frame) -> bool:
        self.defining.append(frame)
        frame.names[statement.name] = Function(statement, frame.file, frame)
        return False

    def _s_class(self, statement: ClassDef, frame: Frame) -> bool:
        self.defining.append(frame)
        frame.names[statement.name] = Kind(statement, frame.file, frame)
        return False

    def _s_with(self, statement: syntax.With, frame: Frame) -> bool:
        for context, target in statement.items:
            self.value(context, frame)
            if target is not None:
                self.assign(target, UNKNOWN, frame)
        return self.block(frame, statement.body)


def _only_tells(expr: Expr) -> bool:
    """Whether a statement declares an option or writes to a log: scripts have hundreds, and no tensor comes of them."""
    func = expr.func if isinstance(expr, Call) else None
    return (
        isinstance(func, Attribute) and func.attr in _TELLS and isinstance(func.value, Name) and func.value.id != "self"
    )


_STATEMENTS: dict[type[syntax.Node], Callable[..., bool]] = {
    ExprStatement: _Follower._s_expression,
    Assign: _Follower._s_assign,
    AugAssign: _Follower._s_augmented,
    syntax.Return: _Follower._s_return,
    syntax.Simple: _Follower._s_simple,
    FunctionDef: _Follower._s_function,
    ClassDef: _Follower._s_class,
    syntax.With: _Follower._s_with,
    If: _Follower._s_if,
    For: _Follower._s_for,
    While: _Follower._s_while,
    syntax.Try: _Follower._s_try,
    syntax.Match: _Follower._s_match,
}
