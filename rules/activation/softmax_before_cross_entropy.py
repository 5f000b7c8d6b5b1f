"""Softmax before a cross-entropy loss, which applies log-softmax itself.

`nn.CrossEntropyLoss` and `F.cross_entropy` want logits: the plain output of the last layer. Given the output of a
softmax they take a second one, of numbers between 0 and 1. Nothing raises and the loss falls for a while, then it
stays: with K classes it cannot go below ln(1 + (K - 1) / e), which is 1.46 for ten classes and 6.0 for a thousand,
however sure the network is. Gradients are small from the start, so training is slow, and accuracy ends below what the
same network reaches without the softmax.

```python bad
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.dropout = nn.Dropout(0.2)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = self.dropout(F.relu(self.fc1(x)))
        return F.softmax(self.fc2(x), dim=1)  # HP147


def train(model, loader, criterion, optimizer):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()


model = Net()
train(model, loader, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3))
```

Return the logits. Where probabilities are wanted, for a threshold or for people to read, take the softmax there; the
most likely class is the same with and without it.

```python good
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.dropout = nn.Dropout(0.2)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc2(self.dropout(F.relu(self.fc1(x))))


def predict(model, images):
    with torch.no_grad():
        return F.softmax(model(images), dim=1)


def train(model, loader, optimizer):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
```

## Looks like it, is not

Soft targets, the second argument, are probabilities by right. A softmax inside the network (attention), one that only
evaluation takes, and a model that returns both logits and probabilities are right too. `log_softmax` before the loss
is superfluous and harmless: taking it twice gives the same numbers.

```python good
import torch.nn.functional as F
from torch import nn


class Pooled(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.score = nn.Linear(width, 1)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        weights = F.softmax(self.score(x), dim=1)
        logits = self.head(self.dropout((weights * x).sum(dim=1)))
        return logits, F.softmax(logits, dim=-1)


def losses(model, teacher, x, y):
    logits, probabilities = model(x)
    soft = F.cross_entropy(logits, F.softmax(teacher(x), dim=-1))
    return F.cross_entropy(logits, y) + soft, probabilities.argmax(dim=-1)
```

## References

- [torch.nn.CrossEntropyLoss](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html): the input is
  expected to contain unnormalized logits.
- doronharitan/human_activity_recognition_LRCN#4 (it converged faster once repaired),
  jindongwang/Deep-learning-activity-recognition#10, Lightning-Universe/lightning-bolts#654,
  NVIDIA/DeepLearningExamples#468, Stack Overflow 65192475.
- Tried on torch 2.13: with ten classes and the right class at probability 1 the loss is 1.4612.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Step,
    features,
    losses_given,
    placed,
    rule,
    without_operation,
)


@rule(
    "HP147",
    "softmax-before-cross-entropy",
    level=Level.ERROR,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("CrossEntropy", "cross_entropy"),
)
def softmax_before_cross_entropy(file: File) -> Iterator[Draft]:
    for use, made in losses_given(file, "CrossEntropyLoss", ("Softmax", "Softmax2d")):
        at, related = placed(file, use, made[0])
        yield Draft(
            at,
            f"`{use.file.source(use.node.func)}` applies log-softmax itself, as cross-entropy wants logits: after this "
            f"softmax the loss cannot fall below {_floor(made[0])}, and training is slow",
            related=related,
            fix=without_operation(file, made[0], "drop the softmax") if len(made) == 1 else None,
        )


def _floor(softmax: Step) -> str:
    """The least loss that is left when the right class has probability 1."""
    known = features(softmax)
    if known is None or known[0] < 2:
        return "ln(1 + (K - 1) / e) for K classes"
    return f"{math.log(1 + (known[0] - 1) / math.e):.2f} for {known[0]} classes"
