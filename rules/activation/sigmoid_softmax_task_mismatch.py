"""Sigmoid before the loss for exclusive classes, or softmax before the other one.

`CrossEntropyLoss` is for classes of which exactly one is right, and takes a softmax itself; `BCEWithLogitsLoss` is for
labels that hold or do not hold each on its own, and takes a sigmoid itself. Given the activation of the other task,
each sees numbers between 0 and 1 as logits. Cross-entropy then cannot fall below ln(1 + (K - 1) / e), 1.46 for ten
classes, even when one class is at 1 and all others are at 0. Behind a softmax, independent labels compete: an example
with three true labels cannot give each of them more than a third, and no label is ever less likely than one half.
Nothing is raised.

```python bad
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1))
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        return torch.sigmoid(self.out(self.body(x)))  # HP225


criterion = nn.CrossEntropyLoss()
model = Net()
loss = criterion(model(x), y)
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1))
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.body(x))


criterion = nn.CrossEntropyLoss()
model = Net()
loss = criterion(model(x), y)
```

## Looks like it, is not

A gate inside the network is no output.

```python good
import torch
import torch.nn.functional as F
from torch import nn

gate = nn.Linear(20, 64)
head = nn.Linear(64, 10)


def loss_of(x, features, y):
    return F.cross_entropy(head(torch.sigmoid(gate(x)) * features), y)
```

## References

- [torch.nn.CrossEntropyLoss](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html) and
  [torch.nn.BCEWithLogitsLoss](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html): both want
  logits.
- eriklindernoren/PyTorch-YOLOv3#10, microsoft/torchgeo#791. Some do it on purpose:
  Pilhyeon/WTAL-Uncertainty-Modeling#23, mp2893/doctorai#10.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, losses_given, placed, rule, without_operation

_TASKS = (
    ("CrossEntropyLoss", ("Sigmoid",), "is for classes of which one is right and applies a softmax itself"),
    ("BCEWithLogitsLoss", ("Softmax", "Softmax2d"), "is for independent labels and applies a sigmoid itself"),
)


@rule(
    "HP225",
    "sigmoid-softmax-task-mismatch",
    level=Level.WARNING,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("CrossEntropy", "cross_entropy", "WithLogits", "with_logits"),
)
def sigmoid_softmax_task_mismatch(file: File) -> Iterator[Draft]:
    for loss, kinds, says in _TASKS:
        for use, made in losses_given(file, loss, kinds):
            at, related = placed(file, use, made[0])
            yield Draft(
                at,
                f"`{use.file.source(use.node.func)}` {says}: after a {made[0].kind.lower()[:7]} it sees "
                "numbers between 0 and 1 as logits and cannot fall far",
                related=related,
                fix=without_operation(file, made[0], "hand the loss the logits") if len(made) == 1 else None,
            )
