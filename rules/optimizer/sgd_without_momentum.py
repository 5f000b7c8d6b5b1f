"""SGD is constructed without momentum.

Plain SGD follows each batch's gradient as it comes. With momentum it follows their average, which goes further in
directions that stay, and cancels those that change from batch to batch. Without it the loss of a deep network falls
several times more slowly, and the curve is rougher. `momentum` is 0 by default in torch, so its absence may be an
oversight. It is as often meant: more than half of all public code has none, so this rule has to be asked for.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # HP184
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
```

## Looks like it, is not

Momentum that a group is given, or that may come with other options, or a schedule that sets it.

```python good
import torch
from torch.optim.lr_scheduler import OneCycleLR

grouped = torch.optim.SGD([{"params": model.parameters(), "momentum": 0.9}], lr=0.1)
configured = torch.optim.SGD(model.parameters(), **options)
cycled = torch.optim.SGD(model.parameters(), lr=0.1)
schedule = OneCycleLR(cycled, max_lr=0.1, total_steps=1000)
```

## References

- Sutskever and others 2013, [On the importance of initialization and momentum in deep
  learning](https://proceedings.mlr.press/v28/sutskever13.html).
- Corpus: 249 of 449 constructions of SGD have no momentum.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Presence, is_test, optimizers, parameter_groups, rule

SETS_MOMENTUM = ("OneCycleLR", "CyclicLR")


@rule(
    "HP184",
    "sgd-without-momentum",
    level=Level.PEDANTIC,
    topic="optimizer",
    hyperparameter="momentum",
    since="0.1",
    subject=Files("SGD"),
)
def sgd_without_momentum(file: File) -> Iterator[Draft]:
    if is_test(file) or any(word in file.text for word in SETS_MOMENTUM):
        return
    for call in optimizers(file):
        if call.short != "SGD" or call.inherited or call.argument("momentum").presence is not Presence.ABSENT:
            continue
        groups = parameter_groups(file, call)
        bare = groups.complete and all(each.complete and "momentum" not in each.options for each in groups.listed)
        if groups.plain or bare:
            yield Draft(call.node.func, f"`{call.short}` is given no `momentum`: each step follows one batch alone")
