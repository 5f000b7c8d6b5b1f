"""Whether a data set gives samples one by one, or whole batches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hplint.facts.syntax import FunctionDef
from hplint.facts.training_data import class_of, datasets_of
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File
    from hplint.facts.syntax import Call

_BATCHES = regex(r"batch|chunk|stack\(|unsqueeze|\bcat\(|graph|episode|scene|\.view\(", flags=re.IGNORECASE)
_MADE_UP = regex(r"torch\.(rand|ones|zeros|empty|full)")


def gives_samples(file: File, call: BoundCall) -> bool:
    """Whether a loader is over data sets that certainly give one sample at a time."""
    made = datasets_of(file, call)
    return bool(made) and all(_single(file, each) for each in made)


def _single(file: File, data: Call) -> bool:
    name = file.qualified(data.func) or ""
    if name.startswith("torchvision.datasets."):
        return "FakeData" not in name
    if name == "torch.utils.data.TensorDataset":
        return _MADE_UP.search(file.text) is None and _BATCHES.search(file.source(data)) is None
    home, owner = class_of(file, data)
    if owner is None or {home.qualified(base.value) for base in owner.bases} != {"torch.utils.data.Dataset"}:
        return False
    methods = {each.name for each in owner.body if isinstance(each, FunctionDef)}
    text = home.source(owner)
    whole = {"__getitem__", "__len__"} <= methods
    return whole and _BATCHES.search(text) is None and _MADE_UP.search(text) is None
