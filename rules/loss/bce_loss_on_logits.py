"""BCELoss is given something else than probabilities.

`nn.BCELoss` and `F.binary_cross_entropy` take the logarithm of their input and of one minus it, so the input must lie
between 0 and 1. The plain output of a linear layer does not: the first value outside raises `RuntimeError: all
elements of input should be between 0 and 1`, on a GPU as a device-side assert that names no line of the program. Where
all values happen to lie inside, the loss is a number without meaning until one leaves.

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))  # HP222
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

`nn.BCEWithLogitsLoss` applies the sigmoid itself, and is the numerically stable way.

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

A sigmoid, a softmax or a clamp on the way keeps the values inside, wherever it stands.

```python good
import torch
import torch.nn.functional as F
from torch import nn

head = nn.Linear(64, 1)


def losses(x, y):
    probability = torch.sigmoid(head(x))
    return F.binary_cross_entropy(probability, y) + F.binary_cross_entropy(head(x).clamp(0, 1), y)
```

## References

- [torch.nn.BCELoss](https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html), and
  [torch.nn.BCEWithLogitsLoss](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html).
- yunlongdong/FCN-pytorch-easiest#7; log-softmax fed to `BCELoss` is a case of Shah et al., "Towards Enhancing the
  Reproducibility of Deep Learning Bugs" (arXiv 2401.03069).
- Tried on torch 2.13: the first value outside raises.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, LossUse, losses_given, placed, replace, rule, torch_roles

_LOGITS = torch_roles.LINEAR_OR_CONVOLUTION
_OUTSIDE = {"LogSoftmax": "negative", "LogSigmoid": "negative", "Tanh": "negative as well", "ReLU": "larger than 1"}


@rule(
    "HP222",
    "bce-loss-on-logits",
    level=Level.ERROR,
    topic="loss",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("BCELoss", "binary_cross_entropy"),
)
def bce_loss_on_logits(file: File) -> Iterator[Draft]:
    for use, made in losses_given(file, "BCELoss", _LOGITS | _OUTSIDE.keys()):
        at, related = placed(file, use, made[0])
        what = _OUTSIDE.get(made[0].kind, "not limited to that")
        yield Draft(
            at,
            f"`{use.file.source(use.node.func)}` wants probabilities between 0 and 1, and these values are {what}: the "
            "first one outside raises a `RuntimeError`",
            related=related,
            fix=_with_logits(file, use) if all(step.kind in _LOGITS for step in made) else None,
        )


def _with_logits(file: File, use: LossUse) -> DraftFix | None:
    """The loss that applies the sigmoid, where all that it is given are logits."""
    if use.criterion is None:
        func, plain, better = use.node.func, "binary_cross_entropy", "binary_cross_entropy_with_logits"
    else:
        others = [each for each in file.flows.losses if each.criterion is use.criterion]
        known = {each.node for each, _ in losses_given(file, "BCELoss", _LOGITS)}
        if use.criterion.file is not file or any(each.node not in known for each in others):
            return None
        func, plain, better = use.criterion.call.func, "BCELoss", "BCEWithLogitsLoss"
    name = file.source(func)
    if use.file is not file or not name.endswith(f".{plain}"):
        return None
    return replace(func, name.removesuffix(plain) + better, f"take `{better}`")
