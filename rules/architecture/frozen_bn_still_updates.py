"""Batch normalisation of a frozen network goes on learning.

`requires_grad = False` keeps the optimizer from a network's weights. The running mean and variance of a batch
normalisation are no weights: in training mode every forward pass moves them towards the statistics of the new data,
and normalises with the batch instead of with them. A frozen ResNet so drifts away from what it was trained to be; with
small batches its features get noisy, and validation, which uses the running statistics, jumps or falls while the
training loss looks well. A checkpoint of the "frozen" part differs after an epoch. This is advice: on other kinds of
images, fresh statistics can help.

`hplint run` and `hplint.runtime.watch` see it in any model: the batch norms are frozen, other layers too, and their
running statistics have moved in the first steps.

```python bad
import torch
from torch import nn
from torchvision import models

model = models.resnet18(weights="DEFAULT")
for param in model.parameters():
    param.requires_grad = False  # HP245
model.fc = nn.Linear(512, 2)
optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.01, momentum=0.9)
model.train()
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

Keep the frozen part in evaluation mode, after every call of `train()`.

```python good
import torch
from torch import nn
from torchvision import models

model = models.resnet18(weights="DEFAULT")
for param in model.parameters():
    param.requires_grad = False
model.fc = nn.Linear(512, 2)
optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.01, momentum=0.9)
model.train()
for module in model.modules():
    if isinstance(module, nn.BatchNorm2d):
        module.eval()
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

A network without batch normalisation, one that is never put in training mode, and one that only gives features.

```python good
import torch
from torch import nn
from torchvision import models

plain = models.vgg16(weights="DEFAULT")
for param in plain.parameters():
    param.requires_grad = False
backbone = models.resnet50(weights="DEFAULT")
backbone.requires_grad_(False)
backbone.eval()
head = nn.Linear(1000, 2)
optimizer = torch.optim.SGD(head.parameters(), lr=0.01, momentum=0.9)
head.train()
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(head(backbone(x)), y)
    loss.backward()
    optimizer.step()
```

## References

- [torch.nn.BatchNorm2d](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html): `track_running_stats`.
- pytorch/pytorch#86590, lightly-ai/lightly#1438, ultralytics/ultralytics#8753.
- Tried on torch 2.13: with all parameters frozen, one forward pass in training mode moves `running_mean`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Place, made_from, regex, rule, syntax

_WITH_BATCHNORM = regex(
    r"torchvision\.models\.(\w+\.)*(resnet|resnext|wide_resnet|densenet|mobilenet|googlenet|inception|shufflenet|mnasnet|"
    r"efficientnet|regnet|vgg\d+_bn)\w*"
)
_KNOWS = regex(r"BatchNorm|batch_?norm|(?<![a-z])bn(?![a-z])|running_|track_running|def train\(self", re.IGNORECASE)


@rule(
    "HP245",
    "frozen-bn-still-updates",
    level=Level.ADVICE,
    topic="architecture",
    hyperparameter="freeze-epochs",
    since="0.1",
    runtime=True,
    subject=Files("requires_grad"),
)
def frozen_bn_still_updates(file: File) -> Iterator[Draft]:
    text = file.text
    if "torchvision" not in text or "backward(" not in text or ".train(" not in text or _KNOWS.search(text):
        return
    for statement, frozen in _frozen(file):
        made = list(made_from(file, frozen))
        name = file.qualified(made[0].func) if len(made) == 1 else None
        source = file.source(frozen)
        if name is None or not _WITH_BATCHNORM.fullmatch(name) or f"{source}.train(" not in text:
            continue
        short = name.rpartition(".")[2]
        yield Draft(
            statement,
            f"`{source}` is a `{short}`: in training mode its batch normalisations move their running statistics, "
            "frozen or not",
            related=((Place(made[0].start, made[0].end), "made here"),),
        )
        return


def _frozen(file: File) -> Iterator[tuple[syntax.Node, syntax.Expr]]:
    """Where all parameters of a network are frozen, and the network."""
    for call in file.every(syntax.Call):
        match call:
            case syntax.Call(
                func=syntax.Attribute(value=model, attr="requires_grad_"),
                args=(syntax.Arg(value=syntax.Literal(value=False)),),
            ):
                yield call, model
    for loop in file.every(syntax.For):
        match loop:
            case syntax.For(
                iter=syntax.Call(func=syntax.Attribute(value=model, attr="parameters")),
                body=(
                    syntax.Assign(targets=(syntax.Attribute(attr="requires_grad"),), value=syntax.Literal(value=False)),
                ),
            ):
                yield loop.body[0], model
