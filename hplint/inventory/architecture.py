"""The sizes of a network's layers as sequences: ``784 → 512 → 10``."""

from __future__ import annotations

from collections.abc import Iterator

from hplint.facts.calls import BoundCall, Presence
from hplint.facts.syntax import Assign, ClassDef, FunctionDef, Node
from hplint.facts.tree import inside
from hplint.inventory.reading import Reader, Reading
from hplint.inventory.records import Given, Spot, State
from hplint.inventory.sites import Site

_SIZES = {
    "torch.nn.Linear": ("in_features", "out_features"),
    **{f"torch.nn.Conv{n}d": ("in_channels", "out_channels") for n in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{n}d": ("in_channels", "out_channels") for n in (1, 2, 3)},
}
_LABELS = {"torch.nn.Linear": "units"}
_SEQUENTIAL = "torch.nn.Sequential"
_WIDTH = 24
"""Characters of one size."""
_CHOICES = 4
"""Sizes that one layer may have."""
_MOST = 40
"""Layers of one sequence that are told."""


def layer_sites(reader: Reader) -> Iterator[Site]:
    """One site for the linear layers, and one for each kind of convolution, of each network and each Sequential."""
    owners = _Owners(reader)
    groups: dict[tuple[str, str], list[BoundCall]] = {}
    for call in reader.file.calls:
        if call.name in _SIZES and not call.inherited and call.via is None and call.subclass is None:
            groups.setdefault((owners.of(call.node), call.name), []).append(call)
    for (owner, name), calls in groups.items():
        yield Site(
            "hidden-layers-and-units",
            owner,
            _LABELS.get(name, f"{calls[0].short} channels"),
            _sizes(reader, calls),
            calls[0].node,
        )


def _sizes(reader: Reader, calls: list[BoundCall]) -> Reading:
    states: set[State] = set()
    notes: dict[str, None] = {}
    origins: list[Spot] = []

    def size(call: BoundCall, parameter: str) -> str:
        argument = call.argument(parameter)
        if argument.presence is not Presence.PRESENT or argument.node is None:
            return "?"
        reading = reader.expression(argument.node.value)
        if not _is_size(reading):
            reading = reader.unfollowed(argument.node.value)
        states.add(reading.state)
        origins.extend(reading.origins)
        if reading.state is State.OPEN and reading.note:
            notes[reading.note] = None
        texts = [given.text for given in reading.values] or [reader.text(argument.node.value)]
        return "|".join(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…" for text in texts)

    runs: list[list[str]] = []
    for call in calls[:_MOST]:
        before, after = (size(call, parameter) for parameter in _SIZES[call.name])
        if runs and runs[-1][-1] == before:
            runs[-1].append(after)
        else:
            runs.append([before, after])
    text = ", ".join(" → ".join(run) for run in runs)
    if len(calls) > _MOST:
        text += f", … ({len(calls)} layers)"
    state = next((each for each in (State.UNKNOWN, State.OPEN) if each in states), State.SET)
    note = ", ".join(notes) if state is State.OPEN else ""
    return Reading(state, (Given(text),), ((),), note, tuple(origins))


def _is_size(reading: Reading) -> bool:
    """Whether an expression has one or a few values that are sizes of a layer."""
    constants = [given.constant for given in reading.values if given.known]
    return len(constants) <= _CHOICES and all(isinstance(each, int) and each is not True for each in constants)


class _Owners:
    """What a layer belongs to: ``Net``, ``Net.critic`` for a Sequential that is kept in ``self.critic``."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        file = reader.file
        self._scopes: tuple[ClassDef | FunctionDef, ...] = (
            *file.all(ClassDef),
            *(f for f in file.all(FunctionDef) if not self._in_class(f)),
        )
        inner = {id(call.node) for call in file.calls if call.name == _SEQUENTIAL}
        self._sequentials = [each for each in file.all(Assign) if each.value is not None and id(each.value) in inner]

    def _in_class(self, function: FunctionDef) -> bool:
        return any(inside(function, each) for each in self._reader.file.all(ClassDef))

    def of(self, node: Node) -> str:
        around = [each.name for each in self._scopes if inside(node, each)]
        kept = [self._reader.text(each.targets[0]) for each in self._sequentials if inside(node, each)]
        names = [*around[-1:], *(name.removeprefix("self.") for name in kept[:1])]
        return ".".join(names)
