"""Prediction and target of a loss have different shapes and are broadcast.

`nn.Linear(…, 1)` gives a column, `(N, 1)`; targets read from a table are often flat, `(N,)`. `nn.MSELoss`,
`nn.L1Loss`, `nn.SmoothL1Loss` and `nn.HuberLoss` then compare every prediction with every target: N × N differences
instead of N. The best that a network can do against all targets at once is to predict their mean, and that is what it
learns. The loss falls at first and stays at the variance of the targets; all predictions are nearly the same number.
Nothing is raised: there is one `UserWarning: Using a target size that is different to the input size`, easily lost in
a log.

```python bad
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.MSELoss()
prices = torch.tensor(frame["price"].values, dtype=torch.float32)
loader = DataLoader(TensorDataset(rows, prices), batch_size=32, shuffle=True)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)  # HP220
    loss.backward()
    optimizer.step()
```

```python fixed
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.MSELoss()
prices = torch.tensor(frame["price"].values, dtype=torch.float32)
loader = DataLoader(TensorDataset(rows, prices), batch_size=32, shuffle=True)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x).squeeze(-1), y)  # HP220
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.MSELoss()
prices = torch.tensor(frame["price"].values, dtype=torch.float32).unsqueeze(1)
loader = DataLoader(TensorDataset(rows, prices), batch_size=32, shuffle=True)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

With `reduction="none"` the table of all differences is often what is wanted: quantile regression, or the best of
several candidates. Targets of unknown shape may well be a column.

```python good
import torch.nn.functional as F
from torch import nn

critic = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))


def losses(x, returns, predicted, quantiles):
    value = F.mse_loss(critic(x), returns)
    pairs = F.smooth_l1_loss(predicted.view(-1), quantiles.unsqueeze(1), reduction="none")
    return value, pairs
```

## References

- [torch.nn.MSELoss](https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html): the target has the same shape as
  the input.
- deepset-ai/FARM#229 (repaired), jiwei0921/CoNet#3, weka511/hpa-scc#38, jiaqingxie/DeepProtein#1; deliberate
  broadcasting: hustvl/DiffusionDriveV2#29.
- Tried on torch 2.13: `mse_loss` of `(4, 1)` and `(4,)` averages 16 numbers and warns once a place.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import COLUMN, Draft, DraftFix, File, Files, Level, Presence, mismatches, replace, rule, syntax

_COMPARE = {"huber_loss": "HuberLoss", "l1_loss": "L1Loss", "mse_loss": "MSELoss", "smooth_l1_loss": "SmoothL1Loss"}


@rule(
    "HP220",
    "loss-broadcast",
    level=Level.ERROR,
    topic="loss",
    since="0.1",
    runtime=True,
    subject=Files("MSELoss", "mse_loss", "L1Loss", "l1_loss", "HuberLoss", "huber_loss"),
)
def loss_broadcast(file: File) -> Iterator[Draft]:
    for call, made, given, known, target, wanted in mismatches(file, _COMPARE):
        if _is_reduced(file, made):
            yield Draft(
                call,
                f"`{file.source(call.func)}` compares `{known}` with a target `{wanted}` by broadcasting to `(N, N)`: "
                "the network learns the mean of the targets",
                related=((target, "the target"),),
                fix=_fix(file, given.value if known == COLUMN else target.value),
            )


def _is_reduced(file: File, loss: syntax.Call) -> bool:
    """Whether a loss certainly gives one number."""
    bound = file.bound(loss)
    if bound is None:
        return False
    given = [bound.argument(name) for name in ("reduction", "reduce")]
    values = [each.value.single for each in given if each.presence is Presence.PRESENT]
    unknown = any(each.presence is Presence.UNKNOWN for each in given)
    return not unknown and all(value is not None and value.constant not in ("none", False) for value in values)


def _fix(file: File, column: syntax.Expr) -> DraftFix | None:
    if not isinstance(column, syntax.Name | syntax.Call | syntax.Attribute | syntax.Subscript):
        return None
    return replace(column, f"{file.source(column)}.squeeze(-1)", "make the column flat")
