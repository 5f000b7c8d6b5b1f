"""The lowest learning rate of a schedule is not below the one it starts from.

`CosineAnnealingLR(optimizer, T_max, eta_min=0.01)` moves the rate from that of the optimizer to 0.01. If the optimizer
starts at 0.001, the "annealing" is a climb to ten times the rate; if both are equal, the rate never changes. With
`ReduceLROnPlateau` a `min_lr` that is not below the start keeps every plateau without effect. torch compares the two
nowhere. The log of the learning rate shows it at once: a flat line or one that rises. In the loss it shows late, as
training that never settles.

```python bad
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
rises = CosineAnnealingLR(optimizer, T_max=90, eta_min=1e-2)  # HP157
never_acts = ReduceLROnPlateau(optimizer, min_lr=1e-3)  # HP157
```

```python good
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
falls = CosineAnnealingLR(optimizer, T_max=90, eta_min=1e-4)
acts = ReduceLROnPlateau(optimizer, min_lr=1e-5)
```

## Looks like it, is not

Groups have learning rates of their own, a warm-up may set another start, and a value from a configuration is not known.

```python good
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

optimizer = torch.optim.AdamW([{"params": head.parameters(), "lr": 0.1}, {"params": body.parameters()}], lr=1e-4)
schedule = CosineAnnealingLR(optimizer, T_max=90, eta_min=1e-3)
configured = CosineAnnealingLR(torch.optim.AdamW(model.parameters(), lr=1e-3), T_max=90, **options)
```

## References

- [CosineAnnealingLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html)
- AmirmohammadRostami/KeywordsSpotting-EfficientNet-A0#1: `eta_min` equal to the rate kept it constant for a whole run.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Setting,
    is_test,
    optimizer_of,
    parameter_groups,
    rule,
    schedulers,
    sets_rate_later,
    settings_of,
    untested,
)

FLOORS = {
    "CosineAnnealingLR": ("eta_min", "the rate {} over the schedule instead of falling"),
    "CosineAnnealingWarmRestarts": ("eta_min", "the rate {} in every cycle instead of falling"),
    "ReduceLROnPlateau": ("min_lr", "no plateau ever lowers the rate"),
}


@rule(
    "HP157",
    "eta-min-not-below-lr",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="eta-min",
    since="0.1",
    runtime=True,
    subject=Files("eta_min", "min_lr", "CosineAnnealing"),
)
def eta_min_not_below_lr(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else schedulers(file):
        name, effect = FLOORS.get(call.short, ("", ""))
        given = call.arguments.get(name)
        start = None if given is None else start_of(file, call)
        if given is None or start is None:
            continue
        for floor in settings_of([untested(file, given)]):
            lowest, highest = floor.number, start.number or 0.0
            # Two defaults prove nothing: nobody says that both are left alone.
            if not lowest or not 0 < highest <= lowest or not (floor.closed or start.closed):
                continue
            way = effect.format("stays the same" if lowest == highest else "rises")
            message = f"{floor.says}, not below the {highest:g} that `{start.argument.callee}` starts from: {way}"
            yield Draft(floor.at, message, (*floor.related, (start.at, "the learning rate that it starts from")))


def start_of(file: File, scheduler: BoundCall) -> Setting | None:
    """The learning rate that the schedule starts from, the highest of several; None where something else sets it."""
    optimizer = optimizer_of(file, scheduler)
    if optimizer is None or not parameter_groups(file, optimizer).plain or sets_rate_later(file, optimizer):
        return None
    found = list(settings_of([untested(file, optimizer.argument("lr"))]))
    known = all(setting.number is not None for setting in found)
    return max(found, key=lambda setting: setting.number or 0.0) if known and found else None
