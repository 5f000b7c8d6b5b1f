"""Weights are decayed by the optimizer and by a penalty in the loss.

`weight_decay` of the optimizer and a sum of squared weights in the loss do the same: each pulls every weight towards
0. With both, the pull is their sum; the value that was tuned, or copied from a paper, is not the one that acts. The
network underfits more than the number explains, and setting either of them to 0 does not switch regularisation off.
With Adam the two are not even alike: decay in the loss is divided by the gradient's size, and AdamW's own is not.

```python bad
import torch


def train(model, loader, criterion):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)  # HP234
    for x, y in loader:
        optimizer.zero_grad()
        l2 = sum(p.pow(2).sum() for p in model.parameters())
        loss = criterion(model(x), y) + 1e-4 * l2
        loss.backward()
        optimizer.step()
```

```python good
import torch


def train(model, loader, criterion):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
```

## Looks like it, is not

An L1 penalty beside weight decay is an elastic net, and a distance to earlier weights is no decay. The penalty may be
on another model.

```python good
import torch


def train(model, head, old, loader, criterion):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    for x, y in loader:
        optimizer.zero_grad()
        l1 = sum(p.abs().sum() for p in model.parameters())
        near = sum((p - q).pow(2).sum() for p, q in zip(model.parameters(), old))
        other = sum(p.pow(2).sum() for p in head.parameters())
        loss = criterion(head(model(x)), y) + 1e-5 * l1 + near + 1e-3 * other
        loss.backward()
        optimizer.step()
```

## References

- [torch.optim.Adam](https://pytorch.org/docs/stable/generated/torch.optim.Adam.html): `weight_decay` is the L2
  penalty.
- rutgerswiselab/NCR#2 (Adam with `weight_decay` and an L2 term in the loss). Loshchilov & Hutter, "Decoupled Weight
  Decay Regularization" (arXiv 1711.05101).
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, optimizers, penalties, rule, settings


@rule(
    "HP234",
    "l2-applied-twice",
    level=Level.WARNING,
    topic="regularisation",
    hyperparameter="weight-decay",
    since="0.1",
    subject=Files("weight_decay"),
)
def l2_applied_twice(file: File) -> Iterator[Draft]:
    squares = [penalty for penalty in penalties(file) if penalty.squared and penalty.cut is None]
    for call in optimizers(file) if squares else ():
        given = call.argument("params").node
        trained = "" if given is None else file.source(given)
        penalty = next((each for each in squares if f"{file.source(each.model)}.parameters()" in trained), None)
        if penalty is None:
            continue
        for setting in settings(call, "weight_decay"):
            if setting.number is not None and setting.number > 0:
                yield Draft(
                    setting.at,
                    f"{setting.says} and the loss penalises the squares of the same parameters: they are decayed twice",
                    related=((penalty.node, "the penalty in the loss"), *setting.related),
                )
                break
