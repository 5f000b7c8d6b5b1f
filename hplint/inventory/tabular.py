"""CSV: one row a value, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from hplint.inventory import known
from hplint.inventory.compare import ScriptDiff, Side
from hplint.inventory.layout import chain_text, short_place
from hplint.inventory.records import Entry, Script, Use

_HEAD = (
    "path",
    "category",
    "hyperparameter",
    "callee",
    "argument",
    "target",
    "value",
    "state",
    "note",
    "cell",
    "line",
    "column",
    "set_path",
    "set_cell",
    "set_line",
    "set_column",
    "chain",
)
_DIFF_HEAD = (
    "path",
    "category",
    "hyperparameter",
    "change",
    "old_callee",
    "new_callee",
    "argument",
    "old",
    "new",
    "old_state",
    "new_state",
    "old_lines",
    "new_lines",
)


def render(scripts: Sequence[Script]) -> str:
    """One row for each value at each place."""
    return _written(_HEAD, (row for script in scripts for entry in script.entries for row in _rows(script, entry)))


def _rows(script: Script, entry: Entry) -> Iterator[tuple[object, ...]]:
    for use in entry.uses:
        for number, given in enumerate(entry.values or (None,)):
            yield (
                script.path,
                known.category(entry.hyperparameter),
                entry.hyperparameter,
                entry.callee,
                entry.argument,
                use.target,
                given.text if given else "",
                entry.state.value,
                entry.note,
                use.at.span.cell,
                use.at.span.start.line,
                use.at.span.start.column,
                *_end(use, number),
            )


def _end(use: Use, number: int) -> tuple[object, ...]:
    """Where a value is written, and the way there."""
    chain = use.chains[number] if number < len(use.chains) else ()
    places = [link.at for link in chain if link.at is not None]
    at = places[-1] if places else use.at
    return at.path, at.span.cell, at.span.start.line, at.span.start.column, chain_text(chain, use.at.path)


def render_diff(diffs: Sequence[ScriptDiff]) -> str:
    """One row for each change."""

    def rows() -> Iterator[tuple[object, ...]]:
        for diff in diffs:
            for change in diff.changes:
                entry = change.side.entry
                sides = (change.old, change.new)
                yield (
                    diff.path,
                    known.category(entry.hyperparameter),
                    entry.hyperparameter,
                    change.kind,
                    *(side.entry.callee if side else "" for side in sides),
                    entry.argument,
                    *(" or ".join(given.text for given in side.entry.values) if side else "" for side in sides),
                    *(side.entry.state.value if side else "" for side in sides),
                    *(_lines(side) for side in sides),
                )

    return _written(_DIFF_HEAD, rows())


def _lines(side: Side | None) -> str:
    return " ".join(short_place(place, place.path)[1:] for place in side.places) if side else ""


def _written(head: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return buffer.getvalue()
