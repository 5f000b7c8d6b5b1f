"""ReLU or dropout directly before the loss.

What a loss with logits is given should be free to take any value. Behind a ReLU it cannot be negative: with
`BCEWithLogitsLoss` no probability falls below one half, so the network never says "no", and the loss of a negative
example stays at 0.69 or above. With `CrossEntropyLoss` a class whose score was cut to 0 gets no gradient; when all
scores of an example are cut, its loss is ln(K), 2.303 for ten classes, and nothing is learnt from it. A network whose
last layer starts unluckily stays there. Dropout there sets the scores of whole classes to 0 at random, the right one
among them.

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1), nn.ReLU())  # HP224
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

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

A part of a network may end in a ReLU or a dropout, and so may a network that predicts what cannot be negative: with
`MSELoss` that is a choice.

```python good
import torch.nn.functional as F
from torch import nn

body = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1))
head = nn.Linear(64, 10)
price = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1), nn.ReLU())


def losses(x, y, paid):
    return F.cross_entropy(head(body(x)), y) + F.mse_loss(price(x), paid)
```

## References

- [torch.nn.BCEWithLogitsLoss](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html) and
  [torch.nn.CrossEntropyLoss](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html): the input are
  unnormalized logits.
- Stack Overflow 48251943 (a regression that ends in a ReLU predicts 0 for everything). Schoop et al., "UMLAUT:
  Debugging Deep Learning Programs using Program Structure and Model Behavior", CHI 2021.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, losses_given, placed, rule, torch_roles, without_operation

_CUTS = ("ReLU", "ReLU6")
_ENDS = torch_roles.DROPOUT | frozenset(_CUTS)


@rule(
    "HP224",
    "relu-or-dropout-on-output",
    level=Level.WARNING,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("CrossEntropy", "cross_entropy", "WithLogits", "with_logits"),
)
def relu_or_dropout_on_output(file: File) -> Iterator[Draft]:
    told = set()
    for loss in ("BCEWithLogitsLoss", "CrossEntropyLoss"):
        for use, made in losses_given(file, loss, _ENDS):
            if made[0].node in told:
                continue
            told.add(made[0].node)
            cuts, binary = made[0].kind in _CUTS, loss == "BCEWithLogitsLoss"
            # Without its call, a layer that the model keeps would lie idle.
            is_kept = made[0].layer is not None and made[0].node is not made[0].call
            if not cuts:
                harm = "dropout sets scores of whole classes to 0 at random"
            elif binary:
                harm = "behind a ReLU no probability is below one half"
            else:
                harm = "a class whose score a ReLU cuts to 0 gets no gradient"
            at, related = placed(file, use, made[0])
            yield Draft(
                at,
                f"`{use.file.source(use.node.func)}` is given this as logits: {harm}",
                related=related,
                fix=without_operation(file, made[0], "drop it") if len(made) == 1 and not is_kept else None,
                level=None if cuts and binary else Level.ADVICE,
            )
