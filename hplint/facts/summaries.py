"""What each function of a file does to gradients and weights, in order, helpers of the same file included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakValueDictionary

from hplint.facts import syntax
from hplint.facts.effects import Effect, Effects, targets_of
from hplint.facts.events import Event, Grad, Guard, Role
from hplint.facts.places import Places
from hplint.facts.receivers import Receivers
from hplint.facts.syntax import (
    Assign,
    Attribute,
    AugAssign,
    Call,
    Comprehension,
    Expr,
    For,
    FunctionDef,
    If,
    Lambda,
    Literal,
    Name,
    Node,
    Stmt,
    While,
)
from hplint.facts.tree import children, is_self, last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

Loop: TypeAlias = "For | While | Comprehension"

_NESTING = 12
"""How deep calls of helpers are followed."""
_EVENTS = 400
_CONDITIONS = 40
"""Functions with more events, or more conditions around one, are not judged."""
_MODULE = -1
"""Where the code outside functions starts, among functions that are told by their starts."""
_NAMES = regex(r"(?<![\w.])[A-Za-z_]\w*")
_OPPOSITES = {"!=": "==", "is not": "is", "not in": "in"}


@value_record
class Trace:
    """An event of a function before its training step is chosen.

    ``chain``: the function's own loops around it. ``guards``: each with the number of loops around the condition.
    ``pending``: see :class:`~hplint.facts.effects.Effect`.
    """

    event: Event
    chain: tuple[Loop, ...]
    guards: tuple[tuple[Guard, int], ...]
    pending: bool = False


class Summaries:
    """The traces of every function of a file, each read once. ``effects`` tells what counts as an event."""

    def __init__(
        self,
        file: File,
        effects: Callable[[File, Receivers], Effects] = Effects,
        importer: Summaries | None = None,
    ) -> None:
        self.file = file
        self.receivers = file.receivers
        self.effects = effects(file, self.receivers)
        self.callers = file.callers
        self._made = effects
        self._known: dict[int, tuple[Trace, ...]] = {}
        self._active: list[tuple[int, int]] = [] if importer is None else importer._active
        # All find each other, but each is held only by the one that asked for it first: with the first all are gone.
        self._modules: WeakValueDictionary[int, Summaries]
        self._modules = WeakValueDictionary() if importer is None else importer._modules
        self._held: list[Summaries] = []
        self._modules[id(file)] = self

    @cached_property
    def places(self) -> Places:
        """Where something is done that has to be read."""
        return Places(self.file, self.effects, self.callers, self.foreign)

    @cached_property
    def foreign(self) -> tuple[Call, ...]:
        """The calls of helpers in other modules that do something."""
        calls = self.file.elsewhere.calls(self.effects.WORDS)
        return tuple([call for call in calls if self.of_helper(call)])

    def abroad(self, call: Call) -> tuple[File, FunctionDef, Expr | None] | None:
        """The function of another module that a call runs, with its file and what its ``self`` is here."""
        return self.file.elsewhere.helper(call, self.effects.WORDS)

    def of_helper(self, call: Call) -> tuple[Trace, ...]:
        """The traces of the function of another module that a call runs."""
        found = self.abroad(call)
        return () if found is None else self.module(found[0]).of(found[1])

    def module(self, file: File) -> Summaries:
        """The summaries of another module of the project."""
        known = self._modules.get(id(file))
        if known is None:
            known = Summaries(file, self._made, self)
            self._held.append(known)
        return known

    def of(self, function: FunctionDef) -> tuple[Trace, ...]:
        """The traces of a function; nothing for one that is being read (recursion) or too deep in helpers."""
        key = function.start
        if key not in self._known:
            place = (id(self.file), key)
            if place in self._active or len(self._active) >= _NESTING:
                return ()
            self._active.append(place)
            self._known[key] = self._read(function) if self.places.within(function) else ()
            self._active.pop()
        return self._known[key]

    def of_module(self) -> tuple[Trace, ...]:
        """The traces of the code outside functions."""
        if _MODULE not in self._known:
            self._known[_MODULE] = self._read(None)
        return self._known[_MODULE]

    def helper(self, call: Call) -> tuple[FunctionDef | None, Expr | None]:
        """The function of this file that a call runs, and what its ``self`` is."""
        func = call.func
        if not isinstance(func, Attribute):
            defined = self.file.definition(func)
            return (defined, None) if isinstance(defined, FunctionDef) else (None, None)
        own = is_self(func.value)
        owner = self.receivers.enclosing_class(call) if own else self.receivers.class_of(func.value)
        return self.receivers.method(owner, func.attr), func.value

    def _read(self, function: FunctionDef | None) -> tuple[Trace, ...]:
        reading = _Reading(self, self.places)
        for decorator in () if function is None else function.decorators:
            reading.grad = reading.recording(decorator)
        reading.block(self.file.code.body if function is None else function.body)
        deepest = max((len(trace.guards) for trace in reading.traces), default=0)
        return tuple(reading.traces) if len(reading.traces) <= _EVENTS and deepest <= _CONDITIONS else ()


@lru_cache(maxsize=1)
def summaries_of(file: File) -> Summaries:
    """The summaries of the file that is being checked, which several facts ask for."""
    return Summaries(file)


_SINGLE = (syntax.ExprStatement, Assign, AugAssign)
"""Statements that hold no others and that control always passes."""


@dataclass
class _Reading:
    """One pass over the code of one function."""

    summaries: Summaries
    places: Places
    traces: list[Trace] = field(default_factory=list)
    chain: list[Loop] = field(default_factory=list)
    guards: list[tuple[Guard, int]] = field(default_factory=list)
    grad: Grad = Grad.ON

    # --- statements

    def block(self, body: tuple[Stmt, ...]) -> bool:
        """Read statements in order; whether control never passes their end."""
        outer = len(self.guards)
        ended = False
        for statement in body:
            if isinstance(statement, _SINGLE) and not self.places.within(statement):
                continue
            ended = self._statement(statement)
            if ended:
                break
        del self.guards[outer:]
        return ended

    def _statement(self, statement: Stmt) -> bool:
        match statement:
            case syntax.FunctionDef() | syntax.ClassDef() | syntax.Import():
                return False
            case syntax.If():
                return self._if(statement)
            case For() | While():
                if self.places.within(statement):
                    self._expression(statement.iter if isinstance(statement, For) else statement.test)
                    self.chain.append(statement)
                    self.block(statement.body)
                    self.chain.pop()
                return self.block(statement.orelse)
            case syntax.With():
                around = self.grad
                for context, _ in statement.items:
                    self._expression(context)
                    self.grad = self.recording(context)
                ended = self.block(statement.body)
                self.grad = around
                return ended
            case syntax.Try():
                # What handlers do is out of the straight order: clearing gradients after a batch that did not fit.
                ended = self.block(statement.body) or self.block(statement.orelse)
                return self.block(statement.finalbody) or ended
            case syntax.Match():
                return self._match(statement)
            case syntax.Simple():
                for child in statement.children:
                    self._expression(child)
                return statement.kind in ("raise", "continue", "break")
        if statement.value is not None:
            self._expression(statement.value)
        if isinstance(statement, Assign | AugAssign):
            for target in targets_of(statement):
                self._keep(self.summaries.effects.of_store(target, statement))
        return isinstance(statement, syntax.Return)

    def recording(self, context: Expr) -> Grad:
        """Whether gradients are recorded inside a context, or a function that is decorated with it."""
        return self.summaries.effects.records_gradients(context) or self.grad

    def _if(self, statement: If) -> bool:
        """Read an ``if`` with all its ``elif``, one after the other: a long chain is no deep nesting."""
        outer = len(self.guards)
        ends: list[bool] = []
        condition = self._condition(statement.test)
        arm: If | None = statement
        while arm is not None:
            self._expression(arm.test)
            text, truth = condition if arm is statement else self._condition(arm.test)
            self.guards.append((Guard(arm.test, truth, text), len(self.chain)))
            ends.append(self.block(arm.body))
            self.guards[-1] = (Guard(arm.test, not truth, text), len(self.chain))
            following = arm.orelse[0] if len(arm.orelse) == 1 else None
            if not isinstance(following, If):
                ends.append(self.block(arm.orelse))
            arm = following if isinstance(following, If) else None
        del self.guards[outer:]
        text, truth = condition
        ended, otherwise = ends[0], all(ends[1:])
        if ended != otherwise:  # what follows runs in one of the two cases only
            self.guards.append((Guard(statement.test, truth is otherwise, text), len(self.chain)))
        return ended and otherwise

    def _condition(self, test: Expr) -> tuple[str, bool]:
        """A test without leading ``not``, and whether it has to be true; an empty text when it is always the same."""
        truth = True
        while isinstance(test, syntax.Unary) and test.op == "not":
            test, truth = test.operand, not truth
        text = self._plain(test)
        if isinstance(test, Literal) or text.startswith("__name__"):
            return "", True
        opposite = _OPPOSITES.get(test.ops[0]) if isinstance(test, syntax.Compare) and len(test.ops) == 1 else None
        if isinstance(test, syntax.Compare) and opposite is not None:
            return f"{self._plain(test.left)} {opposite} {self._plain(test.comparators[0])}", not truth
        return text, truth

    def _plain(self, expr: Expr) -> str:
        return " ".join(self.summaries.file.source(expr).split())

    def _match(self, statement: syntax.Match) -> bool:
        self._expression(statement.subject)
        text = f"match {statement.start}"
        for case, (_, body) in enumerate(statement.cases, 1):
            self.guards.append((Guard(statement.subject, True, text, case), len(self.chain)))
            self.block(body)
            self.guards.pop()
        return False

    # --- expressions, in the order of their evaluation

    def _expression(self, expr: Node) -> None:
        if not self.places.within(expr):
            return
        match expr:
            case Name() | Literal() | Lambda():
                return
            case syntax.Binary(op="and" | "or"):
                self._expression(expr.left)
                self._branch(expr.left, expr.op == "and", expr.right)
            case syntax.Conditional():
                self._expression(expr.test)
                self._branch(expr.test, True, expr.body)
                self._branch(expr.test, False, expr.orelse)
            case Comprehension():
                for generator in expr.generators:
                    self._expression(generator.iter)
                self.chain.append(expr)
                if expr.key is not None:
                    self._expression(expr.key)
                self._expression(expr.element)
                self.chain.pop()
            case _:
                for child in children(expr):
                    self._expression(child)
                if isinstance(expr, Call) and expr in self.places:
                    self._call(expr)

    def _branch(self, test: Expr, truth: bool, expr: Expr) -> None:
        text, positive = self._condition(test)
        self.guards.append((Guard(test, truth is positive, text), len(self.chain)))
        self._expression(expr)
        self.guards.pop()

    def _call(self, call: Call) -> None:
        summaries = self.summaries
        helper, owner = self.summaries.helper(call)
        elsewhere = summaries.abroad(call) if helper is None else None
        if elsewhere is not None:
            summaries, helper, owner = summaries.module(elsewhere[0]), elsewhere[1], elsewhere[2]
        if helper is None or not self._inline(call, summaries, helper, owner):
            effect = self.summaries.effects.of_call(call)
            if effect is not None and not (helper is not None and effect.event.kind.value == "unknown"):
                self._keep(effect)

    def _inline(self, call: Call, module: Summaries, helper: FunctionDef, owner: Expr | None) -> bool:
        """Take over what a helper does, in the caller's words; whether it does anything."""
        inner = module.of(helper)
        if not inner:
            return False
        foreign = module is not self.summaries
        names = _Renaming(self.summaries, call, helper, owner, module.file)
        for trace in inner:
            given = names.given.get(trace.event.target or "")
            role, pending = trace.event.role, trace.pending
            if given is not None:
                role = role or self.summaries.receivers.role(given)
                pending = pending and role is None and self.summaries.effects.is_parameter(given)
            if trace.pending and not pending and role is not Role.OPTIMIZER:
                continue
            guards = tuple((names.guard(guard), len(self.chain)) for guard, _ in trace.guards)
            event = trace.event
            seen = Event(
                event.kind,
                names.target(event.target),
                call,
                guards=event.guards,
                via=call if foreign else event.at,
                loops=(*(-loop.start - 1 if foreign else loop.start for loop in trace.chain), *event.loops),
                role=role,
                models=() if foreign else event.models,
                elsewhere=event.elsewhere or ((module.file, event.at) if foreign else None),
                closure=event.closure,
                grad=event.grad if self.grad is Grad.ON or event.grad is Grad.OFF else self.grad,
            )
            self._append(seen, tuple(self.chain), (*self.guards, *guards), pending)
        return True

    # --- the list of events

    def _keep(self, effect: Effect | None) -> None:
        if effect is None:
            return
        chain, guards = tuple(self.chain), tuple(self.guards)
        if effect.each:
            # A loop over parameters and a test of one of them belong to the event itself.
            chain = chain[:-1] if chain and isinstance(chain[-1], For) else chain
            own = (".grad", "requires_grad")
            guards = tuple((g, min(at, len(chain))) for g, at in guards if not any(word in g.text for word in own))
        event = effect.event if self.grad is Grad.ON else replace(effect.event, grad=self.grad)
        self._append(event, chain, guards, effect.pending)

    def _append(
        self, event: Event, chain: tuple[Loop, ...], guards: tuple[tuple[Guard, int], ...], pending: bool
    ) -> None:
        conditions = tuple([each for each in guards if each[0].text])
        self.traces.append(Trace(event, chain, conditions, pending))


class _Renaming:
    """A helper's names in the words of its caller."""

    def __init__(self, summaries: Summaries, call: Call, helper: FunctionDef, owner: Expr | None, module: File) -> None:
        self._file = summaries.file
        self._start = helper.start
        self._foreign = module is not summaries.file
        self._local = frozenset(module.code.scopes[helper.scope].bindings)
        self.given: dict[str, Expr] = dict(_given(call, helper, owner))
        self._texts = {name: summaries.receivers.text(expr) for name, expr in self.given.items()}

    def target(self, text: str | None) -> str | None:
        match = re.match(r"\w+", text or "")
        if text is None or match is None:
            return None
        root = match.group()
        if root in self.given:
            outer = self._texts[root]
            return outer and outer + text[len(root) :]
        return None if root in self._local or self._foreign else text

    def guard(self, guard: Guard) -> Guard:
        return Guard(guard.test, guard.truth, _NAMES.sub(self._word, guard.text), guard.case)

    def _word(self, match: re.Match[str]) -> str:
        name = match.group()
        if name in self.given:
            return self._file.source(self.given[name])
        return f"{name}@{self._start}" if name in self._local or self._foreign else name


def _given(call: Call, helper: FunctionDef, owner: Expr | None) -> Iterator[tuple[str, Expr]]:
    """The parameters of a helper with what a call gives for them."""
    positional = [p.name for p in helper.parameters if p.kind in ("positional", "positional-only")]
    static = any(last_name(decorator) == "staticmethod" for decorator in helper.decorators)
    if owner is not None and not static and positional:
        yield positional.pop(0), owner
    names = {parameter.name for parameter in helper.parameters}
    for arg in call.args:
        if arg.star == "*":
            positional = []
        elif arg.keyword in names and arg.keyword is not None:
            yield arg.keyword, arg.value
        elif not arg.star and arg.keyword is None and positional:
            yield positional.pop(0), arg.value
