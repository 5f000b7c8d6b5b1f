"""What is worth following: told by words and by numbers before anything is followed."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from hplint.facts.operations import words
from hplint.facts.syntax import Arg, Attribute, BindingKind, Call, FunctionDef, Import, Lambda, Literal, Name, Node

if TYPE_CHECKING:
    from hplint.facts.file import File

_LIBRARIES = words("torch numpy os sys time math argparse random json logging typing re torchvision")
_LOSSES = re.compile(r"[Cc]ross_?[Ee]ntropy|with_logits|WithLogits")
_USES_LOSS = re.compile(r"loss|crit|entropy|logits|model|net(?![a-z])|train", re.IGNORECASE)
_TELLING = re.compile(
    r"loss|crit|entropy|logits|softmax|sigmoid|model|net(?![a-z])|train|nn\.|self\(|self\.\w+\(|return [\w.]+\(",
    re.IGNORECASE,
)
_ALWAYS = ("__init__", "forward", "__call__")
_ACTIVATION = re.compile(r"softmax|sigmoid", re.IGNORECASE)
_SOFTMAX = re.compile(r"softmax", re.IGNORECASE)
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

    @cached_property
    def _imports(self) -> bool:
        """Whether a module of the project may bring the model."""
        for statement in self._file.all(Import):
            module = "." * statement.level + (statement.module or "")
            for name in ("*",) if statement.star else [name for name, _ in statement.names]:
                dotted = f"{module}.{name}" if module else name
                known = not statement.level and dotted.partition(".")[0] in _LIBRARIES
                if not known and self._file.imported(dotted) is not None:
                    return True
        return False

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
        if _LOSSES.search(self._text) is None:
            return False
        return _ACTIVATION.search(self._text) is not None or self._one_unit or self._imports

    @cached_property
    def _one_unit(self) -> bool:
        """Whether a layer may be made with a single unit."""
        for call in self._sized_calls:
            for arg in call.args:
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
        func = call.func
        name = func.attr if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
        if _LAYER.fullmatch(name):
            return any(self._is_number(arg) for arg in call.args[:2])
        # An object of a class of the project, made with sizes.
        return name[:1].isupper() and isinstance(func, Name) and any(self._is_number(arg) for arg in call.args)

    def _is_number(self, arg: Arg) -> bool:
        value = arg.value
        if isinstance(value, Literal):
            return isinstance(value.value, int) and not isinstance(value.value, bool)
        if not isinstance(value, Name):
            return isinstance(value, Attribute) and isinstance(value.value, Name) and value.value.id == "self"
        found = self._file.names.lookup(value.id, value.scope)
        return found is not None and all(each.kind is not BindingKind.PARAMETER for each in found[1])
