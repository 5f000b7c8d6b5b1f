"""Losses over sequences that are filled up to one length, which count the filling as something to learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.calls import Presence
from hplint.facts.makers import made_by
from hplint.facts.syntax import Assign, Attribute, Call, Expr, Literal, Name, Subscript
from hplint.facts.tree import last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File

_LOSSES = frozenset({"torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss"})
_FUNCTIONS = frozenset({"torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss"})
_FILLS = "torch.nn.utils.rnn.pad_sequence"
_SHIFTED = regex(r"\[\s*1\s*:\s*\]|\[\s*:\s*,\s*1\s*:\s*\]|\[\s*1\s*:\s*,")
"""The target of a decoder: all but the first token."""
_FLAT = frozenset({"view", "reshape", "flatten", "contiguous", "long", "to", "cuda", "squeeze"})
_FLATTENS = regex(r"\.(view|reshape)\(\s*-1|\.flatten\(|\.transpose\(|\.permute\(")
_WAYS_OUT = regex(
    r"ignore_index|-100\b|masked_|pack_padded|pack_sequence|\[[^\]\n]*mask[^\]\n]*\]|loss[^\n]*mask|mask[^\n]*loss"
)
"""What else may leave the filling out."""


@value_record
class Padded:
    """A loss over tokens, some of which fill up sequences. ``use``: where it is called; ``fills``: what shows it."""

    loss: BoundCall
    use: Call
    fills: Call


def padded_targets(file: File) -> Iterator[Padded]:
    """The losses that are certainly given filled sequences, and are not told what fills them."""
    if _WAYS_OUT.search(file.text):
        return
    losses = [call for call in file.calls if call.name in _LOSSES | _FUNCTIONS and _counts_all(call)]
    fills = [call for call in file.calls if call.name == _FILLS] if losses else []
    embedded = [call for call in file.calls if call.name == "torch.nn.Embedding" and "padding_idx" in call.arguments]
    for loss in losses if fills or embedded else ():
        for use in _uses(file, loss):
            target = use.args[1].value
            filled = next((each.node for each in fills if _filled(file, each, target)), None)
            if filled is not None and _FLATTENS.search(file.source(use)):
                yield Padded(loss, use, filled)
                break
            if embedded and _is_shifted(file, target):
                yield Padded(loss, use, embedded[0].node)
                break


def _counts_all(call: BoundCall) -> bool:
    absent = ("ignore_index", "weight", "reduction", "reduce", "size_average")
    return (
        call.via is None
        and not call.inherited
        and all(call.argument(each).presence is Presence.ABSENT for each in absent)
    )


def _uses(file: File, loss: BoundCall) -> Iterator[Call]:
    """The calls that compute a loss, with what is predicted and the target."""
    if loss.name in _FUNCTIONS:
        found = [loss.node]
    else:
        names = {last_name(target) for each in file.every(Assign) if each.value is loss.node for target in each.targets}
        calls = [call for name in sorted(names) for call in file.callers.by_name.get(name, ())]
        found = [call for call in calls if [each.start for each in made_by(file, call.func)] == [loss.node.start]]
    for call in found:
        if len(call.args) >= 2 and not any(arg.star or arg.keyword for arg in call.args[:2]):
            yield call


def _base(expr: Expr) -> Expr:
    """``labels`` of ``labels.view(-1)``."""
    while isinstance(expr, Call) and isinstance(expr.func, Attribute) and expr.func.attr in _FLAT:
        expr = expr.func.value
    return expr


def _filled(file: File, fills: BoundCall, target: Expr) -> bool:
    """Whether a target has the name of what was filled up, with a number that is a class."""
    base = _base(target)
    value = fills.argument("padding_value")
    if value.presence is Presence.UNKNOWN or not isinstance(base, Name | Subscript):
        return False
    given = value.value.single if value.presence is Presence.PRESENT else None
    if given is not None and isinstance(given.constant, int | float) and given.constant < 0:
        return False
    name = base.id if isinstance(base, Name) else ""
    if isinstance(base, Subscript) and isinstance(base.index, Literal):
        name = str(base.index.value)
    stored = [target for each in file.every(Assign) if each.value is fills.node for target in each.targets]
    return bool(name) and any(isinstance(each, Name) and each.id == name for each in stored)


def _is_shifted(file: File, target: Expr) -> bool:
    base = _base(target)
    texts = [file.source(base)]
    if isinstance(base, Name):
        bindings = file.names.reaching(base)
        texts += [file.source(each.value) for each in bindings if each.value is not None and each.path == ()]
    return any(_SHIFTED.search(text) for text in texts)
