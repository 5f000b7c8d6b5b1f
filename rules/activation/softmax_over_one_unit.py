"""Softmax over a dimension of size one, which gives 1 whatever comes in.

A softmax divides by the sum over a dimension. Over a single unit that is the number itself: every output is exactly 1,
every log-softmax exactly 0, and no gradient passes. The network predicts one class for everything; the loss stays
where it began, or is 0 from the start when it is a cross-entropy over one column. Nothing raises.

```python bad
import torch
from torch import nn


class Churn(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Dropout(0.1))
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        return torch.softmax(self.out(self.net(x)), dim=-1)  # HP149
```

One unit that answers yes or no wants a sigmoid, best inside the loss: `nn.BCEWithLogitsLoss`. With a softmax, give
each class a unit of its own.

```python good
from torch import nn


class Churn(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Dropout(0.1))
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        return self.out(self.net(x)).squeeze(-1)


criterion = nn.BCEWithLogitsLoss()
```

## Looks like it, is not

Attention gives each position one score, and takes the softmax along the positions.

```python good
import torch
from torch import nn


class Pool(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, x):
        weights = torch.softmax(self.score(x), dim=1)
        flat = torch.softmax(self.score(x).squeeze(-1), dim=-1)
        return (weights * x).sum(dim=1), flat
```

## References

- [torch.nn.Softmax](https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html): every slice along
  `dim` sums to 1.
- Stack Overflow 33969059, 42800203 and 31880720 (one unit with a softmax where a sigmoid was meant).
- Tried on torch 2.13: cross-entropy over one column is exactly 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, LossUse, Place, Step, features, rule, softmax_size


@rule(
    "HP149",
    "softmax-over-one-unit",
    level=Level.ERROR,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("softmax", "Softmax", "CrossEntropy", "cross_entropy"),
)
def softmax_over_one_unit(file: File) -> Iterator[Draft]:
    told = set()
    for step in file.flows.steps:
        if step.file is file and step.kind in ("Softmax", "LogSoftmax") and step.node not in told:
            known = softmax_size(step)
            if known is not None and _is_one_unit(*known):
                told.add(step.node)
                result = "1" if step.kind == "Softmax" else "0"
                why = f"works along a dimension of size one: every output is {result} and no gradient passes"
                yield Draft(step.node, f"`{_shown(file, step)}` {why}", related=_maker(known[1]))
    for use in file.flows.losses:
        last = _single_column(use)
        if last is not None and use.file is file and use.node not in told:
            told.add(use.node)
            message = f"`{file.source(use.node.func)}` is given one class only: the loss is 0 whatever the network says"
            yield Draft(use.at, message, related=_maker(last))


def _single_column(use: LossUse) -> Step | None:
    """The layer with one unit whose output is what a cross-entropy is given."""
    known = features(use.input) if use.kind == "CrossEntropyLoss" else None
    return known[1] if known is not None and _is_one_unit(*known) else None


def _is_one_unit(size: int, maker: Step) -> bool:
    return size == 1 and (maker.kind == "Linear" or "Conv" in maker.kind) and maker.call is not None


def _maker(step: Step) -> tuple[tuple[Place, str], ...]:
    assert step.call is not None
    file = step.file if step.layer is None else step.layer.file
    return ((Place(step.call.start, step.call.end, file.path), "it has one unit"),)


def _shown(file: File, step: Step) -> str:
    return file.source(step.call.func) if step.call is not None else step.kind
