"""Shuffles and splits that draw from a generator which a program, that seeds another one, leaves unseeded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.places import Callers
from hplint.facts.seeding import NUMPY, PYTHON, TORCH, Seeding, seedings, seeds_unseen
from hplint.facts.splits import unseeded
from hplint.facts.syntax import Call, Expr
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_DRAWS = {
    "numpy.random.shuffle": NUMPY,
    "numpy.random.permutation": NUMPY,
    "random.shuffle": PYTHON,
}
_SHOWS = regex(r"plot|show|visual|display|sample|demo|test|eval|predict|infer|__getitem__|__iter__|collate")


@value_record
class HalfSeeded:
    """``draw`` shuffles or splits with the generator of ``library``; only torch's is seeded, by ``seed``."""

    draw: Call
    library: str
    seed: Call
    given: Expr | None


def half_seeded(file: File) -> Iterator[HalfSeeded]:
    """The first such draw from each generator, in a file that trains and seeds torch by itself."""
    known = seedings(file)
    seeds = [each for each in known if TORCH in each.of]
    if not seeds or not all(each.certain for each in known) or "backward(" not in file.text or seeds_unseen(file):
        return
    missing = {NUMPY, PYTHON} - {kind for each in known for kind in each.of}
    for call, library in _draws(file) if missing else ():
        if library in missing and not _is_shown(file, call):
            missing.discard(library)
            yield _found(call, library, seeds[0])


def _found(call: Call, library: str, seed: Seeding) -> HalfSeeded:
    return HalfSeeded(call, library, seed.call, seed.given)


def _draws(file: File) -> Iterator[tuple[Call, str]]:
    for call in file.calls:
        kind = _DRAWS.get(call.name)
        if kind is not None:
            yield call.node, kind
        elif call.name.startswith("sklearn.") and unseeded(call) == NUMPY and call.via is None:
            yield call.node, NUMPY


def _is_shown(file: File, call: Call) -> bool:
    """Whether a draw stands where it picks samples to look at, or where workers, which are seeded, read them."""
    callers: Callers = file.callers
    function = callers.function_around(call)
    return function is not None and _SHOWS.search(function.name) is not None
