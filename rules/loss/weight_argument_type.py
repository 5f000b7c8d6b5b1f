"""Weights of a loss are a list or a number where a tensor is wanted.

`weight` of the classification losses and `pos_weight` of `BCEWithLogitsLoss` are tensors. A list, a tuple, a number or
a numpy array raises `TypeError: cannot assign 'list' object to buffer 'weight' (torch Tensor or None required)` when
the loss is made; the functions raise `TypeError: … must be Tensor, not list` in the first step, often after the data
has been loaded for minutes.

```python bad
from torch import nn

criterion = nn.CrossEntropyLoss(weight=[1.0, 5.0])  # HP231
binary = nn.BCEWithLogitsLoss(pos_weight=3.0)  # HP231
```

```python good
import torch
from torch import nn

criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0]))
binary = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
```

## Looks like it, is not

A list may have become a tensor before it is used.

```python good
import torch
from torch import nn

weights = [1.0, 5.0]
weights = torch.tensor(weights)
criterion = nn.CrossEntropyLoss(weights)


def build(weights, **options):
    return nn.CrossEntropyLoss(weight=weights), nn.NLLLoss(**options), nn.BCELoss(weight=None)
```

## References

- [torch.nn.CrossEntropyLoss](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html): `weight` is a
  tensor of size C.
- Stack Overflow 69616825. Tried on torch 2.13: each of these raises `TypeError`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, Safety, expected, followed, replace, rule, syntax

_CLASSES = "BCELoss BCEWithLogitsLoss CrossEntropyLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss"
_FUNCTIONS = (
    "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy multi_margin_loss multilabel_soft_margin_loss "
    "nll_loss"
)
_LOSSES = frozenset(
    [f"torch.nn.{name}" for name in _CLASSES.split()] + [f"torch.nn.functional.{name}" for name in _FUNCTIONS.split()]
)
_ARRAYS = frozenset({"numpy.array", "numpy.asarray", "numpy.ones", "numpy.zeros"})


@rule(
    "HP231",
    "weight-argument-type",
    level=Level.ERROR,
    topic="loss",
    hyperparameter="class-weights",
    since="0.1",
    subject=Files("Loss", "entropy", "loss("),
)
def weight_argument_type(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.name not in _LOSSES or call.via is not None:
            continue
        for name in ("weight", "pos_weight"):
            given = call.argument(name).node
            if given is None or given.star:
                continue
            kind = _kind(file, followed(file, given.value))
            if kind is None or expected(file, call.node, "TypeError"):
                continue
            yield Draft(
                given,
                f"`{name}` is a {kind} and `{call.short}` wants a tensor: it raises a `TypeError`",
                fix=_fix(file, given.value, kind),
            )


def _kind(file: File, expr: syntax.Expr) -> str | None:
    """What an expression is that is certainly no tensor."""
    if isinstance(expr, syntax.Collection):
        return expr.kind
    if isinstance(expr, syntax.Call):
        return "numpy array" if file.qualified(expr.func) in _ARRAYS else None
    value = file.value(expr).single
    if value is None or isinstance(value.constant, bool) or not isinstance(value.constant, int | float):
        return None
    return "number"


def _fix(file: File, value: syntax.Expr, kind: str) -> DraftFix | None:
    """A tensor of floats, where `torch` is at hand."""
    imported = any(("torch", None) in statement.names for statement in file.every(syntax.Import))
    if not imported or kind == "set":
        return None
    text = f"torch.tensor({file.source(value)}, dtype=torch.float32)"
    return replace(value, text, "make a tensor of it", Safety.SAFE)
