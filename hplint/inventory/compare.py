"""What differs between two inventories. Lines that moved do not count, nor does another way to write the same value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from hplint.inventory import known
from hplint.inventory.records import Entry, Given, Script, Spot

_MOST = 2000
"""Places of one hyperparameter that are aligned; more are compared one by one."""


@dataclass(frozen=True, slots=True)
class Side:
    """One version of a value: its entry, and the places that changed."""

    entry: Entry
    places: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A hyperparameter that was added (``old`` None), removed (``new`` None) or changed."""

    old: Side | None
    new: Side | None

    @property
    def side(self) -> Side:
        """The newer side that there is."""
        side = self.new or self.old
        assert side is not None
        return side

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


@dataclass(frozen=True, slots=True)
class ScriptDiff:
    """What differs in one script. A path is None where the script is on one side only."""

    old: str | None
    new: str | None
    changes: tuple[Change, ...]

    @property
    def path(self) -> str:
        """The newer path that there is."""
        return self.new or self.old or ""


def counts(diffs: Iterable[ScriptDiff]) -> dict[str, int]:
    """How many hyperparameters were ``changed``, ``added`` and ``removed``."""
    found = Counter(change.kind for diff in diffs for change in diff.changes)
    return {kind: found[kind] for kind in ("changed", "added", "removed")}


def compare(old: Mapping[str, Script], new: Mapping[str, Script]) -> tuple[ScriptDiff, ...]:
    """The scripts that differ, matched by the keys of the two mappings."""
    found = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        changes = _changes(before.entries if before else (), after.entries if after else ())
        if changes:
            found.append(ScriptDiff(before.path if before else None, after.path if after else None, changes))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Item:
    """One place of an entry."""

    entry: Entry
    at: Spot

    @property
    def token(self) -> tuple[object, ...]:
        """Equal for values that mean the same."""
        return tuple(_token(given) for given in self.entry.values)


_Pair = tuple["_Item | None", "_Item | None"]
_Key = Callable[[_Item], tuple[str, ...]]


def _token(given: Given) -> tuple[str, object]:
    is_number = isinstance(given.constant, int | float) and not isinstance(given.constant, bool)
    if given.known and is_number and given.constant == given.constant:  # NaN equals nothing.
        return "number", float(f"{given.constant:.10g}") if isinstance(given.constant, float) else given.constant
    return "text", given.text


def _changes(old: tuple[Entry, ...], new: tuple[Entry, ...]) -> tuple[Change, ...]:
    pairs = _matched(_items(old), _items(new))
    grouped: dict[tuple[int, int], list[_Pair]] = {}
    for before, after in pairs:
        if before is None or after is None or before.token != after.token:
            # By identity: an entry with many places takes long to be hashed.
            key = id(before.entry) if before else 0, id(after.entry) if after else 0
            grouped.setdefault(key, []).append((before, after))
    changes = [
        Change(_side([before for before, _ in group]), _side([after for _, after in group]))
        for group in grouped.values()
    ]
    return tuple(sorted(changes, key=_order))


def _side(items: list[_Item | None]) -> Side | None:
    """One side of changes that are alike."""
    there = [item for item in items if item is not None]
    return Side(there[0].entry, tuple(item.at for item in there)) if there else None


def _order(change: Change) -> tuple[tuple[int, int], Spot]:
    return known.order()[change.side.entry.hyperparameter], change.side.places[0]


def _items(entries: tuple[Entry, ...]) -> list[_Item]:
    items = [_Item(entry, use.at) for entry in entries for use in entry.uses]
    return sorted(items, key=lambda item: item.at)


def _matched(old: list[_Item], new: list[_Item]) -> list[_Pair]:
    """Every item with its counterpart: by all that names it, then by less where one side has changed its callee."""
    pairs: list[_Pair] = []
    left_old, left_new = old, new
    for key in (_exact, _by_argument, _by_hyperparameter):
        by_key: dict[tuple[str, ...], tuple[list[_Item], list[_Item]]] = {}
        for side, items in enumerate((left_old, left_new)):
            for item in items:
                by_key.setdefault(key(item), ([], []))[side].append(item)
        left_old, left_new = [], []
        for before, after in by_key.values():
            if key is _by_hyperparameter and not len(before) == len(after) == 1:
                left_old += before
                left_new += after
                continue
            for pair in _aligned(before, after):
                if pair[0] is None and pair[1] is not None:
                    left_new.append(pair[1])
                elif pair[1] is None and pair[0] is not None:
                    left_old.append(pair[0])
                else:
                    pairs.append(pair)
    pairs += [(item, None) for item in left_old]
    pairs += [(None, item) for item in left_new]
    return pairs


def _exact(item: _Item) -> tuple[str, ...]:
    entry = item.entry
    callee = entry.callee if entry.argument and not entry.is_size else ""
    return entry.hyperparameter, callee, entry.argument


def _by_argument(item: _Item) -> tuple[str, ...]:
    return item.entry.hyperparameter, item.entry.argument


def _by_hyperparameter(item: _Item) -> tuple[str, ...]:
    return (item.entry.hyperparameter,)


def _aligned(old: list[_Item], new: list[_Item]) -> list[_Pair]:
    """Two sequences side by side, so that one that is inserted does not shift all that follow."""
    tokens_old, tokens_new = [item.token for item in old], [item.token for item in new]
    if len(old) > _MOST or len(new) > _MOST:
        operations = [("replace", 0, len(old), 0, len(new))]
    else:
        operations = [*SequenceMatcher(None, tokens_old, tokens_new, autojunk=False).get_opcodes()]
    pairs: list[_Pair] = []
    for _, i1, i2, j1, j2 in operations:
        for offset in range(max(i2 - i1, j2 - j1)):
            before = old[i1 + offset] if i1 + offset < i2 else None
            after = new[j1 + offset] if j1 + offset < j2 else None
            pairs.append((before, after))
    return pairs
