"""A layer is made for another size than the layer before it gives.

`nn.Linear(4, 12)` gives twelve features and `nn.Linear(10, 3)` takes ten. Constructing the model raises nothing; the
first batch does: "mat1 and mat2 shapes cannot be multiplied (32x12 and 10x3)", or for a convolution "expected
input[32, 12, 28, 28] to have 10 channels, but got 12 channels instead".

```python bad
from torch import nn

model = nn.Sequential(
    nn.Linear(4, 12),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(10, 3),  # HP151
)


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(32)  # HP151
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        x = self.pool(self.bn1(self.conv1(x)))
        return self.head(x.flatten(1))
```

```python good
from torch import nn

model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Dropout(0.1), nn.Linear(12, 3))
```

## Looks like it, is not

What flattening an image gives depends on its size; layers need not be used in the order in which they are made; what
is put side by side grows.

```python good
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)
        self.side = nn.Linear(5, 20)
        self.fc = nn.Linear(16 * 13 * 13 + 20, 10)
        self.dropout = nn.Dropout(0.1)

    def forward(self, image, table):
        x = self.conv(image).relu().max_pool2d(2).flatten(1)
        x = torch.cat([x, self.side(table)], dim=1)
        return self.fc(self.dropout(x))
```

## References

- [torch.nn.Linear](https://pytorch.org/docs/stable/generated/torch.nn.Linear.html),
  [torch.nn.Conv2d](https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html).
- Humbatova et al., "Taxonomy of real faults in deep learning systems", and Islam et al., "Repairing deep neural
  networks: fix patterns and challenges" (ICSE 2020): the sizes of layers are among the mistakes met most often.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Place, Step, expected_size, given_size, is_test, rule


@rule(
    "HP151",
    "layer-dimension-mismatch",
    level=Level.ERROR,
    topic="architecture",
    hyperparameter="hidden-layers-and-units",
    since="0.1",
    subject=Files("Linear", "Conv", "Norm", "LSTM", "GRU"),
)
def layer_dimension_mismatch(file: File) -> Iterator[Draft]:
    told = set()
    for step in () if is_test(file) else file.flows.steps:
        wanted = expected_size(step)
        if wanted is None or step.layer is None or step.layer.file is not file or step.layer.call in told:
            continue
        known = given_size(step)
        if known is None or known[0] == wanted[1]:
            continue
        told.add(step.layer.call)
        parameter, size = wanted
        bound = file.bound(step.layer.call)
        at = None if bound is None else bound.argument(parameter).node
        yield Draft(
            at or step.layer.call,
            f"`{parameter}` is {size}, but the layer is given {known[0]} by {_maker(known[1])}: the first batch raises",
            related=_related(known[1]),
        )


def _maker(step: Step) -> str:
    file = step.file if step.layer is None else step.layer.file
    return "what is before it" if step.call is None else f"`{file.source(step.call.func)}`"


def _related(step: Step) -> tuple[tuple[Place, str], ...]:
    file = step.file if step.layer is None else step.layer.file
    call = step.call
    return () if call is None else ((Place(call.start, call.end, file.path), "the size comes from here"),)
