"""Random splits that come out differently where they must not: in each process, or when they are drawn again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from hplint.facts.calls import BoundCall, Presence
from hplint.facts.seeding import NUMPY, TORCH, in_processes, seedings, seeds_unseen
from hplint.facts.surroundings import tests_around
from hplint.facts.syntax import Call, Node
from hplint.facts.tree import last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

RANDOM_SPLIT = "torch.utils.data.random_split"
_OF_SKLEARN = "sklearn.model_selection."
_ALWAYS_RANDOM = frozenset({"ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit"})
_MAY_SHUFFLE = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})
_RANK = regex(r"rank|RANK|is_(local_)?main_process|is_master|is_global_zero|master_process")
_RESUMES = regex(r"resume|checkpoint|ckpt|restore|continue|load|start_epoch|warm_?start|exists|isfile", re.IGNORECASE)
_TRAINS = regex(r"\bbackward\(|\.fit\(|\.train\(|\btrain(?!_test_split)\w*\(|Trainer\(|optim\.[A-Z]|learn\(")


class Drawn(Enum):
    """Where a split is drawn another time."""

    PROCESSES = "in each process"
    BY_RANK = "in each process, with a seed of its own"
    RESUMED = "when training is resumed"
    LATER = "when a stored model is measured"


@value_record
class Split:
    """A split that is drawn differently another time; ``evidence``: what shows that there is another time."""

    call: BoundCall
    drawn: Drawn
    evidence: Node


def unstable_splits(file: File) -> Iterator[Split]:
    """The random splits whose parts certainly mix, because nothing makes each draw the same."""
    calls = [(call, kind) for call in file.calls if (kind := unseeded(call)) is not None and call.via is None]
    for call, kind in calls:
        seeds = [each for each in seedings(file) if kind in each.of]
        shared = any(not each.by_rank(file) for each in seeds)
        if shared or seeds_unseen(file) or any(_RANK.search(test) for test in tests_around(file, call.node)):
            continue
        found = next(_other_times(file, ranked=seeds[0].call if seeds else None), None)
        if found is not None:
            yield Split(call, *found)


def unseeded(call: BoundCall) -> str | None:
    """The generator that a split draws from, None where it has one of its own or is not random."""
    if call.name == RANDOM_SPLIT:
        return TORCH if call.argument("generator").presence is Presence.ABSENT else None
    if not call.name.startswith("sklearn."):
        return None
    given = call.argument("random_state").presence is not Presence.ABSENT
    shuffle = call.argument("shuffle")
    told = shuffle.value.single
    if given or (shuffle.presence is not Presence.ABSENT and (told is None or told.constant is not True)):
        return None
    random = call.short == "train_test_split" or call.short in _ALWAYS_RANDOM
    shuffled = call.short in _MAY_SHUFFLE and shuffle.presence is Presence.PRESENT
    return NUMPY if call.name.startswith(_OF_SKLEARN) and (random or shuffled) else None


def _other_times(file: File, ranked: Call | None) -> Iterator[tuple[Drawn, Node]]:
    if in_processes(file):
        joins = [call for call in file.all(Call) if last_name(call.func) in _JOINS]
        if ranked is not None:
            yield Drawn.BY_RANK, ranked
        elif joins:
            yield Drawn.PROCESSES, joins[0]
    loads = [call for call in file.all(Call) if last_name(call.func) == "load_state_dict"]
    if not loads or ranked is not None:
        return
    if "backward(" not in file.text:
        if _TRAINS.search(file.text) is None and re.search(r"torch\.load\(|load_file\(", file.text):
            yield Drawn.LATER, loads[0]
        return
    for load in loads:
        if "torch.save(" in file.text and any(_RESUMES.search(test) for test in tests_around(file, load)):
            yield Drawn.RESUMED, load


_JOINS = frozenset({"init_process_group", "Accelerator", "initialize", "Trainer", "Fabric"})
