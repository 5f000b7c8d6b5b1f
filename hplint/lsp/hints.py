"""The defaults that apply where a call leaves out a hyperparameter that matters, shown where it would stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types as lsp

from hplint.inventory import known
from hplint.inventory.records import Entry, State
from hplint.lsp.places import Places
from hplint.source import Source

SHOWN = frozenset({"batch-size", "dropout", "learning-rate", "momentum", "shuffle", "weight-decay"})
"""The hyperparameters that are told; to tell all would bury the code."""


def hints(entries: Sequence[Entry], source: Source, places: Places, start: int, end: int) -> Iterator[lsp.InlayHint]:
    """One hint for each call between two offsets."""
    calls: dict[tuple[int, int], list[Entry]] = {}
    for entry in entries:
        if entry.state is State.DEFAULT and entry.hyperparameter in SHOWN:
            for use in entry.uses:
                if use.at.path == source.path:
                    calls.setdefault(source.offsets(use.at.span), []).append(entry)
    for (opened, closed), left_out in sorted(calls.items()):
        if opened <= end and closed >= start and source.text[closed - 1] == ")":
            at, before = _slot(source.text, closed - 1)
            label = ", ".join(f"{entry.argument}={entry.values[0].text}" for entry in left_out)
            names = " and ".join(known.title(entry.hyperparameter).lower() for entry in left_out)
            owner = left_out[0].callee.rpartition(".")[2]
            yield lsp.InlayHint(
                position=places.of_offsets(at, at).start,
                label=before + label,
                kind=lsp.InlayHintKind.Parameter,
                tooltip=f"{names}: the default of {owner} applies",
            )


def _slot(text: str, closing: int) -> tuple[int, str]:
    """Where another argument would stand in front of a closing bracket, and what would come before it."""
    at = len(text[:closing].rstrip())
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if "\n" in text[at:closing] and "#" in line:
        at = closing  # Behind a comment it would be part of it.
        return at, ""
    return at, {"(": "", ",": " "}.get(text[at - 1], ", ")
