"""The graph that autograd has recorded: what came before a tensor, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterable
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
