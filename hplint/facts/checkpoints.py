"""Checkpoints that a run is resumed from, and what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.events import Role
from hplint.facts.lifetimes import followed, optimizers
from hplint.facts.syntax import Assign, Attribute, Call, Dict, Expr, Literal, Name, Return, Subscript
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_OPTIMIZER = regex(r"opt|optim", re.IGNORECASE)
_EPOCH = regex(r"(start_|cur(rent)?_|last_)?(epoch|step|iter(ation)?)s?(_idx)?", re.IGNORECASE)


@value_record
class PartialCheckpoint:
    """``saved`` holds a model and an epoch that training goes on from at ``resumed``, and no optimizer."""

    saved: Dict
    resumed: Expr


def partial_checkpoints(file: File) -> Iterator[PartialCheckpoint]:
    """The checkpoints of a file that resumes from them, which leave out the state of its optimizer."""
    resumed = _resumed(file)
    if resumed is None or not any(True for _ in optimizers(file)) or _loads_optimizer(file):
        return
    for call in file.callers.by_name.get("save", ()):
        if file.qualified(call.func) != "torch.save" or not call.args:
            continue
        saved = followed(file, call.args[0].value)
        if isinstance(saved, Dict) and _is_partial(file, saved):
            yield PartialCheckpoint(saved, resumed)


def _resumed(file: File) -> Expr | None:
    """Where the epoch to go on with is read from what ``torch.load`` gives."""
    for each in file.every(Subscript):
        key = each.index.value if isinstance(each.index, Literal) else None
        if isinstance(key, str) and _EPOCH.fullmatch(key):
            loaded = followed(file, each.value)
            if isinstance(loaded, Call) and file.qualified(loaded.func) == "torch.load" and _goes_on(file, each):
                return each
    return None


def _goes_on(file: File, epoch: Subscript) -> bool:
    """Whether a loop starts at the epoch that is read, and it is not only shown."""
    ranges = file.callers.by_name.get("range", ())
    if any(inside(epoch, call) for call in ranges) or any(inside(epoch, each) for each in file.every(Return)):
        return True
    names = {
        last_name(target)
        for each in file.every(Assign)
        if each.value is not None and inside(epoch, each.value)
        for target in each.targets
    }
    return any(last_name(part) in names for call in ranges for part in walk(call) if isinstance(part, Name | Attribute))


def _loads_optimizer(file: File) -> bool:
    """Whether the state of an optimizer is loaded or saved anywhere."""
    for name in ("state_dict", "load_state_dict"):
        for call in file.callers.by_name.get(name, ()):
            func = call.func
            owner = func.value if isinstance(func, Attribute) else func
            if file.receivers.role(owner) is Role.OPTIMIZER or _OPTIMIZER.search(file.source(owner)):
                return True
    return False


def _is_partial(file: File, saved: Dict) -> bool:
    keys = [key.value for key, _ in saved.items if isinstance(key, Literal)]
    if len(keys) != len(saved.items) or not any(isinstance(key, str) and _EPOCH.fullmatch(key) for key in keys):
        return False
    calls = [part for _, value in saved.items for part in walk(value) if isinstance(part, Call)]
    models = [call for call in calls if last_name(call.func) == "state_dict"]
    return bool(models) and not any(_OPTIMIZER.search(str(key)) for key in keys)
