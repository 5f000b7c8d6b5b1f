"""Evaluation: where a model is called to be measured, in which mode it then is, and whether gradients are recorded."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.events import Event, EventKind, Grad
from hplint.facts.makers import made_by
from hplint.facts.modes import ModeEffects, modes_of
from hplint.facts.receivers import words
from hplint.facts.summaries import Summaries, Trace
from hplint.facts.syntax import Attribute, Call, Expr, For, FunctionDef, Name
from hplint.facts.training import owned
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_EVALUATES = frozenset(
    {
        "test",
        "testing",
        "tests",
        "eval",
        "evaluate",
        "evaluates",
        "evaluating",
        "evaluation",
        "val",
        "valid",
        "validate",
    }
    | {"validation", "dev", "accuracy", "inference", "infer", "predict", "prediction", "predictions"}
)
_TRAINS = frozenset({"train", "training", "fit", "finetune"})
_MOST = 200
"""Calls of models that are looked at in one file."""
_MEANT = regex(
    r"(?<![a-z])mc(?![a-z])|monte|bayes|uncertain|attack|adversar|fgsm|(?<![a-z])pgd(?![a-z])|salien|grad_?cam|"
    r"attribut|calibrat|recompute|update_bn|bn_update|precise_?bn|benchmark|profile|throughput|speed",
    re.IGNORECASE,
)
"""Names of work that needs the training mode, or gradients, outside of training; or measures only time."""


@value_record
class Evaluation:
    """A model is called to be measured: in a function or over data that are named so, where nothing is trained.

    ``forward``: the call of the model. ``loop``: the loop over data around it. ``training``: what has put the model
    into training mode when it gets there, on a way that is all in view; None where that is not certain.
    ``returns_to_training``: that happens again after the evaluation, or nothing is trained after it.
    ``grad``: whether gradients are recorded there, on every way. ``elsewhere``: the model is called in a function of
    another module, and ``forward`` is the call of that.
    """

    file: File
    function: FunctionDef | None
    loop: For | None
    forward: Call
    model: Expr
    training: Event | None = None
    returns_to_training: bool = False
    elsewhere: bool = False
    grad: Grad = Grad.UNSURE

    @property
    def only(self) -> bool:
        """Whether nothing in the function needs gradients."""
        return self.function is not None and not _asks_for_gradients(self.function)


def evaluations(file: File) -> tuple[Evaluation, ...]:
    """Where the file evaluates models, in the order of the text."""
    return _evaluations(file)


@lru_cache(maxsize=1)
def _evaluations(file: File) -> tuple[Evaluation, ...]:
    return tuple(_Evaluations(file).all()) if _contexts(file) or _calls_evaluation(file) else ()


@value_record
class _Way:
    """One way to a call of a model: from the top of a function, or of the module.

    ``training``: what has put the model into training mode on it. ``root``: nothing before it matters.
    """

    forward: Trace
    training: Trace | None
    root: bool

    def returns(self, evaluation: Evaluation) -> bool:
        """Whether what puts the model into training mode runs again before each training that follows."""
        outer = len(_loops(self.forward)) - (evaluation.loop is not None)
        return self.training is not None and _common(_loops(self.training), _loops(self.forward)) >= outer


class _Evaluations:
    def __init__(self, file: File, summaries: Summaries | None = None) -> None:
        self._file = file
        self._summaries = summaries or modes_of(file)
        self._callers = self._summaries.callers

    def all(self) -> Iterator[Evaluation]:
        found = {id(each.forward): each for each in islice(self.candidates(), _MOST)}
        foreign = self._foreign()
        if not found and not foreign:
            return
        ways: dict[int, list[_Way]] = {key: [] for key in found}
        starts = [each.function for each in found.values()]
        starts += [self._callers.function_around(call) for call in self._summaries.foreign if foreign]
        for function, traces in self._reaching(starts):
            # Nobody calls the module, or calls a training script with gradients switched off.
            root = function is None or any(trace.event.kind is EventKind.BACKWARD for trace in traces)
            for position, trace in enumerate(traces):
                if trace.event.kind is not EventKind.FORWARD:
                    continue
                key = id(trace.event.at)
                if trace.event.elsewhere is not None:
                    if id(trace.event.elsewhere[1]) not in foreign:
                        continue  # One call of another module may train and evaluate.
                    self._note_foreign(function, trace.event, found, ways)
                if key in found:
                    training = self._training(traces, position)
                    ways[key].append(_Way(trace, training, root))
        for key, each in found.items():
            grads = {way.forward.event.grad for way in ways[key]}
            if not each.elsewhere and (self.trains(each) or (each.loop is None and grads != {Grad.OFF})):
                continue
            if not grads:
                continue
            way = next((way for way in ways[key] if way.training is not None), None)
            whole = len(grads) == 1 and (any(way.root for way in ways[key]) or Grad.OFF in grads)
            yield replace(
                each,
                training=None if way is None or way.training is None else way.training.event,
                returns_to_training=way is not None and way.returns(each),
                grad=grads.pop() if whole else Grad.UNSURE,
            )

    # --- which calls

    def _foreign(self) -> frozenset[int]:
        """The calls of models that are evaluations in other modules, of which this file calls the functions."""
        files = {id(file): file for call in self._summaries.foreign if (file := self._module_of(call))}
        return frozenset(
            id(each.forward)
            for file in files.values()
            for module in (_Evaluations(file, self._summaries.module(file)),)
            for each in module.candidates()
            if each.loop is not None and not module.trains(each)
        )

    def _module_of(self, call: Call) -> File | None:
        found = self._summaries.abroad(call)
        if found is None or not (_EVALUATES & set(words(found[1].name))):
            return None
        return found[0]

    def _note_foreign(
        self, function: FunctionDef | None, event: Event, found: dict[int, Evaluation], ways: dict[int, list[_Way]]
    ) -> None:
        """An evaluation in another module is told at the call here that is given the model."""
        call = event.at
        if not isinstance(call, Call) or id(call) in found or self._callers.function_around(call) is not function:
            return
        given = [arg.value for arg in call.args if self._summaries.receivers.text(arg.value) == event.target]
        if given:
            found[id(call)] = Evaluation(self._file, function, None, call, given[0], elsewhere=True)
            ways[id(call)] = []

    def candidates(self) -> Iterator[Evaluation]:
        """The calls of models in functions, or in loops over data, that are named after evaluation."""
        effects = self._summaries.effects
        assert isinstance(effects, ModeEffects)
        contexts = _merged(sorted((each.start, each.end) for each in _contexts(self._file)))
        for name, calls in self._callers.by_name.items() if contexts else ():
            if name != "forward" and not effects.names_model(name):
                continue
            for call in calls:
                around = bisect_right(contexts, (call.start, call.end)) - 1
                if around < 0 or call.start >= contexts[around][1]:
                    continue
                model = effects.called_model(call)
                if model is None:
                    continue
                function = self._callers.function_around(call)
                loops = [loop for loop in self._file.all(For) if inside(call, loop)]
                if function is not None:
                    loops = [loop for loop in loops if inside(loop, function)]
                data = next((loop for loop in reversed(loops) if _is_over_data(loop.iter)), None)
                if self._is_evaluation(function, data):
                    yield Evaluation(self._file, function, data, call, model)

    def _is_evaluation(self, function: FunctionDef | None, loop: For | None) -> bool:
        named = set(words(function.name)) if function is not None else set()
        if function is not None and (_MEANT.search(function.name) or owned(self._summaries, function)):
            return False
        if function is not None and not all(map(self._is_plain, function.decorators)):
            return False
        owner = None if function is None else self._summaries.receivers.enclosing_class(function)
        if owner is not None and (any(each.node is owner for each in self._file.modules) or _MEANT.search(owner.name)):
            return False
        if loop is not None:
            data = _words_of(loop.iter)
            if data & _TRAINS:
                return False
            if data & _EVALUATES:
                return True
        return bool(named & _EVALUATES) and not named & _TRAINS

    def _is_plain(self, decorator: Expr) -> bool:
        """Whether a decorator is one that switches no model's mode."""
        name = self._file.qualified(decorator.func if isinstance(decorator, Call) else decorator) or ""
        return name.startswith(("torch.", "builtins.", "functools.")) and not name.startswith("torch.jit.")

    def trains(self, each: Evaluation) -> bool:
        """Whether gradients are computed in the same loop, are asked for, or were switched off the old way."""
        around = each.loop if each.loop is not None else each.function
        assert around is not None
        if _asks_for_gradients(around):
            return True
        traces = self._summaries.of_module() if each.function is None else self._summaries.of(each.function)
        return any(trace.event.kind is EventKind.BACKWARD and inside(trace.event.node, around) for trace in traces)

    # --- in which mode

    def _reaching(self, functions: list[FunctionDef | None]) -> Iterator[tuple[FunctionDef | None, tuple[Trace, ...]]]:
        """The functions that come to some functions through calls, and the module, with their traces."""
        passed: set[int] = set()
        pending = list(functions)
        while pending:
            function = pending.pop()
            scope = 0 if function is None else function.scope
            if scope in passed:
                continue
            passed.add(scope)
            if function is None:
                yield None, self._summaries.of_module()
                continue
            yield function, self._summaries.of(function)
            pending += [self._callers.function_around(call) for call in self._callers.by_name.get(function.name, ())]

    def _training(self, traces: tuple[Trace, ...], position: int) -> Trace | None:
        """What has put the model into training mode when it is called; None where it may be in evaluation mode."""
        forward = traces[position]
        if self._named_only:
            return None
        for at in range(position - 1, -1, -1):
            trace = traces[at]
            if not self._switches(trace, forward) or _excludes(trace, forward):
                continue
            if trace.event.kind is not EventKind.TRAIN or trace.event.target != forward.event.target:
                return None
            if _keys(trace) <= _keys(forward):
                return None if self._comes_round(traces, position, trace) else trace
        return None

    @cached_property
    def _named_only(self) -> bool:
        """Whether the file names ``model.eval`` without a call: what was meant is clear, and told as that mistake."""
        statements = self._file.all(syntax.ExprStatement)
        return any(isinstance(each.value, Attribute) and each.value.attr == "eval" for each in statements)

    def _comes_round(self, traces: tuple[Trace, ...], position: int, before: Trace) -> bool:
        """Whether a loop around the call, in which it is not put into training mode, may switch its mode later."""
        forward = traces[position]
        outer = _loops(forward)
        shared = _common(_loops(before), outer)
        for trace in reversed(traces[position + 1 :]):
            if _common(_loops(trace), outer) > shared and self._switches(trace, forward):
                return trace.event.kind is not EventKind.TRAIN
        return False

    def _switches(self, trace: Trace, forward: Trace) -> bool:
        """Whether an event may switch the mode of the model that is called."""
        event, model = trace.event, forward.event.target
        if event.kind not in (EventKind.EVAL, EventKind.TRAIN, EventKind.UNKNOWN):
            return False
        if event.target is None or model is None or event.target == model:
            return True
        if model.startswith(f"{event.target}.") or event.target.startswith(f"{model}."):
            return True
        if event.kind is EventKind.TRAIN:
            return False
        switched = event.at.func.value if isinstance(event.at, Call) and isinstance(event.at.func, Attribute) else None
        if event.kind is EventKind.UNKNOWN or switched is None:
            return event.target.partition(".")[0] == model.partition(".")[0]
        return not self._different(switched, forward.event.at)

    def _different(self, switched: Expr, forward: syntax.Node) -> bool:
        """Whether two models are certainly two."""
        if not isinstance(forward, Call):
            return False
        func = forward.func
        if isinstance(func, Attribute) and func.attr == "forward":
            func = func.value
        one, other = made_by(self._file, switched), made_by(self._file, func)
        return bool(one) and bool(other) and not {call.start for call in one} & {call.start for call in other}


def _asks_for_gradients(node: syntax.Node) -> bool:
    return any(
        (isinstance(part, Attribute) and part.attr in ("backward", "requires_grad_", "zero_grad", "grad", "step"))
        or (isinstance(part, Call) and any(arg.keyword in ("requires_grad", "volatile") for arg in part.args))
        for part in walk(node)
    )


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, without those that lie in others."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


@lru_cache(maxsize=2)
def _contexts(file: File) -> tuple[FunctionDef | For, ...]:
    """Functions, and loops over data, that are named after evaluation."""
    functions = (each for each in file.all(FunctionDef) if not _EVALUATES.isdisjoint(words(each.name)))
    return (*functions, *(each for each in file.all(For) if not _EVALUATES.isdisjoint(_words_of(each.iter))))


def _calls_evaluation(file: File) -> bool:
    """Whether something imported from the project is called that is named after evaluation."""
    if not file.uses_project:
        return False
    calls = (call for call in file.all(Call) if not _EVALUATES.isdisjoint(words(last_name(call.func))))
    return any(file.names.of_project(call.func) is not None for call in calls)


def _words_of(expr: Expr) -> frozenset[str]:
    """The words of all names in an expression."""
    names = (last_name(part) for part in walk(expr) if isinstance(part, Name | Attribute))
    return frozenset(word for name in names for word in words(name))


def _is_over_data(expr: Expr) -> bool:
    """Whether a loop goes over batches: not over a range of numbers."""
    if isinstance(expr, Call) and last_name(expr.func) in ("range", "trange", "count"):
        return any(isinstance(part, Call) and last_name(part.func) == "len" for part in walk(expr))
    if isinstance(expr, Call) and last_name(expr.func) in ("tqdm", "enumerate", "iter", "zip", "track") and expr.args:
        return any(_is_over_data(arg.value) for arg in expr.args if not arg.keyword)
    return isinstance(expr, Name | Attribute | Call | syntax.Subscript)


def _keys(trace: Trace) -> frozenset[tuple[str, bool, int]]:
    return frozenset(guard.key for guard, _ in trace.guards)


def _excludes(one: Trace, other: Trace) -> bool:
    theirs = [guard for guard, _ in other.guards]
    return any(guard.excludes(their) for guard, _ in one.guards for their in theirs)


def _loops(trace: Trace) -> tuple[int, ...]:
    return (*(loop.start for loop in trace.chain), *trace.event.loops)


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many loops two places share."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
