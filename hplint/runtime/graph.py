"""The graph that autograd has recorded: what came before a tensor, and what it depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from torch import Tensor

VIEWS = frozenset(
    {
        "Alias",
        "Clone",
        "Contiguous",
        "Expand",
        "Index",
        "Permute",
        "ReshapeAlias",
        "Select",
        "Slice",
        "Squeeze",
        "T",
        "ToCopy",
        "Transpose",
        "UnsafeView",
        "Unsqueeze",
        "View",
    }
)
"""Operations that hand on the numbers as they are."""
_DEEPEST = 32
_LARGEST = 50_000
"""Nodes that are looked at before giving up."""


def operation(node: Any) -> str:
    """The name of a node's operation: ``Softmax`` for ``SoftmaxBackward0``."""
    name: str = node.name()
    return name.partition("Backward")[0].rpartition("::")[2]


def before(node: Any, through: Collection[str]) -> Any:
    """The first node on the way back that is none of some operations, nor dropout, which is written as a factor."""
    for _ in range(_DEEPEST):
        if node is None or not node.next_functions:
            break
        name = operation(node)
        scaled = name == "Mul" and len(node.next_functions) == 2 and node.next_functions[1][0] is None
        if name not in through and not scaled:
            break
        node = node.next_functions[0][0]
    return node


def made_by(tensor: Tensor) -> str | None:
    """The operation that a tensor's numbers come from; None where autograd does not know."""
    node = tensor.grad_fn
    for _ in range(_DEEPEST):
        if node is None:
            return None
        name = operation(node)
        if name not in VIEWS:
            return name
        node = node.next_functions[0][0] if node.next_functions else None
    return None


_RESHAPES = frozenset({"Alias", "ReshapeAlias", "UnsafeView", "View"})


def linear_pairs(tensors: Iterable[Tensor]) -> list[tuple[int, int]]:
    """The weights, by identity, of two linear layers with bias the first of which feeds the second and nothing else.

    Empty if the graph is too large to tell.
    """
    readers: dict[Any, int] = {}
    chains: list[tuple[Any, Any]] = []
    todo = [each.grad_fn for each in tensors if each.grad_fn is not None]
    seen = set(todo)
    while todo:
        node = todo.pop()
        for following, _ in node.next_functions:
            if following is not None:
                readers[following] = readers.get(following, 0) + 1
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        if len(seen) > _LARGEST:
            return []
        chains += [(source, node) for source in _fed_by(node)]
    found = []
    for source, node in chains:
        one, other = _weight_of(source[-1]), _weight_of(node)
        if one is not None and other is not None and all(readers[each] == 1 for each in source):
            found.append((one, other))
    return found


def _fed_by(node: Any) -> Iterator[list[Any]]:
    """From the input of a linear layer back to another one, if nothing but reshaping is between."""
    if operation(node) != "Addmm" or len(node.next_functions) != 3:
        return
    path: list[Any] = []
    at = node.next_functions[1][0]
    while at is not None and len(path) < _DEEPEST:
        path.append(at)
        if operation(at) == "Addmm":
            yield path
            return
        if operation(at) not in _RESHAPES:
            return
        at = at.next_functions[0][0]


def _weight_of(node: Any) -> int | None:
    """The weight of a linear layer, which is transposed before it is multiplied."""
    turned = node.next_functions[2][0] if len(node.next_functions) == 3 else None
    leaf = turned.next_functions[0][0] if turned is not None and operation(turned) == "T" else None
    variable = getattr(leaf, "variable", None)
    return id(variable) if isinstance(variable, Tensor) else None


def leaves(tensors: Iterable[Tensor]) -> dict[int, Tensor] | None:
    """The tensors that take gradients from others, by identity; None if the graph is too large to tell."""
    found = {id(each): each for each in tensors if each.requires_grad and each.grad_fn is None}
    todo = [each.grad_fn for each in tensors if each.grad_fn is not None]
    seen = set(todo)
    while todo:
        node = todo.pop()
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            found[id(variable)] = variable
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                todo.append(following)
        if len(seen) > _LARGEST:
            return None
    return found


class Activation:
    """The result of an activation function that is applied to what a layer with ``weight`` gives."""

    __slots__ = ("_node", "function", "weight")

    def __init__(self, node: Any, function: str, weight: Tensor) -> None:
        self._node = node
        self.function = function
        self.weight = weight

    def result(self) -> Tensor | None:
        """What autograd has kept of it; None in a graph of gradients, whose nodes keep something else.

        Raises:
            RuntimeError: it was changed in place since, or the graph is gone.
        """
        found: Tensor | None = getattr(self._node, "_saved_result", None)
        return found


_SATURATING = {"Tanh": "tanh", "Sigmoid": "sigmoid"}
_LAYERS = frozenset({"Addmm", "Mm", "Convolution"})
_NORMS = frozenset({"NativeBatchNorm", "CudnnBatchNorm", "NativeLayerNorm", "NativeGroupNorm", "FusedRmsNorm"})
_BETWEEN = VIEWS | {"NativeDropout", "MaxPool2DWithIndices", "AvgPool2D", "Mean"}
"""What may be between an activation and the layer that takes it in."""


def activations(tensors: Iterable[Tensor]) -> Iterator[Activation]:
    """The activations in a graph that follow a layer; of a sigmoid or tanh only if the next layer takes it in."""
    todo = [each.grad_fn for each in tensors if each.grad_fn is not None]
    seen = set(todo)
    hidden: set[Any] = set()
    found: list[tuple[Any, str]] = []
    while todo:
        node = todo.pop()
        name = operation(node)
        if name == "Relu":
            found.append((node, "ReLU"))
        elif name in _SATURATING:
            found.append((node, _SATURATING[name]))
        elif name in _LAYERS and len(node.next_functions) > 1:
            hidden.add(before(node.next_functions[1 if name == "Addmm" else 0][0], _BETWEEN))
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                todo.append(following)
        if len(seen) > _LARGEST:
            return
    for node, function in found:
        layer = before(node.next_functions[0][0], VIEWS | _NORMS)
        weight = None if layer is None else _any_weight_of(layer)
        if weight is not None and (function == "ReLU" or node in hidden):
            yield Activation(node, function, weight)


def _any_weight_of(node: Any) -> Tensor | None:
    """The weight of a layer, linear or a convolution."""
    name = operation(node)
    position = {"Addmm": 2, "Mm": 1, "Convolution": 1}.get(name)
    if position is None or len(node.next_functions) <= position:
        return None
    leaf = node.next_functions[position][0]
    while leaf is not None and operation(leaf) in ("T", "ToCopy", "Transpose"):
        leaf = leaf.next_functions[0][0]
    variable = getattr(leaf, "variable", None)
    return variable if isinstance(variable, Tensor) else None
