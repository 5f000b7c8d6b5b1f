"""What is worth following: told by words and by numbers before anything is followed."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from hplint.facts.syntax import Arg, Attribute, BindingKind, Call, ClassDef, FunctionDef, Lambda, Literal, Name, Node

if TYPE_CHECKING:
    from hplint.facts.file import File

_CROSS_ENTROPY = re.compile(r"[Cc]ross_?[Ee]ntropy")
_WITH_LOGITS = re.compile(r"with_logits|WithLogits")
_USES_LOSS = re.compile(r"loss|crit|entropy|logits|model|net(?![a-z])|train", re.IGNORECASE)
_TELLING = re.compile(
    r"loss|crit|entropy|logits|softmax|sigmoid|model|net(?![a-z])|train|nn\.|self\(|self\.\w+\(|return [\w.]+\(",
    re.IGNORECASE,
)
_ALWAYS = ("__init__", "forward", "__call__")
_PLAIN_SOFTMAX = re.compile(r"(?<!log)(?<!log_)softmax", re.IGNORECASE)
_SIGMOID = re.compile(r"sigmoid", re.IGNORECASE)
_SOFTMAX = re.compile(r"softmax", re.IGNORECASE)
_HOLDS_LAYERS = re.compile(r"Linear|Conv|Norm|RNN|LSTM|GRU|nn\.")
_LAYER = re.compile(r"(Lazy)?Linear|Conv(Transpose)?[123]d|(Batch|Layer|Group|Instance)Norm([123]d)?|RNN|LSTM|GRU")


class Worth:
    """Which functions and methods of a file may show something."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._text = file.text
        self._known: dict[Node, bool] = {}

    @cached_property
    def anything(self) -> bool:
        """Whether the file holds layers of known sizes, or a loss and what should not come before it."""
        return self._in(0, len(self._text)) or self.losses

    def function(self, node: Node) -> bool:
        """Whether a function or method that nothing calls may reach a loss or build layers of known sizes."""
        return (self.losses and self._has(_USES_LOSS, node)) or self.layers(node)

    def layers(self, node: Node) -> bool:
        """Whether a class or function has two layers of known sizes, or one and a softmax."""
        return self._in(node.start, node.end)

    def loop(self, node: Node) -> bool:
        """Whether the body of a loop is more than the training of a model whose loss does not matter here."""
        return self.losses or self._text.find("backward(", node.start, node.end) < 0

    def call(self, node: FunctionDef | Lambda) -> bool:
        """Whether what a function of this file does or gives may have to do with models and losses."""
        if isinstance(node, Lambda) or node.name in _ALWAYS:
            return True
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._has(_TELLING, node)
        return known

    def _in(self, start: int, end: int) -> bool:
        first = bisect_left(self._sized, start)
        count = bisect_left(self._sized, end, first) - first
        return count > 1 or (count == 1 and _SOFTMAX.search(self._text, start, end) is not None)

    def _has(self, words: re.Pattern[str], node: Node) -> bool:
        return words.search(self._text, node.start, node.end) is not None

    @cached_property
    def losses(self) -> bool:
        """Whether a loss that wants logits is named, and what should not come before it, or may be imported."""
        text, cross_entropy = self._text, self._cross_entropy
        if cross_entropy and _PLAIN_SOFTMAX.search(text) is not None:
            return True
        if self._with_logits and _SIGMOID.search(text) is not None:
            return True
        return (cross_entropy and self._one_unit) or (self._named and self._file.uses_project)

    @cached_property
    def _cross_entropy(self) -> bool:
        return _CROSS_ENTROPY.search(self._text) is not None

    @cached_property
    def _with_logits(self) -> bool:
        return _WITH_LOGITS.search(self._text) is not None

    @property
    def _named(self) -> bool:
        """Whether a loss that wants logits is named."""
        return self._cross_entropy or self._with_logits

    @cached_property
    def _one_unit(self) -> bool:
        """Whether a layer may be made with a single unit."""
        for call in self._sized_calls:
            units = call.args
            if _LAYER.fullmatch(_called(call)):
                # What a layer is given first is not what it makes.
                units = tuple(
                    arg for arg in units[units[0].keyword is None :] if not (arg.keyword or "").startswith("in_")
                )
            for arg in units:
                single = self._file.value(arg.value).single if isinstance(arg.value, Literal | Name) else None
                if single is not None and single.constant == 1:
                    return True
        return False

    @cached_property
    def _sized(self) -> tuple[int, ...]:
        return tuple(sorted(call.start for call in self._sized_calls))

    @cached_property
    def _sized_calls(self) -> tuple[Call, ...]:
        """Calls that make layers with sizes that do not come from outside."""
        return tuple(call for call in self._file.all(Call) if self._is_sized(call))

    def _is_sized(self, call: Call) -> bool:
        func, name = call.func, _called(call)
        if _LAYER.fullmatch(name):
            return any(self._is_number(arg) for arg in call.args[:2])
        if not name[:1].isupper() or not isinstance(func, Name) or not any(map(self._is_number, call.args)):
            return False
        return self._makes_layers(func)

    def _makes_layers(self, func: Name) -> bool:
        """Whether a class of the project may be a model."""
        file = self._file
        own = file.definition(func)
        if not isinstance(own, ClassDef):
            return self._named and file.uses_project and file.names.of_project(func) is not None
        if self._has(_HOLDS_LAYERS, own):
            return True
        return any(isinstance(file.definition(base.value), ClassDef) for base in own.bases)

    def _is_number(self, arg: Arg) -> bool:
        value = arg.value
        if isinstance(value, Literal):
            return isinstance(value.value, int) and not isinstance(value.value, bool)
        if not isinstance(value, Name):
            return isinstance(value, Attribute) and isinstance(value.value, Name) and value.value.id == "self"
        found = self._file.names.lookup(value.id, value.scope)
        return found is not None and all(each.kind is not BindingKind.PARAMETER for each in found[1])


def _called(call: Call) -> str:
    """The last part of the name of what is called."""
    func = call.func
    return func.attr if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
