"""A momentum of 1 or more, which never forgets a step.

Momentum is the share of the previous update that is carried into the next one. At 0.9 an old gradient fades within
some tens of steps; at 1 it never does, and above 1 it grows: with `momentum=9` the update is nine times the last one
in every step. The loss explodes within a few batches. torch rejects negative values only. `RMSprop`'s `alpha` is the
share of an old average in the same way: at 1 the average of squared gradients stays zero, and one step moved a weight
by 1e16 when it was tried.

Usual causes are a lost decimal point (`9` for `0.9`) and a percentage (`90`).

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=9)  # HP111
adaptive = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=1.0)  # HP111
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
adaptive = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.99)
```

## Looks like it, is not

High values below 1 are recipes (0.99 for small segmentation sets), and the `momentum` of a normalisation layer is
another quantity.

```python good
import torch
from torch import nn

optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.99, nesterov=True)
norm = nn.BatchNorm1d(12, momentum=None)
```

## References

- <https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html>
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, optimizers, rule, settings_of, thresholds, with_groups

LIMITS = {"momentum": thresholds.MOMENTUM_LIMIT, "alpha": thresholds.RMSPROP_ALPHA_LIMIT}
TAKES = {"SGD": ("momentum",), "RMSprop": ("momentum", "alpha"), "Muon": ("momentum",)}


@rule(
    "HP111",
    "momentum-out-of-range",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="momentum",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def momentum_out_of_range(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        for setting in settings_of(with_groups(file, call, *TAKES.get(call.short, ()))):
            name = setting.argument.parameter
            if (setting.number or 0.0) < LIMITS[name]:
                continue
            if name == "momentum":
                message = f"{setting.says}: `{call.short}` never forgets a step, so the loss explodes"
                yield Draft(setting.at, message, setting.related)
            else:
                message = f"{setting.says}: the average of squared gradients never takes a new one in, so steps explode"
                yield Draft(setting.at, message, setting.related, hyperparameter="rmsprop-alpha")
