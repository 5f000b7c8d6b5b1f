"""Follows statements where ways part and meet: conditions, loops, exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hplint.facts import syntax
from hplint.facts.flow import UNKNOWN, Content, Flow, Frame, Items, Key, Several, State, Step, several
from hplint.facts.following_expressions import Expressions, truth_of
from hplint.facts.following_memory import CONTENT
from hplint.facts.syntax import For, If, Stmt, While

_UNROLLED = 12


class _Ways(list[State]):
    """Where several ways lead. ``since``: what was made before they parted has a lower number."""

    def __init__(self, since: int, states: Iterable[State]) -> None:
        super().__init__(states)
        self.since = since


class Ways(Expressions):
    """Statements that hold others."""

    def block(self, frame: Frame, statements: Sequence[Stmt]) -> bool:
        """Follow statements in order; whether control never passes their end."""
        raise NotImplementedError

    def _s_if(self, statement: If, frame: Frame) -> bool:
        # A long chain of `elif` is no deep nesting.
        states = self._ways()
        arm = statement
        while True:
            truth = truth_of(self.value(arm.test, frame))
            if truth is not False:
                self._way(frame, lambda body=arm.body: self.block(frame, body), states)  # type: ignore[misc]
            following = arm.orelse[0] if len(arm.orelse) == 1 else None
            if truth is True:
                break
            if not isinstance(following, If):
                self._way(frame, lambda body=arm.orelse: self.block(frame, body), states)  # type: ignore[misc]
                break
            arm = following
        return self._join(frame, states)

    def _ways(self, *states: State) -> _Ways:
        return _Ways(self.born, states)

    def _way(self, frame: Frame, follow: Callable[[], bool], states: _Ways) -> None:
        """Follow one of several ways from here; where it leads is put with the others, and all is as before."""
        before = frame.names, self.heap
        self.left -= len(self.heap) // 32
        frame.names, self.heap = dict(frame.names), dict(self.heap)
        if not follow():
            states.append((frame.names, self.heap))
        frame.names, self.heap = before

    def _join(self, frame: Frame, states: _Ways) -> bool:
        """Go on from where the ways meet; whether none of them goes on."""
        if not states:
            return True
        names, heap = states[0]
        for more_names, more_heap in states[1:]:
            names, heap = _joined_names(names, more_names), _joined_heap(heap, more_heap, states.since)
        frame.names, self.heap = names, heap
        return False

    def _s_for(self, statement: For, frame: Frame) -> bool:
        iterated = self.value(statement.iter, frame)
        if frame.file is self.file and not self.worth.loop(statement):
            self._left_open(statement, frame)
            return False
        known = None if isinstance(iterated, Several) else self.iterated(iterated)
        outer_exits, frame.exits = frame.exits, []
        ended = False
        if known is not None and len(known) <= _UNROLLED:
            for each in known:
                self.assign(statement.target, each, frame)
                states = self._ways()
                self._way(frame, lambda: self.block(frame, statement.body), states)
                states += frame.exits
                frame.exits = []
                ended = self._join(frame, states)
                if ended:
                    break
        else:
            item: Flow = UNKNOWN
            if isinstance(iterated, Step):
                item = self.step("part", statement, frame.file, (iterated,))
            self._loop(statement, item, frame)
        frame.exits = outer_exits
        return self.block(frame, statement.orelse) or ended

    def _s_while(self, statement: While, frame: Frame) -> bool:
        if frame.file is self.file and not self.worth.loop(statement):
            self._left_open(statement, frame)
            return False
        outer_exits, frame.exits = frame.exits, []
        self.value(statement.test, frame)
        self._loop(statement, None, frame)
        frame.exits = outer_exits
        return self.block(frame, statement.orelse)

    def _left_open(self, statement: For | While, frame: Frame) -> None:
        """What a loop assigns may be anything from here on."""
        for name, bindings in frame.file.code.scopes[frame.scope].bindings.items():
            known = frame.names.get(name)
            if known is not None and any(statement.start <= each.start < statement.end for each in bindings):
                frame.names[name] = several((known, UNKNOWN))

    def _loop(self, statement: For | While, item: Flow | None, frame: Frame) -> None:
        """Follow a body that runs any number of times."""
        before = dict(self.heap)
        states = self._ways((dict(frame.names), before))
        self._left_open(statement, frame)
        if isinstance(statement, For) and item is not None:
            self.assign(statement.target, item, frame)
        self._way(frame, lambda: self.block(frame, statement.body), states)
        states += frame.exits
        self._join(frame, states)
        for key, content in self.heap.items():
            older = isinstance(key[0], Items) and key[0].born <= states.since
            if older and before.get(key, _initial(key)) != content:
                self.heap[key] = None  # grown once, or more often

    def _s_try(self, statement: syntax.Try, frame: Frame) -> bool:
        states = self._ways()
        before: State = dict(frame.names), dict(self.heap)
        self._way(frame, lambda: self.block(frame, (*statement.body, *statement.orelse)), states)
        reached = tuple(states)
        for _, body in statement.handlers:
            frame.names, self.heap = dict(before[0]), dict(before[1])
            self._join(frame, _Ways(states.since, (before, *reached)))
            self._way(frame, lambda body=body: self.block(frame, body), states)  # type: ignore[misc]
        ended = self._join(frame, states)
        return self.block(frame, statement.finalbody) or ended

    def _s_match(self, statement: syntax.Match, frame: Frame) -> bool:
        self.value(statement.subject, frame)
        states = self._ways((dict(frame.names), dict(self.heap)))
        for _, body in statement.cases:
            self._way(frame, lambda body=body: self.block(frame, body), states)  # type: ignore[misc]
        return self._join(frame, states)


def _joined_names(one: dict[str, Flow], other: dict[str, Flow]) -> dict[str, Flow]:
    """What names stand for where two ways meet; what is bound on one way only is what it is there."""
    if one == other:  # Told without going through them here, and so for most conditions.
        return one
    found = dict(one)
    for name, flow in other.items():
        known = found.get(name)
        if known is not flow:
            found[name] = flow if known is None else several((known, flow))
    return found


def _joined_heap(
    one: dict[Key, Flow | Content], other: dict[Key, Flow | Content], since: int
) -> dict[Key, Flow | Content]:
    """What attributes and lists hold where two ways meet; what was made on one way only is as it is there."""
    if one == other:
        return one
    found = dict(one)
    shared = 0
    for key, flow in other.items():
        if key in one:
            shared += 1
            if one[key] is not flow:
                found[key] = _joined(key, one[key], flow)
        elif isinstance(key[0], Items) and key[0].born <= since:
            found[key] = _joined(key, _initial(key), flow)
        else:
            found[key] = flow
    for key, known in one.items() if shared < len(one) else ():
        if isinstance(key[0], Items) and key[0].born <= since and key not in other:
            found[key] = _joined(key, known, _initial(key))
    return found


def _joined(key: Key, known: Flow | Content, flow: Flow | Content) -> Flow | Content:
    if key[1] == CONTENT or isinstance(known, tuple) or isinstance(flow, tuple):
        return known if known == flow else None
    if known is None or flow is None:
        return flow if known is None else known
    return several((known, flow))


def _initial(key: Key) -> Content:
    """What a list holds that was not changed."""
    return key[0].initial if isinstance(key[0], Items) else None
