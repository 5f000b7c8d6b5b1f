"""Generators of random numbers that a data set keeps for itself, and where it made them."""

from __future__ import annotations

import dis
import random
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from torch import Generator
from torch.utils.data import ConcatDataset, IterableDataset, Subset

from hplint.runtime.places import Place

_DEPTH = 8


def datasets_of(data: Any, depth: int = _DEPTH) -> Iterator[Any]:
    """A data set and those inside of it."""
    yield data
    if depth and isinstance(data, Subset):
        yield from datasets_of(data.dataset, depth - 1)
    elif depth and isinstance(data, ConcatDataset):
        for part in data.datasets[:_DEPTH]:
            yield from datasets_of(part, depth - 1)


def generators_of(data: Any) -> Iterator[tuple[Any, str, Any]]:
    """(owner, attribute, generator) of each generator that a data set, or a transformation in it, keeps."""
    for each in datasets_of(data):
        for owner in (each, *(value for value in _attributes(each).values() if _attributes(value))):
            for name, value in _attributes(owner).items():
                if is_generator(value):
                    yield owner, name, value


def is_generator(value: object) -> bool:
    """Whether this is a generator of random numbers that does not follow the seed of its process."""
    if isinstance(value, (random.Random, Generator)):
        return True
    kind = type(value)
    return kind.__module__.startswith("numpy.random") and kind.__name__ in ("Generator", "RandomState")


def is_drawn_from(owner: Any, name: str) -> bool:
    """Whether the code that makes samples reads an attribute."""
    entry = "__iter__" if isinstance(owner, IterableDataset) else "__getitem__"
    methods = {key: value for kind in reversed(type(owner).__mro__) for key, value in vars(kind).items()}
    starts = [entry] if entry in methods else ["__call__", "forward"]
    pending = [each for each in starts if each in methods]
    seen: set[str] = set()
    found = False
    while pending:
        method = methods.get(pending.pop())
        if not isinstance(method, FunctionType) or method.__name__ in seen:
            continue
        seen.add(method.__name__)
        names = set(_names(method.__code__))
        if "get_worker_info" in names or _stores(method.__code__, name):
            return False  # It gets another one in each worker.
        found |= name in names
        pending += [each for each in names if each in methods]
    return found


def made_at(owner: Any, name: str) -> Place | None:
    """The expression in ``__init__`` whose value becomes an attribute."""
    for kind in type(owner).__mro__:
        init = vars(kind).get("__init__")
        if not isinstance(init, FunctionType):
            continue
        before = None
        for each in dis.get_instructions(init.__code__):
            if each.opname == "STORE_ATTR" and each.argval == name and before is not None:
                positions = getattr(before, "positions", None)  # Python 3.11
                line = positions.lineno if positions is not None else None
                return Place(init.__code__, before.offset, line or init.__code__.co_firstlineno)
            if each.opname.startswith("CALL"):
                before = each
    return None


def states(data: Any) -> Iterator[Callable[[], None]]:
    """What puts each generator of a data set back to where it is now."""
    for _, _, value in generators_of(data):
        yield _kept(value)


def _kept(generator: Any) -> Callable[[], None]:
    if isinstance(generator, random.Random):
        return partial(generator.setstate, generator.getstate())
    if isinstance(generator, Generator) or type(generator).__name__ == "RandomState":
        return partial(generator.set_state, generator.get_state())
    bits = generator.bit_generator
    return partial(setattr, bits, "state", bits.state)


def _attributes(owner: Any) -> dict[str, Any]:
    if isinstance(owner, type) or is_generator(owner):
        return {}
    return getattr(owner, "__dict__", None) or {}


def _stores(code: CodeType, name: str) -> bool:
    return any(each.opname == "STORE_ATTR" and each.argval == name for each in dis.get_instructions(code))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)
