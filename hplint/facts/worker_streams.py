"""Random generators that live in a data set and are copied, state and all, into each worker of a loader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.calls import BoundCall, Presence
from hplint.facts.syntax import Assign, Attribute, Call, ClassDef, Expr, FunctionDef
from hplint.facts.training_data import DATA_LOADER, class_of, datasets_of
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_GENERATORS = frozenset(
    {
        "numpy.random.default_rng",
        "numpy.random.RandomState",
        "numpy.random.Generator",
        "random.Random",
        "torch.Generator",
    }
)
_TOLD_APART = regex(r"get_worker_info|worker_info|worker_id|spawn\(|SeedSequence|reseed|set_epoch")
_READS = frozenset({"__getitem__", "__iter__", "__getitems__"})


@value_record
class SharedStream:
    """A generator that a class of data sets makes in its constructor. ``use``: where the samples draw from it."""

    generator: Call
    attribute: str
    owner: ClassDef
    use: Attribute
    loader: BoundCall


def shared_streams(file: File) -> Iterator[SharedStream]:
    """The generators that several workers, of a loader in this file, certainly draw the same numbers from."""
    classes = [(owner, tuple(_kept(file, owner))) for owner in file.all(ClassDef)]
    kept = {id(owner): found for owner, found in classes if found}
    if not kept:
        return
    told: set[int] = set()
    for loader in file.calls:
        if loader.name != DATA_LOADER or not _has_workers(loader):
            continue
        for data in datasets_of(file, loader):
            home, owner = class_of(file, data)
            for generator, attribute, use in kept.get(id(owner), ()) if owner is not None and home is file else ():
                if id(generator) not in told and owner is not None:
                    told.add(id(generator))
                    yield SharedStream(generator, attribute, owner, use, loader)


def _has_workers(loader: BoundCall) -> bool:
    workers = loader.argument("num_workers")
    told = [loader.argument(name).presence for name in ("worker_init_fn", "multiprocessing_context")]
    numbers = [each.constant for each in workers.value.possible if workers.value.stands(each)]
    several = bool(numbers) and all(isinstance(number, int) and number > 1 for number in numbers)
    return workers.presence is Presence.PRESENT and several and told == [Presence.ABSENT] * 2


def _kept(file: File, owner: ClassDef) -> Iterator[tuple[Call, str, Attribute]]:
    """The generators that the constructor of a data set stores, with a place that draws from it for a sample."""
    methods = {each.name: each for each in owner.body if isinstance(each, FunctionDef)}
    made = methods.get("__init__")
    if made is None or not _READS & methods.keys() or _TOLD_APART.search(file.source(owner)):
        return
    for statement in file.within(Assign, made):
        target, value = statement.targets[0], statement.value
        generator = None if value is None else _generator(file, value)
        if generator is None or not isinstance(target, Attribute) or not is_self(target.value):
            continue
        stores = [each for each in file.within(Assign, owner) for part in each.targets if _same(part, target.attr)]
        use = next(_draws(methods, target.attr), None)
        if len(stores) == 1 and use is not None and inside(statement, made):
            yield generator, target.attr, use


def _generator(file: File, value: Expr) -> Call | None:
    """``default_rng(0)``, and ``torch.Generator().manual_seed(0)``."""
    if not isinstance(value, Call):
        return None
    if isinstance(value.func, Attribute) and value.func.attr == "manual_seed":
        return _generator(file, value.func.value)
    return value if file.qualified(value.func) in _GENERATORS else None


def _draws(methods: dict[str, FunctionDef], attribute: str) -> Iterator[Attribute]:
    """Where the methods that read a sample, and those that they call, use an attribute."""
    pending = [name for name in methods if name in _READS]
    passed = set(pending)
    while pending:
        for node in walk(methods[pending.pop()]):
            if not isinstance(node, Attribute) or not is_self(node.value):
                continue
            if node.attr == attribute:
                yield node
            elif node.attr in methods and node.attr not in passed:
                passed.add(node.attr)
                pending.append(node.attr)


def _same(expr: Expr, attribute: str) -> bool:
    return isinstance(expr, Attribute) and is_self(expr.value) and last_name(expr) == attribute
