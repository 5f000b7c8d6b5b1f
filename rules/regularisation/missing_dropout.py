"""A network with nothing that keeps it from memorising the training set.

A network of several layers soon has more weights than its training set has samples. Without a regulariser it can learn
the samples by heart: the training loss goes on falling towards zero while the validation loss turns and rises, and the
gap between the two is what is lost. Dropout is the plainest remedy for fully connected layers; normalisation, weight
decay, data augmentation and early stopping work too, and any one of them may be enough.

This is advice for a model of at least three `Linear` or `Conv` layers that the same file trains, when the file shows
none of these: no dropout, no normalisation layer, no non-zero `weight_decay`, no penalty on the weights, no
augmentation, no early stopping. One finding per model.

```python bad
import torch
from torch import nn


class Classifier(nn.Module):  # HP136
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.fc2 = nn.Linear(512, 256)
        self.fc3 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.fc1(x).relu()
        x = self.fc2(x).relu()
        return self.fc3(x)


def train(loader, device):
    model = Classifier().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for images, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
```

```python good
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.drop = nn.Dropout(0.2)
        self.fc2 = nn.Linear(512, 256)
        self.fc3 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.drop(self.fc1(x).relu())
        x = self.drop(self.fc2(x).relu())
        return self.fc3(x)


def train(loader, device):
    model = Classifier().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for images, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
```

## Looks like it, is not

Weight decay is a regulariser too, and what comes in a dictionary may hold it. Policies, generators, autoencoders and
networks that represent a field are not meant to generalise from samples in this way. A network of fewer than 10,000
weights (a size that is not known counts as 64) is small beside most data sets; layers with no activation between them
are a linear model; and data that the script makes up can be had without end. Class numbers that are drawn at random
count as real: they stand for the labels of real data.

```python good
import torch
from torch import nn


def train(loader, **cfg):
    model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, **cfg)
    for images, labels in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
```

```python good
import torch
from torch import nn

x = torch.linspace(-1, 1, 500).unsqueeze(1)
y = x**3 + 0.1 * torch.randn(500, 1)
model = nn.Sequential(nn.Linear(1, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(1000):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

## References

- Srivastava et al., JMLR 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
- More than half of all public networks with two `Linear` layers have no dropout, most of them rightly; hence the many
  conditions.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Located,
    Place,
    made_up,
    module_class,
    plain_model,
    rule,
    shows_regularisation,
    syntax,
    thresholds,
    trained_models,
)

_FEW = 3


@rule(
    "HP136",
    "missing-dropout",
    level=Level.ADVICE,
    topic="regularisation",
    hyperparameter="dropout",
    since="0.1",
    subject=Files("backward"),
)
def missing_dropout(file: File) -> Iterator[Draft]:
    told: set[int] = set()
    for optimizer, made in trained_models(file):
        model = plain_model(file, made)
        if model is None or model.layers < _FEW:
            continue
        # Classes that are drawn stand for the labels of real data; all other data that is made up can be had anew.
        drawn = made_up(file)
        stand_in = drawn is not None and "randint" in drawn
        if not stand_in and (model.weights < thresholds.FEW_WEIGHTS or drawn is not None):
            continue
        place, name = _model(file, made)
        # Asked last, as it looks at every name of the file.
        if place.start in told or shows_regularisation(file):
            continue
        told.add(place.start)
        yield Draft(
            place,
            f"`{name}` has {model.layers} Linear or Conv layers and nothing in view keeps it from memorising the "
            "training set: no dropout, normalisation, weight decay, penalty, augmentation or early stopping",
            related=((optimizer.node, "trained here"),),
        )


def _model(file: File, made: syntax.Call) -> tuple[Located, str]:
    """Where a model is named: its class, or the `Sequential` that it is."""
    module = module_class(file, made)
    if module is None:
        return made.func, file.source(made.func)
    start = module.node.name_start
    return Place(start, start + len(module.name)), module.name
