"""Sigmoid before a loss that applies the sigmoid itself.

`nn.BCEWithLogitsLoss` and `F.binary_cross_entropy_with_logits` want logits. Given the output of a sigmoid they take a
second one, of numbers between 0 and 1: what the loss sees as a probability lies between 0.5 and 0.73. A negative
example costs at least 0.69 and a positive one at least 0.31, however good the network is. Nothing raises; the loss
stops early, often close to where it began, and networks with few positives learn to say "no" to everything.

```python bad
import torch
from torch import nn

model = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(64, 1),
    nn.Sigmoid(),  # HP148
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

Drop the sigmoid and keep the loss: it is the numerically stable one of the two. `BCELoss` after a sigmoid computes
the same and fails for large logits. Where probabilities are wanted, take `torch.sigmoid` there.

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    logits = model(x)
    loss = criterion(logits, y)
    loss.backward()
    optimizer.step()
    accuracy = ((torch.sigmoid(logits) > 0.5) == y).float().mean()
```

## Looks like it, is not

Targets may come from a sigmoid, and a head that ends in one may be used up to its last layer.

```python good
import torch
import torch.nn.functional as F
from torch import nn


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Sequential(nn.Linear(64, 1), nn.Sigmoid())

    def forward(self, x):
        return self.token(x)

    def loss(self, x, y, teacher):
        logits = self.token[0](x)
        soft = F.binary_cross_entropy_with_logits(logits, torch.sigmoid(teacher(x)))
        return F.binary_cross_entropy_with_logits(logits, y) + soft
```

## References

- [torch.nn.BCEWithLogitsLoss](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html) combines a
  sigmoid layer and the loss in one class.
- AmazingDD/daisyRec#15 (it did not converge), NVIDIA-Merlin/models#1175, Turoad/lanedet#32; the head that is used up
  to its last layer is cvg/glue-factory#89.
- Tried on torch 2.13: a sigmoid of a sigmoid lies between 0.5 and 0.7311.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, losses_given, placed, rule, without_operation


@rule(
    "HP148",
    "sigmoid-before-bce-with-logits",
    level=Level.ERROR,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("BCEWithLogits", "with_logits"),
)
def sigmoid_before_bce_with_logits(file: File) -> Iterator[Draft]:
    for use, made in losses_given(file, "BCEWithLogitsLoss", ("Sigmoid",)):
        at, related = placed(file, use, made[0])
        yield Draft(
            at,
            f"`{use.file.source(use.node.func)}` applies the sigmoid itself, as it wants logits: after this one it "
            "sees probabilities between 0.5 and 0.73 only, and a negative example costs at least 0.69",
            related=related,
            fix=without_operation(file, made[0], "drop the sigmoid") if len(made) == 1 else None,
        )
