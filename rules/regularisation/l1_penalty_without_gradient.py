"""A penalty on the weights has no gradient and so changes no weight.

`p.data`, `p.detach()` and `.item()` cut a tensor out of the graph, and so does `torch.no_grad()`. A penalty that is
summed from them is a plain number to autograd: the loss in the log is larger by it, and every gradient is what it
would be without it. The weights do not shrink whatever the factor in front; raising it by 1000 raises the loss and
changes no prediction.

```python bad
import torch


def train(model, loader, criterion, optimizer, strength=1e-4):
    for x, y in loader:
        optimizer.zero_grad()
        l1 = sum(p.data.abs().sum() for p in model.parameters())  # HP233
        loss = criterion(model(x), y) + strength * l1
        loss.backward()
        optimizer.step()
```

```python fixed
import torch


def train(model, loader, criterion, optimizer, strength=1e-4):
    for x, y in loader:
        optimizer.zero_grad()
        l1 = sum(p.abs().sum() for p in model.parameters())  # HP233
        loss = criterion(model(x), y) + strength * l1
        loss.backward()
        optimizer.step()
```

```python good
import torch


def train(model, loader, criterion, optimizer, strength=1e-4):
    for x, y in loader:
        optimizer.zero_grad()
        l1 = sum(p.abs().sum() for p in model.parameters())
        loss = criterion(model(x), y) + strength * l1
        loss.backward()
        optimizer.step()
```

## Looks like it, is not

A norm that is only shown, and a distance to earlier weights, which are rightly cut off.

```python good
import torch


def train(model, anchors, loader, criterion, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        drift = sum((p - q.data).pow(2).sum() for p, q in zip(model.parameters(), anchors))
        loss = criterion(model(x), y) + 0.1 * drift
        loss.backward()
        optimizer.step()
        size = sum(p.data.abs().sum().item() for p in model.parameters())
        print(loss.item(), size)
```

## References

- [torch.Tensor.detach](https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html): the result will never
  require gradient.
- Stack Overflow 42704283 and 65575371 (how to add an L1 penalty).
- Tried on torch 2.13: with `p.data` all gradients are equal to those without the penalty.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, penalties, replace, rule, syntax


@rule(
    "HP233",
    "l1-penalty-without-gradient",
    level=Level.ERROR,
    topic="regularisation",
    hyperparameter="l1-regularization",
    since="0.1",
    subject=Files("parameters"),
)
def l1_penalty_without_gradient(file: File) -> Iterator[Draft]:
    for penalty in penalties(file):
        if penalty.cut is not None:
            model, cut = file.source(penalty.model), file.source(penalty.cut)
            yield Draft(
                penalty.cut,
                f"`{cut}` has no gradient: this penalty on the parameters of `{model}` changes the loss and no weight",
                fix=_fix(file, penalty.cut),
            )


def _fix(file: File, cut: syntax.Node) -> DraftFix | None:
    """Leave `.data` or `.detach()` out."""
    if isinstance(cut, syntax.Attribute):
        return replace(cut, file.source(cut.value), "let the gradient pass")
    if isinstance(cut, syntax.Call) and isinstance(cut.func, syntax.Attribute) and cut.func.attr in ("detach", "item"):
        return replace(cut, file.source(cut.func.value), "let the gradient pass")
    return None
