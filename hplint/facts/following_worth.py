"""What is worth following: told by words and by numbers before anything is followed."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from hplint.facts.operations import CLASSES_OF_DATASET
from hplint.facts.syntax import Arg, Attribute, BindingKind, Call, ClassDef, FunctionDef, Lambda, Literal, Name, Node
from hplint.facts.tree import is_self, last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

# All are searched for in lower case, which is faster than ignoring case.
_CROSS_ENTROPY = ("cross_entropy", "crossentropy")
_WITH_LOGITS = ("with_logits", "withlogits")
_USES_LOSS = regex(r"loss|crit|entropy|logits|model|net(?![a-z])|train")
_TELLING = regex(
    r"loss|crit|entropy|logits|softmax|sigmoid|model|net(?![a-z])|train|nn\.|self\(|self\.\w+\(|return [\w.]+\("
)
_ALWAYS = ("__init__", "forward", "__call__")
_PLAIN_SOFTMAX = regex(r"(?<!log)(?<!log_)softmax")
_HOLDS_LAYERS = regex(r"linear|conv|norm|rnn|lstm|gru|nn\.")
_NLL = regex(r"nll_?loss")
_PROBABILITIES = regex(r"bce_?loss|binary_cross_entropy(?!_with_logits)")
_DIFFERENCE = regex(r"mse_?loss|l1_?loss|huber_?loss")
_RESHAPES = regex(
    r"squeeze|(view|reshape)\((-1\)|-1, ?1\)|\w+, ?1\))|flatten\(|ravel\(|none\]|gather\(|\.values|tensordataset|"
    r"\.max\(|linspace|_regression|rand\w*\(|zeros\(|ones\("
)
"""What gives tensors of one dimension, or of one column."""
_LAST = regex(
    r"(relu|elu|dropout\w*)\([^()\n]*\)[\s,]*[)\]]|return [\w.]*(relu|elu|drop)|"
    r"(relu|elu|drop)\w*\(.*\n(\s*\n)?\s*return \w+\n"
)
"""An activation or a dropout that looks like the end of a network."""
_BATCH_NORM = regex(r"batchnorm[123]d\(")
_DROPOUT = regex(r"dropout")
_LAYER = regex(r"(Lazy)?Linear|Conv(Transpose)?[123]d|(Batch|Layer|Group|Instance)Norm([123]d)?|RNN|LSTM|GRU")


class Worth:
    """Which functions and methods of a file may show something."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._text = file.text
        lower = file.text.lower()
        # A few letters of other scripts become two: what stands where is then told by the text as it is.
        self._lower = lower if len(lower) == len(file.text) else file.text
        self._known: dict[Node, bool] = {}

    @cached_property
    def anything(self) -> bool:
        """Whether the file holds layers of known sizes, or a loss and what should not come before it."""
        return self._in(0, len(self._text)) or self.losses or self._drops_and_normalises

    def function(self, node: Node) -> bool:
        """Whether a function or method that nothing calls may reach a loss or build layers of known sizes."""
        return (self.losses and self._has(_USES_LOSS, node)) or self.layers(node)

    def layers(self, node: Node) -> bool:
        """Whether a class or function has two layers of known sizes, one and a softmax, or drops and normalises."""
        if self._in(node.start, node.end):
            return True
        return self._drops_and_normalises and all(self._has(each, node) for each in (_BATCH_NORM, _DROPOUT))

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
        return count > 1 or (count == 1 and self._lower.find("softmax", start, end) >= 0)

    def _has(self, words: re.Pattern[str], node: Node) -> bool:
        return words.search(self._lower, node.start, node.end) is not None

    @cached_property
    def losses(self) -> bool:
        """Whether a loss is named, and what should not come before it, or may be imported."""
        text, cross_entropy = self._lower, self._cross_entropy
        if self._named and ("softmax" in text or "sigmoid" in text or _LAST.search(text) is not None):
            return True
        if self._misses_activation:
            return True
        if (cross_entropy or self._misshapes) and self._one_unit:
            return True
        if (cross_entropy or _NLL.search(text) is not None) and self._other_classes:
            return True
        return self._named and self._file.uses_project

    @cached_property
    def _misses_activation(self) -> bool:
        """Whether a loss that wants probabilities, or their logarithms, is named, and nothing that gives these."""
        text = self._lower
        if "nll" in text and _NLL.search(text) is not None:
            return _PLAIN_SOFTMAX.search(text) is not None or "softmax" not in text
        if "bce" in text or "binary_cross" in text:
            return ("sigmoid" not in text or "log_softmax" in text) and _PROBABILITIES.search(text) is not None
        return False

    @cached_property
    def _misshapes(self) -> bool:
        """Whether a loss that compares value by value is named, and what makes one dimension or one column."""
        text = self._lower
        return "loss" in text and _DIFFERENCE.search(text) is not None and _RESHAPES.search(text) is not None

    @property
    def _other_classes(self) -> bool:
        """Whether a dataset is named, and the number of its classes is not."""
        for name, count in CLASSES_OF_DATASET.items():
            if f"datasets.{name}(" in self._text or f"import {name}\n" in self._text:
                return re.search(rf"(?<![\w.]){count}(?![\w.])", self._text) is None
        return False

    @cached_property
    def _cross_entropy(self) -> bool:
        return any(word in self._lower for word in _CROSS_ENTROPY)

    @cached_property
    def _with_logits(self) -> bool:
        return any(word in self._lower for word in _WITH_LOGITS)

    @property
    def _named(self) -> bool:
        """Whether a loss that wants logits is named."""
        return self._cross_entropy or self._with_logits

    @cached_property
    def _one_unit(self) -> bool:
        """Whether a layer may be made with a single unit."""
        for call in self._sized_calls:
            units = call.args
            if _LAYER.fullmatch(last_name(call.func)):
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
    def _drops_and_normalises(self) -> bool:
        """Whether the file makes batch normalisations and dropouts."""
        text = self._lower
        return "dropout" in text and "batchnorm" in text and _BATCH_NORM.search(text) is not None

    @cached_property
    def _sized(self) -> tuple[int, ...]:
        return tuple(sorted(call.start for call in self._sized_calls))

    @cached_property
    def _sized_calls(self) -> tuple[Call, ...]:
        """Calls that make layers with sizes that do not come from outside."""
        found: list[Call] = []
        for name, calls in self._file.callers.by_name.items():
            if name[:1].isupper():
                sized = self._is_sized_layer if _LAYER.fullmatch(name) else self._is_sized_model
                found += [call for call in calls if sized(call)]
        return tuple(found)

    def _is_sized_layer(self, call: Call) -> bool:
        return any(map(self._is_number, call.args[:2]))

    def _is_sized_model(self, call: Call) -> bool:
        return isinstance(call.func, Name) and any(map(self._is_number, call.args)) and self._makes_layers(call.func)

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
            return isinstance(value, Attribute) and is_self(value.value)
        found = self._file.names.lookup(value.id, value.scope)
        return found is not None and all(each.kind is not BindingKind.PARAMETER for each in found[1])
