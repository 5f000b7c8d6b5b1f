"""Seeds that are refused, that are always the same number, or that nobody will know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.lifetimes import followed
from hplint.facts.places import Callers
from hplint.facts.syntax import Attribute, Binary, Call, Expr, For, Literal, Name, While
from hplint.facts.tree import inside, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_NUMPY = "numpy.random.seed"
_PYTHON = "random.seed"
_CUDA = ("cuda.manual_seed", "cuda.manual_seed_all")
_TORCH = frozenset(f"torch.{name}" for name in ("manual_seed", "random.manual_seed", *_CUDA))
_METHODS = ("seed", "manual_seed", "manual_seed_all")
_LARGEST = 2**32 - 1
_CLOCK = frozenset({"time.time", "time.time_ns", "time.perf_counter", "time.perf_counter_ns", "time.monotonic"})
_DATES = frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"})
_FRACTIONS = frozenset({"random.random", "numpy.random.rand", "numpy.random.random", "numpy.random.random_sample"})
_FLOATS = _FRACTIONS | {"time.time", "time.perf_counter", "time.monotonic"}
_SECONDS = 1.7e9
"""What the clock says, in seconds."""
_OTHER_PROCESS = regex(r"worker|rank|process|thread|spawn|child")


def odd_seeds(file: File) -> Iterator[tuple[Call, Expr, str | None]]:
    """Calls that seed, what they are given, and what comes of it; None where it is another seed in each run."""
    calls = [call for name in _METHODS for call in file.callers.by_name.get(name, ())]
    for call in sorted(calls, key=lambda call: call.start):
        which = file.qualified(call.func)
        if (which not in _TORCH and which not in (_NUMPY, _PYTHON)) or len(call.args) != 1 or call.args[0].star:
            continue
        given = call.args[0].value
        made = followed(file, given)
        why = _refused(file, which, made) or _always_zero(file, which, made)
        if why is not None:
            yield call, given, why
        elif _from_clock(file, made) and _unseen(file, given) and not _differs_on_purpose(file, call):
            yield call, given, None


def _refused(file: File, which: str, made: Expr) -> str | None:
    """What a seed raises."""
    if which == _PYTHON:
        dated = isinstance(made, Call) and file.qualified(made.func) in _DATES
        return "a date: it raises TypeError from Python 3.11 on" if dated else None
    if which != _NUMPY:
        return None
    if (
        isinstance(made, Call)
        and file.qualified(made.func) in ("time.time", "time.perf_counter", *_FRACTIONS)
        and not made.args
    ):
        return "a float: it raises TypeError"
    value = file.value(made).single
    constant = None if value is None else value.constant
    if isinstance(constant, float | str):
        return f"{'a float' if isinstance(constant, float) else 'a text'}: it raises TypeError"
    if isinstance(constant, int) and not 0 <= constant <= _LARGEST:
        return "which is not between 0 and 2**32 - 1: it raises ValueError"
    ticks = _ticks(file, made)
    return "more than 2**32 - 1: it raises ValueError" if ticks is not None and ticks > _LARGEST else None


def _ticks(file: File, expr: Expr) -> float | None:
    """What an expression of the clock comes to: ``int(time.time() * 1000)``."""
    match expr:
        case Call(args=()):
            name = file.qualified(expr.func)
            return _SECONDS if name == "time.time" else _SECONDS * 1e9 if name == "time.time_ns" else None
        case Call(args=(first,)) if file.qualified(expr.func) in ("builtins.int", "builtins.round"):
            return _ticks(file, first.value)
        case Binary(op="*", left=left, right=right):
            for clock, factor in ((left, right), (right, left)):
                times, value = _ticks(file, clock), file.value(factor).single
                if times is not None and value is not None and isinstance(value.constant, int | float):
                    return times * value.constant
    return None


def _always_zero(file: File, which: str, made: Expr) -> str | None:
    """Whether torch cuts off all of a number."""
    if which in _TORCH and isinstance(made, Call) and file.qualified(made.func) in _FRACTIONS and not made.args:
        return "a number below 1 that is cut off: the seed is always 0"
    return None


def _from_clock(file: File, made: Expr) -> bool:
    calls = [part for part in walk(made) if isinstance(part, Call)]
    names = [file.qualified(call.func) for call in calls]
    if any(name in _CLOCK for name in names):
        return True
    return any(name in _DATES for name in names) and len(calls) > 1


def _unseen(file: File, given: Expr) -> bool:
    """Whether a seed is written where it is used, or kept in a name that only seeds read."""
    if isinstance(given, Literal | Attribute):
        return False
    names = [part for part in walk(given) if isinstance(part, Name) and file.assigned(part) is not None]
    return all(_only_seeds(file, name) for name in names)


def _only_seeds(file: File, name: Name) -> bool:
    own = file.names.lookup(name.id, name.scope)
    seeds = [arg for each in _METHODS for arg in _given(file, each)]
    for other in file.every(Name):
        found = file.names.lookup(other.id, other.scope) if other.id == name.id else None
        if found is not None and own is not None and found[0] is own[0]:
            stored = any(binding.start == other.start for binding in found[1])
            if not stored and not any(arg.start <= other.start < arg.end for arg in seeds):
                return False
    return own is not None and own[0].kind == "function"


def _given(file: File, name: str) -> Iterator[Expr]:
    for call in file.callers.by_name.get(name, ()):
        yield from (arg.value for arg in call.args)


def _differs_on_purpose(file: File, call: Call) -> bool:
    """Whether a call stands in a loop, in what each worker or process runs, or is told which one it is."""
    callers: Callers = file.callers
    function = callers.function_around(call)
    around = "" if function is None else function.name
    # Seeded anew in each round: the numbers are to differ from those before.
    if any(inside(call, loop) for loop in (*file.every(For), *file.every(While))):
        return True
    return _OTHER_PROCESS.search(f"{around} {file.source(call)}") is not None
