"""NLLLoss is given something else than logarithms of probabilities.

`nn.NLLLoss` and `F.nll_loss` only pick the number of the right class and turn its sign around; the logarithm is left
to the network. Nothing is raised when it is missing. Given raw scores the loss is negative and falls without end, -5,
-500, -1e6, because the network can always make the score of every class larger; given softmax output it lies between
-1 and 0, its gradient does not grow where the network is wrong, and training is slow and stops early. A negative loss
in the first lines of the log is the sign.

```python bad
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.dropout = nn.Dropout(0.2)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = self.dropout(F.relu(self.fc1(x)))
        return F.softmax(self.fc2(x), dim=1)  # HP221


def train(model, loader, optimizer):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(images), labels)
        loss.backward()
        optimizer.step()


train(Net(), loader, optimizer)
```

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.dropout = nn.Dropout(0.2)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = self.dropout(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


def train(model, loader, optimizer):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(images), labels)
        loss.backward()
        optimizer.step()


train(Net(), loader, optimizer)
```

## Looks like it, is not

The logarithm may be taken anywhere on the way, also of probabilities that are made safe first.

```python good
import torch
import torch.nn.functional as F
from torch import nn

head = nn.Linear(64, 10)
criterion = nn.NLLLoss()


def losses(x, y):
    probabilities = F.softmax(head(x), dim=-1)
    return criterion(torch.log(probabilities + 1e-9), y) + criterion(head(x).log_softmax(dim=-1), y)
```

## References

- [torch.nn.NLLLoss](https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html): the input is expected to contain
  log-probabilities of each class.
- AnubhavGupta3377/Text-Classification#9, midas-research/man-sf#2, yanx27/Pointnet_Pointnet2_pytorch#30; PyTorch's own
  example once had it (pytorch/pytorch#12703).
- Tried on torch 2.13: raw scores gave a loss of -5.0, softmax output -0.98.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, Step, losses_given, placed, replace, rule, torch_roles

_SCORES = torch_roles.LINEAR_OR_CONVOLUTION | {"ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "Tanh"}
_PROBABILITIES = frozenset({"Softmax", "Softmax2d", "Sigmoid"})


@rule(
    "HP221",
    "nll-without-log-softmax",
    level=Level.ERROR,
    topic="loss",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("NLLLoss", "nll_loss"),
)
def nll_without_log_softmax(file: File) -> Iterator[Draft]:
    for use, made in losses_given(file, "NLLLoss", _SCORES | _PROBABILITIES):
        at, related = placed(file, use, made[0])
        what = "probabilities" if made[0].kind in _PROBABILITIES else "raw scores"
        yield Draft(
            at,
            f"`{use.file.source(use.node.func)}` wants log-probabilities and is given {what}: the loss is negative "
            f"and {'its gradient vanishes' if what == 'probabilities' else 'falls without end'}",
            related=related,
            fix=_logarithm(file, made[0]) if len(made) == 1 else None,
        )


def _logarithm(file: File, step: Step) -> DraftFix | None:
    """`softmax` becomes `log_softmax`, `Softmax` becomes `LogSoftmax`, where it is written in this file."""
    call = step.call
    owner = step.file if step.layer is None else step.layer.file
    if call is None or owner is not file or step.kind != "Softmax":
        return None
    name = file.source(call.func)
    for plain, logarithm in (("softmax", "log_softmax"), ("Softmax", "LogSoftmax")):
        if name.endswith(f".{plain}"):
            return replace(call.func, name.removesuffix(plain) + logarithm, f"take `{logarithm}`")
    return None
