"""What the formats for people share: places and chains in words, entries under their categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from hplint.inventory import known
from hplint.inventory.compare import Change
from hplint.inventory.records import Chain, Entry, Spot

_PLACES = 4
"""Places of one entry that are told; of more, the number."""
_TARGETS = 2
"""Objects that an entry names."""
_CHAINS = 3


def by_category(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Entries under the headings of the table."""
    for heading, group in groupby(entries, key=lambda entry: known.category(entry.hyperparameter)):
        yield heading, list(group)


def given_to(entries: Sequence[Entry]) -> list[str]:
    """What is given each value: ``Adam.lr``; ``Adam.lr of optimizer_g`` where the objects of a script differ in it."""
    alike: dict[tuple[str, str], list[frozenset[str]]] = {}
    for entry in entries:
        alike.setdefault((entry.hyperparameter, entry.owner), []).append(_targets(entry))
    shown = []
    for entry in entries:
        targets = alike[entry.hyperparameter, entry.owner]
        own = list(dict.fromkeys(use.target for use in entry.uses))
        distinct = len(frozenset().union(*targets)) == sum(map(len, targets))
        tell = len(targets) > 1 and distinct and len(own) <= _TARGETS and all(own)
        shown.append(f"{entry.owner} of {', '.join(own)}" if tell else entry.owner)
    return shown


def _targets(entry: Entry) -> frozenset[str]:
    return frozenset(use.target for use in entry.uses)


def where(entry: Entry) -> str:
    """``train.py:40 ← args.lr ← --lr :12``: the places of an entry, and the way to its value."""
    home = entry.uses[0].at.path
    places = shown_places([use.at for use in entry.uses])
    chains = list(dict.fromkeys(chain_text(chain, home) for use in entry.uses for chain in use.chains))
    ways = [chain for chain in chains if chain]
    more = "; …" if len(ways) > _CHAINS else ""
    return f"{places} ← {'; '.join(ways[:_CHAINS])}{more}" if ways else places


def shown_places(spots: Sequence[Spot]) -> str:
    """``train.py:40, :52``: the path once."""
    home = spots[0].path
    lines = list(dict.fromkeys(short_place(spot, home) for spot in spots))
    distinct = [f"{home}{lines[0]}", *lines[1:]]
    if len(distinct) <= _PLACES + 1:
        return ", ".join(distinct)
    return f"{', '.join(distinct[:_PLACES])} and {len(distinct) - _PLACES} more"


def short_place(spot: Spot, home: str) -> str:
    """``:12`` in the file that is spoken of, ``config.py:12`` elsewhere, ``:cell 3:12`` in a notebook."""
    cell = "" if spot.span.cell is None else f"cell {spot.span.cell}:"
    return f"{'' if spot.path == home else spot.path}:{cell}{spot.span.start.line}"


def chain_text(chain: Chain, home: str) -> str:
    """``args.lr ← --lr :12``"""
    return " ← ".join(f"{link.text} {short_place(link.at, home)}" if link.at else link.text for link in chain)


def change_places(change: Change) -> str:
    """Where the old and the new value stand: ``train.py:40 → :41``."""
    if change.old is None or change.new is None:
        return shown_places(change.side.places)
    old, new = change.old.places, change.new.places
    if len(old) == len(new) == 1:
        return f"{short_place(old[0], '')} → {short_place(new[0], old[0].path)}"
    return f"{shown_places(old)} → {shown_places(new)}"


def owners_of(change: Change) -> str:
    """What is given the value: ``Adam.lr``, or ``Adam.lr → SGD.lr``."""
    if change.old is None or change.new is None or change.old.entry.owner == change.new.entry.owner:
        return change.side.entry.owner
    if not change.side.entry.argument:
        return ""  # The callees are the values.
    return f"{change.old.entry.owner} → {change.new.entry.owner}"
