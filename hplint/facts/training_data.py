"""Data loaders that certainly feed training, over data whose order certainly matters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.calls import BoundCall, Presence
from hplint.facts.journeys import Journey, journey
from hplint.facts.makers import made_by
from hplint.facts.receivers import words
from hplint.facts.syntax import (
    Call,
    ClassDef,
    Collection,
    Expr,
    For,
    FunctionDef,
    Generator,
    Literal,
    Name,
    Node,
    Return,
)
from hplint.facts.training import training_loops
from hplint.facts.tree import inside, last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

DATA_LOADER = "torch.utils.data.DataLoader"
_TURNS = frozenset({"enumerate", "tqdm", "trange", "iter", "track", "islice", "cycle", "zip", "list", "progress_bar"})
"""Calls whose result goes over what they are given."""
_MANY = 50
"""Loaders, or training loops, in one file."""
_NOT_TRAINING = regex(r"test\w*|val|valid\w*|eval\w*|dev|infer\w*|viz|visual\w*|predict\w*")
_TRAINS = regex(r"train\w*|fit|learn|optimi[sz]e")
_HAS_ORDER = regex(
    r"time.?series|forecast|look_?back|horizon|bptt|sliding|window|seq_?len|sequence_length|stock|replay|episode|rollout|"
    r"shuffle\(|permutation|randperm|train_test_split|random_split|KFold|resample|oversampl",
    re.IGNORECASE,
)
"""Words of files whose samples follow one another, or were mixed before: there the order is meant."""
_READS = regex(
    r"read_\w+\(|(np|numpy|torch|pickle|h5py|pd)\.(load|File)|loadtxt|genfromtxt|load_\w+\(|open\(|datasets\."
)
"""What a file that reads stored data does."""
_RANDOM = regex(r"rand|choice|sample\(|make_\w+\(|shuffle|synthetic|linspace|arange", re.IGNORECASE)
"""Words of data that is drawn at random or made up."""


@value_record
class TrainLoader:
    """A loader that feeds training without shuffling. ``use``: the loop, method or call that trains with it."""

    call: BoundCall
    use: Node | None


def unshuffled(file: File) -> Iterator[TrainLoader]:
    """The loaders that train on known data in the order in which it is stored."""
    loaders = [call for call in file.calls if call.name == DATA_LOADER]
    plain = {call.node.start: call for call in loaders if _says_nothing(call)}
    if not 0 < len(loaders) <= _MANY or not plain:
        return
    uses = dict(_uses(file))
    for start, call in plain.items():
        use = uses.get(start)
        if use is None and not (_split(file, call) and _for_training(file, call, loaders)):
            continue
        if (
            not _without_labels(use)
            and not _known_to_be_other(file, call)
            and _in_stored_order(file, call)
            and not _twin(file, call, loaders)
        ):
            yield TrainLoader(call, use)


def _without_labels(use: Node | None) -> bool:
    """Whether a loop throws the labels away, ``for x, _ in loader``: no order of classes can hurt it."""
    target: Expr | None = use.target if isinstance(use, For) else None
    while isinstance(target, Collection) and target.elements:
        target = target.elements[-1]
    return isinstance(target, Name) and target.id == "_"


def _says_nothing(call: BoundCall) -> bool:
    """Whether a loader is certainly told nothing of the order."""
    told = ("shuffle", "sampler", "batch_sampler")
    return not call.inherited and all(call.argument(name).presence is Presence.ABSENT for name in told)


# --- what a loader is for


def _uses(file: File) -> Iterator[tuple[int, Node]]:
    """The loaders, by their place, that a training loop certainly goes over, or that a hook for training returns."""
    loops = [each.step.loop for each in training_loops(file)]
    for loop in file.all(For) if len(loops) <= _MANY else ():
        if any(step is not None and inside(step, loop) for step in loops):
            made = _feeds(file, loop.iter, 4)
            yield from ((call.start, loop) for call in made if len(made) == 1 or _says(file, call, "train"))
    for hook in file.all(FunctionDef):
        if hook.name == "train_dataloader":
            returned = [each.value for each in file.all(Return) if each.value is not None and inside(each, hook)]
            yield from ((call.start, hook) for expr in returned for call in made_by(file, expr))


def _feeds(file: File, expr: Expr, left: int) -> list[Call]:
    """What has made the things that a loop goes over, seen through progress bars and their like."""
    found: list[Call] = []
    for each in _gone_over(expr):
        for call in made_by(file, each):
            turns = left and last_name(call.func) in _TURNS
            found += [each for arg in call.args for each in _feeds(file, arg.value, left - 1)] if turns else [call]
    return found


def _gone_over(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and last_name(expr.func) in _TURNS:
        for arg in expr.args:
            yield from _gone_over(arg.value)
    else:
        yield expr


def _names(file: File, call: Call) -> list[str]:
    """The words of the names that a loader is kept under."""
    return [word for expr in journey(file, call).names if expr is not call for word in words(last_name(expr))]


def _says(file: File, call: Call, word: str) -> bool:
    return any(each.startswith(word) for each in _names(file, call))


def _known_to_be_other(file: File, call: BoundCall) -> bool:
    """Whether a name of the loader or of its data speaks of evaluation."""
    data = call.argument("dataset").node
    spoken = [*_names(file, call.node), *words("" if data is None else file.source(data))]
    return any(_NOT_TRAINING.fullmatch(word) for word in spoken)


def _for_training(file: File, call: BoundCall, loaders: list[BoundCall]) -> bool:
    """Whether a loader that is not seen in use can only be meant for training, in a file that shuffles nothing."""
    way = journey(file, call.node)
    if not _says(file, call.node, "train") or any("shuffle" in each.arguments for each in loaders):
        return False
    return not _is_read_here(file, way) and all(_TRAINS.search(last_name(taker.func)) for taker, _ in way.handed)


def _is_read_here(file: File, way: Journey) -> bool:
    names = {id(expr) for expr in way.names}
    loops: tuple[For | Generator, ...] = (*file.all(For), *file.all(Generator))
    return any(id(expr) in names for loop in loops for expr in _gone_over(loop.iter))


# --- what is in it


def _datasets(file: File, call: BoundCall) -> tuple[Call, ...]:
    data = call.argument("dataset").node
    return () if data is None else made_by(file, data.value)


def _split(file: File, call: BoundCall) -> bool:
    """Whether the data is a library's training split: ``MNIST(root, train=True)``."""
    made = _datasets(file, call)
    return bool(made) and all(_is_train_split(file, each) for each in made)


def _is_train_split(file: File, data: Call) -> bool:
    given = {arg.keyword: arg.value for arg in data.args if arg.keyword is not None}
    second = [arg.value for arg in data.args if arg.keyword is None][1:2]
    value = given.get("train") or given.get("split") or (second[0] if second else None)
    stored = (file.qualified(data.func) or "").startswith("torchvision.datasets.")
    return stored and isinstance(value, Literal) and value.value in (True, "train")


def _in_stored_order(file: File, call: BoundCall) -> bool:
    """Whether the data is map-style, and its order comes from where it is stored, not from chance or from time."""
    made = _datasets(file, call)
    size = call.argument("batch_size")
    whole = size.node is not None and re.search(r"len\(|shape|size\(|None", file.source(size.node)) is not None
    return bool(made) and not whole and all(_is_stored(file, each) for each in made)


def _is_stored(file: File, data: Call) -> bool:
    name = file.qualified(data.func) or ""
    if name.startswith("torchvision.datasets."):
        other = any(
            arg.keyword in ("train", "split")
            and isinstance(arg.value, Literal)
            and arg.value.value in (False, "test", "val")
            for arg in data.args
        )
        return not other and "FakeData" not in name
    if _HAS_ORDER.search(file.text):
        return False
    if name == "torch.utils.data.TensorDataset":
        drawn = any(_RANDOM.search(text) for arg in data.args for text in _sources(file, arg.value))
        return not drawn and bool(_READS.search(file.text))
    home, owner = _class_of(file, data)
    return owner is not None and _is_map_style(home, owner)


def _class_of(file: File, data: Call) -> tuple[File, ClassDef | None]:
    """The class that a dataset is made from, in this file or in a module of the project that it imports."""
    defined = file.definition(data.func)
    if isinstance(defined, ClassDef):
        return file, defined
    found = file.imported(file.qualified(data.func) or "")
    bindings = () if found is None else found[0].names.scope(0).bindings.get(found[1], ())
    only = bindings[0].definition if len(bindings) == 1 else None
    return (found[0], only) if found is not None and isinstance(only, ClassDef) else (file, None)


def _is_map_style(file: File, owner: ClassDef) -> bool:
    methods = {each.name for each in owner.body if isinstance(each, FunctionDef)}
    bases = {file.qualified(base.value) for base in owner.bases}
    known = bases <= {"torch.utils.data.Dataset"} and {"__getitem__", "__len__"} <= methods
    text = file.source(owner)
    return known and not _RANDOM.search(text) and not _HAS_ORDER.search(text)


def _sources(file: File, expr: Expr) -> Iterator[str]:
    """How an argument is written, and what its names are assigned."""
    pending = [(expr, 4)]
    while pending:
        node, depth = pending.pop()
        yield file.source(node)
        for part in (each for each in file.all(Name) if depth and inside(each, node)):
            assigned = file.assigned(part)
            if assigned is not None:
                pending.append((assigned, depth - 1))


def _twin(file: File, call: BoundCall, loaders: list[BoundCall]) -> bool:
    """Whether another loader over the same data does say something of the order."""
    mine = {data.start for data in _datasets(file, call)}
    others = [each for each in loaders if each.node is not call.node and not _says_nothing(each)]
    return any(mine & {data.start for data in _datasets(file, each)} for each in others)
