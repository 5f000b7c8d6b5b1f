"""Data sets for evaluation whose samples are changed at random each time they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.journeys import journey
from hplint.facts.makers import made_by
from hplint.facts.receivers import words
from hplint.facts.syntax import Arg, Assign, Call, Collection, Expr, Literal, Name
from hplint.facts.training_data import NOT_TRAINING, class_of, names_of
from hplint.facts.tree import last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

COMPOSES = ("torchvision.transforms.Compose", "torchvision.transforms.v2.Compose", "torch.nn.Sequential")
_RANDOM = regex(r"torchvision\.transforms\.(v2\.)?(Random\w+|ColorJitter|AutoAugment|RandAugment|TrivialAugmentWide)")
_TRAINS = regex(r"train\w*|fit|unlabel\w*|pretrain\w*|ssl|aug\w*|tta|support|query|source|target|memory|bank")
_MEANT = regex(
    r"(?<![a-z])tta(?![a-z])|test.?time|ten_?crop|five_?crop|contrastive|simclr|(?<![a-z])byol|(?<![a-z])moco|"
    r"two_?crops?|n_views|self.?superv|(?<![a-z])mae(?![a-z])|mc_?dropout|robustness|corrupt|"
    r"(?<!self)\.transforms?\s*=[^=]",
    re.IGNORECASE,
)
"""Words of files that change samples at random on purpose when they measure, or exchange the transform later."""
_PARTS = (False, "test", "val", "valid")


@value_record
class Augmented:
    """A data set for evaluation. ``given``: the transform that it is given, ``random``: what is random in that.

    ``name``: what the set is called; ``split``: the call that splits it off, where it is a part of another set.
    """

    given: Arg
    random: Call
    name: str
    split: Call | None = None


def augmented_evaluation(file: File) -> Iterator[Augmented]:
    """The data sets that certainly serve evaluation and are certainly given a random transform."""
    candidates = [(call, arg) for call in file.all(Call) if (arg := _transform(call)) is not None]
    for call, arg in candidates:
        part = None
        name = _evaluates(file, call)
        if name is None:
            part, name = _part_for_evaluation(file, call)
        random = None if name is None else _random_in(file, arg.value)
        if random is not None and name is not None and _is_data_set(file, call):
            if _MEANT.search(file.text):
                return
            yield Augmented(arg, random, name, part)


def _transform(call: Call) -> Arg | None:
    return next((arg for arg in call.args if arg.keyword in ("transform", "transforms") and not arg.star), None)


def _is_data_set(file: File, call: Call) -> bool:
    name = file.qualified(call.func) or ""
    if name.startswith("torchvision.datasets."):
        return not name.endswith("FakeData")
    home, owner = class_of(file, call)
    return owner is not None and any(
        (home.qualified(base.value) or "").startswith("torch.utils.data.") for base in owner.bases
    )


# --- what it is for


def _evaluates(file: File, call: Call) -> str | None:
    """What a data set for evaluation is called; None for any other."""
    stored = (file.qualified(call.func) or "").startswith("torchvision.datasets.")
    chosen = {arg.keyword: arg.value for arg in call.args}
    told = [chosen[key] for key in ("train", "split", "image_set") if key in chosen]
    parts = [each.value if isinstance(each, Literal) else None for each in told]
    names = names_of(file, call)
    if any(part not in _PARTS for part in parts) or any(_TRAINS.fullmatch(word) for word in names):
        return None
    if (parts and stored) or any(NOT_TRAINING.fullmatch(word) for word in names):
        return _called(file, call) or file.source(call.func)
    return None


def _called(file: File, call: Call) -> str | None:
    """The name that a data set is assigned."""
    for each in journey(file, call).names:
        if each is not call and last_name(each):
            return file.source(each)
    return None


def _part_for_evaluation(file: File, call: Call) -> tuple[Call | None, str | None]:
    """The split that takes a part for evaluation off a data set, and what that part is called."""
    for taker, arg in journey(file, call).handed:
        if file.qualified(taker.func) != "torch.utils.data.random_split" or taker.args[0] is not arg:
            continue
        for statement in file.all(Assign):
            target = statement.targets[0]
            if statement.value is taker and isinstance(target, Collection):
                for part in target.elements[1:]:
                    spoken = words(last_name(part))
                    if any(NOT_TRAINING.fullmatch(word) for word in spoken) and not set(spoken) & {"train"}:
                        return taker, file.source(part)
    return None, None


# --- what it is given


def _random_in(file: File, expr: Expr) -> Call | None:
    """A random transform that is among those that a data set is given, however it is called."""
    found: Call | None = None
    made = made_by(file, expr)
    for call in made:
        found = _random_of(file, call, 5)
        if found is None:
            return None
    return found


def _random_of(file: File, call: Call, depth: int) -> Call | None:
    name = file.qualified(call.func) or ""
    if _RANDOM.fullmatch(name):
        return None if _never(call) else call
    if name not in COMPOSES or not depth:
        return None
    for element in composed(file, call):
        inner = _random_of(file, element, depth - 1) if isinstance(element, Call) else None
        if inner is not None:
            return inner
    return None


def composed(file: File, call: Call) -> tuple[Expr, ...]:
    """The transforms that a call puts together, names of one meaning followed; none where they are not in view."""
    if not call.args or call.args[0].star:
        return ()
    first = call.args[0].value
    whole = file.assigned(first) if isinstance(first, Name) else first
    listed = whole.elements if isinstance(whole, Collection) else tuple(arg.value for arg in call.args)
    return tuple((isinstance(each, Name) and file.assigned(each)) or each for each in listed)


def _never(call: Call) -> bool:
    """Whether a transform is written so that it does nothing."""
    return any(isinstance(arg.value, Literal) and arg.value.value in (0, 0.0) for arg in call.args)
