"""Where a script sets hyperparameters in calls: optimizers, schedulers, loaders, layers, losses, seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.lifetimes import parameter_groups
from hplint.facts.syntax import Arg, Assign, Node
from hplint.facts.tree import inside
from hplint.inventory import known
from hplint.inventory.reading import Reader, Reading
from hplint.inventory.records import Given, State

_LAYER_SIZES = frozenset({"torch.nn.Linear"})
"""Their sizes are told as sequences, not one by one."""
_BUILT = frozenset({"optimizer", "lr-schedule"})
"""What is worth telling where a function of another file constructs it."""
_INSTEAD = {"batch_size": ("batch_sampler",), "shuffle": ("sampler", "batch_sampler"), "drop_last": ("batch_sampler",)}
"""Arguments of a loader that do without the default of another."""


@dataclass(frozen=True, slots=True)
class Site:
    """One place that sets, or leaves to a default, one hyperparameter; see :class:`Entry`."""

    hyperparameter: str
    callee: str
    argument: str
    reading: Reading
    node: Node
    target: str = ""


def call_sites(reader: Reader) -> Iterator[Site]:
    """What the calls of a file set, in the order of the text."""
    targets = Targets(reader)
    for call in reader.file.calls:
        if call.via is not None and call.via.path in (None, reader.file.path):
            continue  # The call behind it stands in this file too.
        row = known.row_of_callable(call.name)
        if row is not None and not call.inherited and (call.via is None or row in _BUILT):
            reading = Reading(
                State.SET, (Given((call.subclass or call.name).rpartition(".")[2]),), (reader.behind(call),)
            )
            yield Site(row, call.name, "", reading, call.node, targets.of(call.node))
        for argument in _carried(call):
            found = known.row_of_argument(call.name, argument.parameter)
            if found is None or _is_of_no_account(call, argument, found):
                continue
            if call.via is not None and argument.presence is not Presence.PRESENT:
                continue
            read = reader.argument(call, argument)
            if read is not None:
                yield Site(
                    found, call.name, argument.parameter, read, argument.node or call.node, targets.of(call.node)
                )
        if row == "optimizer" and call.signature is not None and call.via is None:
            yield from _group_sites(reader, call, targets)


def _carried(call: BoundCall) -> Iterator[Argument]:
    """The arguments of a call that may hold a hyperparameter, in the order of its signature."""
    if call.name in _LAYER_SIZES:
        return
    if call.signature is not None:
        names = [parameter.name for parameter in call.signature.parameters]
        for name in dict.fromkeys([*names, *call.arguments]):
            yield call.argument(name)
        return
    positional = [arg for arg in call.node.args if arg.keyword is None]
    given: dict[str, Arg] = {}
    if not any(arg.star for arg in positional):
        given = dict(zip(known.parameters_of(call.name), positional, strict=False))
    for name in dict.fromkeys([*call.arguments, *given, *known.carried_by(call.name)]):
        argument = call.argument(name)
        if name in given and argument.presence is not Presence.PRESENT:
            argument = Argument(name, Presence.PRESENT, given[name], argument.source, call.short)
        yield argument


def _is_of_no_account(call: BoundCall, argument: Argument, row: str) -> bool:
    """Whether a default is of no account, or something else is given in its stead."""
    if argument.presence is Presence.PRESENT:
        return False
    others = _INSTEAD.get(argument.parameter, ())
    return known.is_minor(row, argument.parameter) or any(other in call.arguments for other in others)


def _group_sites(reader: Reader, call: BoundCall, targets: Targets) -> Iterator[Site]:
    for number, group in enumerate(parameter_groups(reader.file, call).listed, 1):
        for name, argument in group.options.items():
            row = known.row_of_argument(call.name, name)
            if row is not None and argument.node is not None:
                reading = reader.expression(argument.node.value)
                label = f"{name} of group {number}"
                yield Site(row, call.name, label, reading, argument.node, targets.of(call.node))


class Targets:
    """What constructed objects are assigned to."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._assigned = [each for each in reader.file.all(Assign) if each.value is not None]
        self._at = 0

    def of(self, node: Node) -> str:
        """``optimizer_g`` for a node in the value of ``optimizer_g = …``; empty when it is assigned to nothing.

        Asked in the order of the text.
        """
        assigned = self._assigned
        while self._at < len(assigned) and assigned[self._at].end < node.start:
            self._at += 1
        for each in assigned[self._at : self._at + 1]:
            if each.value is not None and inside(node, each.value):
                return self._reader.text(each.targets[0])
        return ""
