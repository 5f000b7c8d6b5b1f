"""The format for terminals: aligned columns under headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hplint.inventory.compare import Change, ScriptDiff, counts
from hplint.inventory.layout import by_category, change_places, given_to, owners_of, short_place, shown_places, where
from hplint.inventory.records import Entry, Explanation, Script, State
from hplint.report.style import Style, printable

_WIDEST = (28, 44, 36)
"""Columns that a cell may take before it pushes the rest of its line to the right."""
_COLOURS = {State.OPEN: ("yellow",), State.DEFAULT: ("dim",), State.UNKNOWN: ("red",), State.SET: ("green",)}
_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}

_Row = tuple[str, str, str, str]


def render(scripts: Sequence[Script], *, color: bool = False) -> str:
    """Each script with its hyperparameters."""
    style = Style(color)
    return "\n".join("\n".join((*_script(script, style), "")) for script in scripts)


def _script(script: Script, style: Style) -> Iterator[str]:
    yield style(printable(script.path), "bold")
    owners = given_to(script.entries)
    rows = {id(entry): _cells(entry, owner) for entry, owner in zip(script.entries, owners, strict=True)}
    widths = _widths([*rows.values()])
    for heading, entries in by_category(script.entries):
        yield ""
        yield f"  {style(heading, 'bold', 'underline')}"
        before = ""
        for entry in entries:
            name, value, owner, place = rows[id(entry)]
            shown = ("" if name == before else name, value, owner, place)
            yield f"    {_line(shown, widths, (('bold',), _COLOURS[entry.state], (), ('dim',)), style)}"
            before = name


def _cells(entry: Entry, owner: str) -> _Row:
    return entry.hyperparameter, printable(entry.value), printable(owner), printable(where(entry))


def _widths(rows: Sequence[_Row]) -> list[int]:
    """The width of each column but the last: of its longest cell that is not too long."""
    return [
        max((len(row[column]) for row in rows if len(row[column]) <= widest), default=0)
        for column, widest in enumerate(_WIDEST)
    ]


def _line(cells: _Row, widths: Sequence[int], styles: Sequence[tuple[str, ...]], style: Style) -> str:
    shown = []
    for column, (cell, codes) in enumerate(zip(cells, styles, strict=True)):
        padding = " " * (widths[column] - len(cell)) if column < len(widths) else ""
        shown.append(style(cell, *codes) + padding)
    return "  ".join(shown).rstrip()


def render_diff(diffs: Sequence[ScriptDiff], old: str, new: str, *, color: bool = False) -> str:
    """What was added, removed and changed in each script, and how much."""
    style = Style(color)
    if not diffs:
        return f"No hyperparameter differs between {printable(old)} and {printable(new)}.\n"
    lines = [line for diff in diffs for line in (*_diff(diff, style), "")]
    found = ", ".join(f"{number} {kind}" for kind, number in counts(diffs).items() if number)
    return "\n".join([*lines, f"{found} from {printable(old)} to {printable(new)}.", ""])


def _diff(diff: ScriptDiff, style: Style) -> Iterator[str]:
    title = f"{diff.old} → {diff.new}" if diff.old and diff.new and diff.old != diff.new else diff.path
    note = "" if diff.old and diff.new else " (new)" if diff.new else " (gone)"
    yield style(printable(title), "bold") + note
    rows = [_change(change) for change in diff.changes]
    widths = _widths(rows)
    for change, row in zip(diff.changes, rows, strict=True):
        mark, colour = _MARKS[change.kind]
        yield f"  {style(mark, colour)} {_line(row, widths, (('bold',), (colour,), (), ('dim',)), style)}"


def _change(change: Change) -> _Row:
    values = [side.entry.value for side in (change.old, change.new) if side is not None]
    name = change.side.entry.hyperparameter
    return name, printable(" → ".join(values)), printable(owners_of(change)), printable(change_places(change))


def render_why(explanations: Sequence[Explanation], *, color: bool = False) -> str:
    """Each value, then the places it comes from."""
    style = Style(color)
    return "\n".join("\n".join((*_why(each, style), "")) for each in explanations)


def _why(explanation: Explanation, style: Style) -> Iterator[str]:
    entry = explanation.entry
    head = style(entry.hyperparameter, "bold")
    value = style(printable(entry.value), *_COLOURS[entry.state])
    yield f"{printable(shown_places([entry.uses[0].at]))}: {head} {printable(entry.owner)} = {value}"
    for spot, text, said in explanation.steps:
        place = style(f"{printable(short_place(spot, ''))}:{spot.span.start.column}", "dim")
        yield f"  {place}  {printable(text)}  {style(printable(said), 'italic')}"
    if not explanation.steps and entry.state is State.DEFAULT:
        yield f"  {printable(entry.callee)} is not given `{entry.argument}`: its default applies"
