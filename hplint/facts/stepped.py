"""Where optimizers and schedulers are stepped, and what they are known to be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts.events import Role
from hplint.facts.makers import made_by
from hplint.facts.receivers import role_of
from hplint.facts.syntax import Attribute, Call, ClassDef, Expr, FunctionDef, Literal
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File


_COUNTS = regex(
    r"torch\.optim\.lr_scheduler\."
    r"(Lambda|Multiplicative|Step|MultiStep|Constant|Linear|Exponential|Polynomial|CosineAnnealing|Cyclic|OneCycle)LR"
)
"""Schedulers of torch whose ``step`` need not, or should not, be told the epoch."""
_MANY = 200
"""Steps in one file, each of which would have to be followed to what it steps."""


@value_record
class StepCall:
    """A call of ``step``: of ``thing`` itself, or of a gradient scaler that is given it.

    ``made``: the calls one of which has constructed the thing, all with known names; empty when there may be others.
    """

    call: Call
    thing: Expr
    made: tuple[BoundCall, ...]
    by_scaler: bool = False

    def is_only(self, *names: str) -> bool:
        """Whether the thing is certainly constructed by one of the named callables."""
        return bool(self.made) and all(call.name in names for call in self.made)


def step_calls(file: File) -> tuple[StepCall, ...]:
    """Every call of ``step`` in a file, in the order of the text."""
    return _step_calls(file) if ".step(" in file.text else ()


@lru_cache(maxsize=1)
def _step_calls(file: File) -> tuple[StepCall, ...]:
    found = []
    calls = [call for call in file.all(Call) if isinstance(call.func, Attribute) and call.func.attr == "step"]
    for call in calls if len(calls) <= _MANY else ():
        assert isinstance(call.func, Attribute)
        by_scaler = bool(call.args) and role_of(file, call.func.value) is Role.SCALER
        thing = call.args[0].value if by_scaler else call.func.value
        bound = [None if _steps_itself(file, each) else file.bound(each) for each in made_by(file, thing)]
        made = tuple(each for each in bound if each is not None)
        found.append(StepCall(call, thing, made if len(made) == len(bound) else (), by_scaler))
    return tuple(found)


def _steps_itself(file: File, made: Call) -> bool:
    """Whether a call constructs a class of this file with a ``step`` of its own."""
    defined = file.definition(made.func)
    return isinstance(defined, ClassDef) and any(isinstance(s, FunctionDef) and s.name == "step" for s in defined.body)


def stepped_with_epoch(file: File) -> Iterator[StepCall]:
    """The steps of torch's schedulers that are told an epoch, of those that rather count for themselves."""
    for step in step_calls(file):
        counted = [call for call in step.made if _COUNTS.fullmatch(call.name) and not call.subclass]
        if counted and len(counted) == len(step.made) and len(step.call.args) == 1:
            given = step.call.args[0]
            if not given.star and not (isinstance(given.value, Literal) and given.value.value is None):
                yield step
