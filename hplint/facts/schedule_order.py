"""Schedules that are stepped before their optimizer: each time round a loop, and the first time too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hplint.facts.events import Event, EventKind, Guard
from hplint.facts.makers import made_by, run_by
from hplint.facts.stepped import StepCall, step_calls
from hplint.facts.summaries import Loop, Summaries, Trace, summaries_of
from hplint.facts.syntax import (
    Arg,
    Attribute,
    AugAssign,
    Call,
    ClassDef,
    Compare,
    Comprehension,
    Expr,
    For,
    FunctionDef,
    Name,
    Node,
    Unary,
    While,
)
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File

_SCHEDULERS = regex(r"torch\.optim\.lr_scheduler\.(?!ReduceLROnPlateau)\w+|transformers\.(\w+\.)*get_\w*schedule\w*")
_BASES = regex(r"torch\.optim\.lr_scheduler\.(?!ReduceLROnPlateau)\w+")


@value_record
class EarlySchedule:
    """A scheduler that steps before its optimizer.

    ``call``: its ``step()``. ``first``: the optimizer's, as seen from the block. ``at``: what to point at: the call,
    or the helper that makes it where the order comes about further out. ``block``: the loop, or the function that is
    one iteration.
    """

    call: Call
    at: Node
    first: Event
    block: For | While | FunctionDef
    scheduler: BoundCall


def early_schedules(file: File) -> Iterator[EarlySchedule]:
    """Every scheduler of the file that certainly steps before the first step of its optimizer."""
    known = {step.call.start: step for step in step_calls(file) if not step.call.args and _is_schedule(file, step)}
    if not known:
        return
    summaries = summaries_of(file)
    told: set[int] = set()
    for function in _around(summaries, [step.call for step in known.values()]):
        traces = summaries.of_module() if function is None else summaries.of(function)
        for position, trace in enumerate(traces):
            step = known.get(trace.event.at.start) if trace.event.kind is EventKind.SCHEDULER_STEP else None
            if step is None or step.call.start in told:
                continue
            early = _Order(file, function, traces, position, step).early()
            if early is not None:
                told.add(step.call.start)
                yield early


def _is_schedule(file: File, step: StepCall) -> bool:
    return bool(step.made) and all(_SCHEDULERS.fullmatch(call.name) or _local(file, call) for call in step.made)


def _local(file: File, call: BoundCall) -> bool:
    """Whether a class of this file derives from a scheduler of torch."""
    defined = file.definition(call.node.func)
    if not isinstance(defined, ClassDef) or len(defined.bases) != 1:
        return False
    return bool(_BASES.fullmatch(file.qualified(defined.bases[0].value) or ""))


def _around(summaries: Summaries, calls: list[Call]) -> list[FunctionDef | None]:
    """The functions, None for the module, that hold the calls or call such functions, by name; inner ones first."""
    found: dict[int, FunctionDef | None] = {}
    pending = list(calls)
    while pending and len(found) < 50:
        function = summaries.callers.function_around(pending.pop(0))
        scope = 0 if function is None else function.scope
        if scope not in found:
            found[scope] = function
            pending += [] if function is None else summaries.callers.by_name.get(function.name, [])
    return list(found.values())


@dataclass
class _Order:
    """The scheduler's step at one place among the traces of a function."""

    file: File
    function: FunctionDef | None
    traces: tuple[Trace, ...]
    position: int
    step: StepCall

    def early(self) -> EarlySchedule | None:
        trace = self.traces[self.position]
        if trace.event.loops and not self._over_schedulers(trace.event):
            return None
        for depth in range(len(trace.chain), -1, -1):
            body = [(at, each) for at, each in enumerate(self.traces) if each.chain[:depth] == trace.chain[:depth]]
            steps = [(at, each) for at, each in body if self._is_its_step(each)]
            if steps:
                return self._judged(trace, depth, body, steps)
            loop = trace.chain[depth - 1] if depth else None
            if loop is not None and not self._iterates_schedulers(loop):
                # `for _ in range(done): scheduler.step()` catches up with a run that is resumed.
                return None
        return None

    def _judged(
        self, trace: Trace, depth: int, body: list[tuple[int, Trace]], steps: list[tuple[int, Trace]]
    ) -> EarlySchedule | None:
        event = trace.event
        before = [each for at, each in enumerate(self.traces) if at < self.position and self._is_its_step(each)]
        unseen = [each for at, each in body if at < self.position and each.event.kind is EventKind.UNKNOWN]
        first = next((each for at, each in steps if at > self.position and not _apart(trace, each, depth)), None)
        if before or unseen or first is None:
            return None
        block = trace.chain[depth - 1] if depth else self._iteration(first)
        if block is None or isinstance(block, Comprehension) or self._made_in(block):
            return None
        shared = {guard.key for guard, _ in first.guards} | {guard.key for guard in first.event.guards}
        own = [guard for guard, outside in trace.guards if outside >= depth and guard.key not in shared]
        if not all(self._steady(guard, block) for guard in own):
            return None
        together = event.via is not None and event.node is first.event.node
        at = event.at if event.via is None or together else event.node
        return EarlySchedule(self.step.call, at, first.event, block, self.step.made[0])

    def _iteration(self, first: Trace) -> FunctionDef | None:
        """The function around, if it does one step of each and makes neither: it is called once an iteration."""
        straight = not first.chain and not first.event.loops
        return self.function if straight else None

    # --- whose step

    def _is_its_step(self, trace: Trace) -> bool:
        if trace.event.kind is not EventKind.STEP:
            return False
        given = [_optimizer_of(call) for call in self.step.made]
        at = trace.event.at
        thing = next((each.thing for each in step_calls(self.file) if each.call is at), None)
        for arg in given:
            if arg is None or thing is None:
                continue
            built, stepped = made_by(self.file, arg.value), made_by(self.file, thing)
            if built and stepped:
                if {call.start for call in built} & {call.start for call in stepped}:
                    return True
            elif self._same_name(arg.value, thing):
                return True
        return False

    def _same_name(self, one: Expr, other: Expr) -> bool:
        """Whether both are one name in one function, or one attribute of the same instance."""
        if isinstance(one, Name) and isinstance(other, Name) and one.id == other.id:
            mine, theirs = self.file.names.lookup(one.id, one.scope), self.file.names.lookup(other.id, other.scope)
            return mine is not None and theirs is not None and mine[0] is theirs[0]
        of_self = isinstance(one, Attribute) and is_self(one.value)
        return of_self and self.file.source(one) == self.file.source(other)

    # --- when

    def _over_schedulers(self, event: Event) -> bool:
        loops = [loop for loop in self.file.all(For) if loop.start in event.loops]
        return len(loops) == len(event.loops) and all(self._iterates_schedulers(loop) for loop in loops)

    def _iterates_schedulers(self, loop: Loop) -> bool:
        """Whether a loop goes over the schedulers that it steps."""
        if not isinstance(loop, For):
            return False
        targets = {part.id for part in walk(loop.target) if isinstance(part, Name)}
        thing = self.step.thing
        return isinstance(thing, Name) and thing.id in targets

    def _made_in(self, block: Node) -> bool:
        """Whether each time round has a scheduler of its own."""
        made = [call.node for call in self.step.made]
        if any(inside(call, block) for call in made):
            return True
        homes: list[FunctionDef | ClassDef] = [*self.file.all(FunctionDef), *self.file.all(ClassDef)]
        makers = {home.name: home for home in homes if any(inside(call, home) for call in made)}
        called = [call for call in self.file.all(Call) if inside(call, block) and last_name(call.func) in makers]
        # Only their names are alike in `model.train()` and `def train(model)`.
        return any(makers[last_name(call.func)] in (run_by(self.file, call), self._class(call)) for call in called)

    def _class(self, call: Call) -> FunctionDef | ClassDef | None:
        return self.file.definition(call.func)

    def _steady(self, guard: Guard, block: Node) -> bool:
        """Whether a condition is the same each time round: it tests no counter and nothing that the block sets."""
        test = guard.test.operand if isinstance(guard.test, Unary) else guard.test
        if isinstance(test, Compare) and set(test.ops) <= {"is", "is not"}:
            return True
        if isinstance(test, Name) and isinstance(self.step.thing, Name) and test.id == self.step.thing.id:
            return True
        roots = {id(part.value) for part in walk(test) if isinstance(part, Attribute)}
        return all(self._steady_part(part, block, rooted=id(part) in roots) for part in walk(test))

    def _steady_part(self, part: Node, block: Node, *, rooted: bool) -> bool:
        if isinstance(part, Name):
            found = self.file.names.lookup(part.id, part.scope)
            bindings = () if found is None else found[1]
            given = any(binding.parameter is not None for binding in bindings)
            return not any(inside(binding, block) and binding.parameter is None for binding in bindings) and (
                rooted or not given
            )
        if isinstance(part, Attribute):
            counted = (each.target for each in self.file.all(AugAssign))
            return not any(isinstance(each, Attribute) and each.attr == part.attr for each in counted)
        return not isinstance(part, Call)


def _optimizer_of(schedule: BoundCall) -> Arg | None:
    """What a schedule is given as its optimizer: the first argument of every scheduler, and of what makes one."""
    first = next((arg for arg in schedule.node.args if arg.keyword is None and not arg.star), None)
    return schedule.argument("optimizer").node or first


def _apart(one: Trace, other: Trace, depth: int) -> bool:
    """Whether one of two events never runs where the other does."""
    theirs = {guard.text: guard for guard, outside in other.guards if outside >= depth}
    return any(
        guard.text in theirs and guard.excludes(theirs[guard.text]) for guard, outside in one.guards if outside >= depth
    )
