"""A cyclic schedule overwrites the momentum or the rate of the optimizer.

`OneCycleLR` sets the learning rate from `max_lr` in its constructor, and the momentum too: between 0.95 and 0.85 as
long as `cycle_momentum` is true, which it is by default. `CyclicLR` does the same between 0.8 and 0.9. What was written
in the optimizer is gone: `betas=(0.5, 0.999)`, which keeps a GAN from oscillating, becomes 0.95, and SGD without
momentum gets one. A learning rate from the command line has no effect at all when `max_lr` is a constant: a search
over `--lr` gives the same curve each time.

```python bad
import torch
from torch.optim.lr_scheduler import OneCycleLR

optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))  # HP181
scheduler = OneCycleLR(optimizer, max_lr=2e-4, total_steps=10000)
```

```python good
import torch
from torch.optim.lr_scheduler import OneCycleLR

optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
scheduler = OneCycleLR(optimizer, max_lr=2e-4, total_steps=10000, cycle_momentum=False)
```

## Looks like it, is not

A momentum within the cycle, and a rate that both are given.

```python good
import torch
from torch.optim.lr_scheduler import OneCycleLR

optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
scheduler = OneCycleLR(optimizer, max_lr=args.lr, total_steps=10000)
```

## References

- [OneCycleLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html)
- Smith 2018, [arXiv 1803.09820](https://arxiv.org/abs/1803.09820): momentum is cycled against the learning rate.
- torch 2.13, tried: `lr=1e-3` becomes 4e-4, a beta of 0.5 becomes 0.95, and so does no momentum.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    OriginKind,
    as_number,
    blocks_around,
    optimizer_of,
    rule,
    schedulers,
    settings,
    settings_of,
    site_of,
    syntax,
    with_groups,
)

PEAK = {"OneCycleLR": "max_lr", "CyclicLR": "max_lr"}
CHOSEN = (OriginKind.ARGPARSE, OriginKind.OPTION)


@rule(
    "HP181",
    "onecycle-overrides-optimizer",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="momentum",
    since="0.1",
    subject=Files("OneCycleLR", "CyclicLR"),
)
def onecycle_overrides_optimizer(file: File) -> Iterator[Draft]:
    for call in schedulers(file):
        optimizer = optimizer_of(file, call) if call.short in PEAK and call.via is None else None
        if optimizer is None or around(file, call) != around(file, optimizer):
            continue
        related = ((call.node, "overwritten here"),)
        low, high = (number(call, name) for name in ("base_momentum", "max_momentum"))
        cycled = call.argument("cycle_momentum").value.single
        if cycled is not None and cycled.constant is True and low is not None and high is not None:
            for setting in settings_of(with_groups(file, optimizer, "momentum", "betas")):
                value = setting.constant[0] if isinstance(setting.constant, tuple) else setting.constant
                momentum = as_number(value)
                if momentum is not None and not low <= momentum <= high and (setting.closed or momentum):
                    message = f"{setting.says}: `{call.short}` overwrites it with {low:g} to {high:g}"
                    yield Draft(setting.at, message, (*setting.related, *related))
        peak = call.argument(PEAK[call.short])
        if peak.value.single is not None and all(each.origin.kind not in CHOSEN for each in peak.value.possible):
            for setting in settings(optimizer, "lr"):
                if setting.origin.kind in CHOSEN:
                    message = (
                        f"`{setting.origin.label}` has no effect: `{call.short}` overwrites `lr` from its `max_lr`"
                    )
                    yield Draft(setting.at, message, (*setting.related, *related), hyperparameter="learning-rate")


def around(file: File, call: BoundCall) -> list[tuple[syntax.Node, int]]:
    """What is around the place where a thing comes to be: where it is constructed, or its helper is called."""
    return blocks_around(file, site_of(file, call.node).call)


def number(call: BoundCall, name: str) -> float | None:
    """The one number that an argument is for certain."""
    single = call.argument(name).value.single
    return None if single is None else as_number(single.constant)
