"""Markdown: tables that paste into a README or an appendix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from hplint import signatures
from hplint.inventory import known
from hplint.inventory.compare import ScriptDiff
from hplint.inventory.layout import by_category, change_places, given_to, owners_of, where
from hplint.inventory.records import Entry, Script, State

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~])")


def render(scripts: Sequence[Script]) -> str:
    """A section for each script, a table for each category."""
    sections = ["\n".join(_script(script)) for script in scripts]
    if any(entry.callee.startswith("torch.") for script in scripts for entry in script.entries if _is_default(entry)):
        sections.append(f"Defaults of PyTorch are those of version {signatures.version()}.\n")
    return "\n".join(sections)


def _is_default(entry: Entry) -> bool:
    return entry.state is State.DEFAULT


def _script(script: Script) -> Iterator[str]:
    yield f"## {_plain(script.path)}\n"
    owners = {id(entry): owner for entry, owner in zip(script.entries, given_to(script.entries), strict=True)}
    for heading, entries in by_category(script.entries):
        yield f"### {heading}\n"
        rows = [(known.title(e.hyperparameter), _value(e), _code(owners[id(e)]), _plain(where(e))) for e in entries]
        yield from _table(("Hyperparameter", "Value", "Given to", "Where"), rows)
        yield ""


def render_diff(diffs: Sequence[ScriptDiff], old: str, new: str) -> str:
    """A table for each script that differs."""
    if not diffs:
        return f"No hyperparameter differs between {_plain(old)} and {_plain(new)}.\n"
    return "\n".join("\n".join(_diff(diff, old, new)) for diff in diffs)


def _diff(diff: ScriptDiff, old: str, new: str) -> Iterator[str]:
    yield f"## {_plain(diff.path)}\n"
    rows = [
        (
            known.title(change.side.entry.hyperparameter),
            _value(change.old.entry) if change.old else "",
            _value(change.new.entry) if change.new else "",
            _code(owners_of(change)),
            _plain(change_places(change)),
        )
        for change in diff.changes
    ]
    yield from _table(("Hyperparameter", _plain(old), _plain(new), "Given to", "Where"), rows)
    yield ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _value(entry: Entry) -> str:
    """The values as code, what is said of them as text."""
    shown = " or ".join(_code(given.text) for given in entry.values)
    rest = entry.value.removeprefix(" or ".join(given.text for given in entry.values))
    if entry.state is State.DEFAULT and entry.callee:
        rest = f" (default of `{entry.callee}`)"
        return f"{shown}{rest}"
    return f"{shown}{_plain(rest)}"


def _code(text: str) -> str:
    """Code in a cell: in as many backquotes as it takes, without what would end the cell."""
    if not text:
        return ""
    text = text.replace("|", r"\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", " ")
