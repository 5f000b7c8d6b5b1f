"""JSON: a contract, described by schema.json. Added keys keep the version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hplint import signatures
from hplint.facts.syntax import Constant
from hplint.inventory import known
from hplint.inventory.compare import Change, ScriptDiff, Side, counts
from hplint.inventory.records import Entry, Given, Link, Script, Spot, Unread, Use
from hplint.model import Position

SCHEMA_VERSION = 1


def render(scripts: Sequence[Script], unread: Sequence[Unread]) -> str:
    """All scripts as one document."""
    shown = [{"path": script.path, "entries": [_entry(entry) for entry in script.entries]} for script in scripts]
    return _written({"scripts": shown}, unread)


def render_diff(diffs: Sequence[ScriptDiff], old: str, new: str, unread: Sequence[Unread]) -> str:
    """All differences as one document."""
    shown = [
        {"old_path": diff.old, "new_path": diff.new, "changes": [_change(change) for change in diff.changes]}
        for diff in diffs
    ]
    return _written({"old": old, "new": new, "differences": shown, "summary": counts(diffs)}, unread)


def _written(content: dict[str, Any], unread: Sequence[Unread]) -> str:
    problems = [{"path": each.path, "line": each.line, "reason": each.reason} for each in unread]
    versions = {"torch": signatures.version()}
    document = {"schema_version": SCHEMA_VERSION, **content, "unread": problems, "defaults_of": versions}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _entry(entry: Entry) -> dict[str, Any]:
    return {**_described(entry), "places": [_use(use) for use in entry.uses]}


def _described(entry: Entry) -> dict[str, Any]:
    return {
        "hyperparameter": entry.hyperparameter,
        "title": known.title(entry.hyperparameter),
        "category": known.category(entry.hyperparameter),
        "callee": entry.callee or None,
        "argument": entry.argument or None,
        "state": entry.state.value,
        "values": [_given(given) for given in entry.values],
        "note": entry.note or None,
        "text": entry.value,
    }


def _given(given: Given) -> dict[str, Any]:
    found: dict[str, Any] = {"text": given.text}
    if given.known and _fits(given.constant):
        found["value"] = given.constant
    return found


def _fits(constant: Constant) -> bool:
    """Whether JSON has such a value."""
    if isinstance(constant, tuple):
        return all(_fits(item) for item in constant)
    if isinstance(constant, float):
        return constant - constant == 0  # Neither infinite nor NaN.
    return constant is None or isinstance(constant, bool | int | str)


def _use(use: Use) -> dict[str, Any]:
    return {**_spot(use.at), "target": use.target or None, "chains": [[*_links(chain)] for chain in use.chains]}


def _links(chain: Sequence[Link]) -> Iterator[dict[str, Any]]:
    for link in chain:
        yield {"text": link.text, "at": _spot(link.at) if link.at else None}


def _spot(spot: Spot) -> dict[str, Any]:
    return {
        "path": spot.path,
        "cell": spot.span.cell,
        "start": _position(spot.span.start),
        "end": _position(spot.span.end),
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def _change(change: Change) -> dict[str, Any]:
    return {
        "change": change.kind,
        "hyperparameter": change.side.entry.hyperparameter,
        "old": _side(change.old),
        "new": _side(change.new),
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {**_described(side.entry), "places": [_spot(place) for place in side.places]}
