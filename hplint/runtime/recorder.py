"""The objects of a program under watch: what was built, where, and what it did since. All of it outside of the objects.

Objects are held weakly and found by identity, never by their own ``__hash__``; a :class:`Record` outlives its object,
so that what is said at the end can still speak of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from hplint.runtime.places import Place

Kept = TypeVar("Kept")
Recorded = TypeVar("Recorded")


class WeakIds(Generic[Kept]):
    """Values by the identity of an object; an entry ends with its object."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], Kept]] = {}

    def __setitem__(self, key: object, value: Kept) -> None:
        number = id(key)
        entries = self._entries

        def forget(ref: weakref.ref[Any]) -> None:
            entry = entries.get(number)
            if entry is not None and entry[0] is ref:
                del entries[number]

        entries[number] = (weakref.ref(key, forget), value)

    def __contains__(self, key: object) -> bool:
        entry = self._entries.get(id(key))
        return entry is not None and entry[0]() is key

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: object) -> Kept | None:
        """The value for an object, None if there is none."""
        entry = self._entries.get(id(key))
        return entry[1] if entry is not None and entry[0]() is key else None

    def pop(self, key: object) -> None:
        """Forget an object."""
        if key in self:
            del self._entries[id(key)]

    def objects(self) -> Iterator[tuple[Any, Kept]]:
        """The objects that are still alive, in the order in which they came."""
        for ref, value in list(self._entries.values()):
            key = ref()
            if key is not None:
                yield key, value


class Record(Generic[Recorded]):
    """One object: its class, where it was built, at which moment (a count of what was recorded), how often it acted.

    ``steps``: of an optimizer its steps, of a scheduler its calls of ``step``, of a loader its batches.
    ``passes``: of a loader how often it was iterated. Both count from the first moment of watching.
    """

    __slots__ = ("__weakref__", "_ref", "kind", "moment", "passes", "place", "steps")

    def __init__(self, recorded: Recorded, place: Place | None, moment: int) -> None:
        self._ref = weakref.ref(recorded)
        self.kind = type(recorded).__name__
        self.place = place
        self.moment = moment
        self.steps = 0
        self.passes = 0

    def __repr__(self) -> str:
        return f"<Record {self.kind} at {self.place}>"

    @property
    def object(self) -> Recorded | None:
        """The object, None when it is gone. During an event about it, it is there."""
        return self._ref()


class Shelf(Generic[Recorded]):
    """The records of one kind of object, in the order in which they were built."""

    def __init__(self, moment: Callable[[], int]) -> None:
        self._moment = moment
        self._by_object: WeakIds[Record[Recorded]] = WeakIds()
        self.all: list[Record[Recorded]] = []

    def __iter__(self) -> Iterator[Record[Recorded]]:
        return iter(tuple(self.all))

    def __len__(self) -> int:
        return len(self.all)

    def get(self, recorded: object) -> Record[Recorded] | None:
        """The record of an object, None if it is unknown."""
        return self._by_object.get(recorded)

    def add(self, recorded: Recorded, place: Place | None) -> Record[Recorded]:
        """The record of an object, made now if it has none."""
        found = self._by_object.get(recorded)
        if found is None:
            found = Record(recorded, place, self._moment())
            self._by_object[recorded] = found
            self.all.append(found)
        return found

    def alive(self) -> Iterator[tuple[Record[Recorded], Recorded]]:
        """The records whose objects are still there."""
        for record in tuple(self.all):
            there = record.object
            if there is not None:
                yield record, there
