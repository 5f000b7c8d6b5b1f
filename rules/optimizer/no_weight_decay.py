"""The optimizer decays no weights.

`weight_decay` of SGD, Adam and most of torch's optimizers is 0 unless it is given (AdamW's is 0.01). Without it, and
without another regulariser, a network that is large for its data goes on lowering the training loss while the
validation loss rises, and its weights grow as long as it trains. Usual values are 1e-4 and 5e-4 for SGD on images,
0.01 to 0.1 for AdamW. Most published code leaves it at 0, for reinforcement learning and GANs rightly so; this rule is
for those who want to decide each time.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # HP240
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
```

## Looks like it, is not

The number may be in a parameter group or in a dictionary, and 0 that is written down is a decision.

```python good
import torch


def build(model, decayed, rest, **options):
    first = torch.optim.Adam([{"params": decayed, "weight_decay": 1e-4}, {"params": rest}], lr=1e-3)
    second = torch.optim.Adam(model.parameters(), lr=1e-3, **options)
    third = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0)
    return first, second, third, torch.optim.AdamW(model.parameters(), lr=1e-3)
```

## References

- [torch.optim.SGD](https://pytorch.org/docs/stable/generated/torch.optim.SGD.html): `weight_decay` is 0 by default.
- Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101).
- In public code 269 of 326 Adam and 49 of 65 SGD calls leave it out, so this rule is off by default.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Presence, optimizers, parameter_groups, rule

_OFF_BY_DEFAULT = frozenset(
    {"ASGD", "Adadelta", "Adagrad", "Adam", "Adamax", "NAdam", "RAdam", "RMSprop", "SGD"},
)


@rule(
    "HP240",
    "no-weight-decay",
    level=Level.PEDANTIC,
    topic="optimizer",
    hyperparameter="weight-decay",
    since="0.1",
    subject=Files("optim"),
)
def no_weight_decay(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        if call.short not in _OFF_BY_DEFAULT or call.inherited or call.via is not None:
            continue
        if call.argument("weight_decay").presence is not Presence.ABSENT:
            continue
        groups = parameter_groups(file, call)
        if groups.plain or not any("weight_decay" in group.options for group in groups.listed):
            yield Draft(call.node, f"`{call.short}` decays no weights: its `weight_decay` is 0 by default")
