"""A scheduler is built on another optimizer than the one that trains.

A scheduler keeps the optimizer object that it was given and writes its learning rates. If the variable is given a new
optimizer afterwards, the scheduler goes on lowering the rate of the old one, which nothing steps any more: the new one
trains at its first rate to the end. With two optimizers, as in a GAN, the copied line that was not changed in full does
the same: one of the two has two schedules, whose factors are multiplied, and the other has none. Nothing raises, and
`scheduler.get_last_lr()` shows a schedule that looks right; `optimizer.param_groups[0]["lr"]` shows the truth.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)  # HP169
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()

optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
scheduler_g = torch.optim.lr_scheduler.ExponentialLR(optimizer_g, gamma=0.99)
scheduler_d = torch.optim.lr_scheduler.ExponentialLR(optimizer_g, gamma=0.99)  # HP169
```

```python good
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()

optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
scheduler_g = torch.optim.lr_scheduler.ExponentialLR(optimizer_g, gamma=0.99)
scheduler_d = torch.optim.lr_scheduler.ExponentialLR(optimizer_d, gamma=0.99)
```

## Looks like it, is not

Several schedules of one optimizer that are combined, and an optimizer of a second stage after the first has trained.

```python good
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
warm_up = LinearLR(optimizer, total_iters=5)
cosine = CosineAnnealingLR(optimizer, T_max=85)
scheduler = SequentialLR(optimizer, [warm_up, cosine], milestones=[5])
train(model, optimizer, scheduler)

optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
scheduler = StepLR(optimizer, step_size=30)
for epoch in range(90):
    train_one(model, optimizer)
    scheduler.step()
```

## References

- [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
- torch 2.13, tried: only `SequentialLR` and `ChainedScheduler` compare the optimizers of their parts.
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Site,
    branches,
    inside,
    made_by,
    optimizers,
    rule,
    schedulers,
    site_of,
    step_calls,
    syntax,
)

PLAIN = frozenset({"self", "lr", "sched", "scheduler", "schedule", "opt", "optim", "optimizer", "optimiser"})


@rule(
    "HP169",
    "scheduler-wrong-optimizer",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("lr_scheduler"),
)
def scheduler_wrong_optimizer(file: File) -> Iterator[Draft]:
    found = [call for call in schedulers(file) if call.via is None and not call.inherited]
    given = {id(call): (node, held(file, call)) for call in found if (node := built_on(file, call)) is not None}
    names = {marks(file.source(target)) for call in optimizers(file) for target in held(file, call)}
    for call in found:
        optimizer, holders = given.get(id(call), (None, []))
        if optimizer is None:
            continue
        later = replaced(file, site_of(file, call.node), call, optimizer)
        shown = file.source(optimizer)
        if later is not None:
            message = (
                f"`{shown}` is another optimizer afterwards: this schedule goes on with the old one, which is lost"
            )
            yield Draft(call.node, message, ((later.node, "the optimizer that trains"),))
            continue
        mine, wanted = marks(shown), marks(file.source(holders[0])) if holders else frozenset()
        twins = [other for other in found if other is not call and id(other) in given]
        if mine and wanted and mine != wanted and {mine, wanted} <= names:
            served = {file.source(given[id(other)][0]) for other in twins}
            if shown in served and not any(marks(each) == wanted for each in served):
                name = file.source(holders[0])
                message = (
                    f"`{name}` is built on `{shown}`, which has a schedule of its own: the other optimizer has none"
                )
                yield Draft(call.node, message)


def built_on(file: File, call: BoundCall) -> syntax.Expr | None:
    """The optimizer that a scheduler is given, as it is called where the scheduler comes to be."""
    given = call.argument("optimizer").node
    return None if given is None else site_of(file, call.node).seen(given.value)


def held(file: File, call: BoundCall) -> list[syntax.Expr]:
    """The names and attributes that a construction is assigned to."""
    site = site_of(file, call.node).call
    return [target for each in file.all(syntax.Assign) if each.value is site for target in each.targets]


def marks(name: str) -> frozenset[str]:
    """What tells one of several apart: ``d`` of ``optimizer_D`` and of ``self.lr_schedulerD``."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return frozenset(part.lower() for part in parts) - PLAIN


def replaced(file: File, site: Site, scheduler: BoundCall, optimizer: syntax.Expr) -> BoundCall | None:
    """The optimizer that takes the name of a scheduler's optimizer, which itself is never used again."""
    made = made_by(file, optimizer) if isinstance(optimizer, syntax.Name) else ()
    if len(made) != 1 or not isinstance(optimizer, syntax.Name):
        return None
    mine = file.names.lookup(optimizer.id, optimizer.scope)
    bindings = [] if mine is None else [each for each in mine[1] if each.value is not None]
    if mine is None or len(bindings) != 2 or len(mine[1]) != 2:
        return None
    first, second = bindings
    if branches(file, first) != branches(file, second):
        return None
    between = [each for each in file.all(syntax.Name) if first.end < each.start < second.start]
    uses = [each for each in between if each.id == optimizer.id and is_same(file, each, mine[0])]
    plain = all(any(inside(use, site_of(file, call.node).call) for call in schedulers(file)) for use in uses)
    later = file.bound(second.value) if isinstance(second.value, syntax.Call) else None
    if (
        first.value is not site_of(file, made[0]).call
        or not plain
        or later is None
        or not later.name.startswith("torch.optim.")
    ):
        return None
    stepped = any(made.node is scheduler.node for step in step_calls(file) for made in step.made)
    return later if site.call.end < second.start and stepped else None


def is_same(file: File, name: syntax.Name, scope: syntax.Scope) -> bool:
    """Whether a name means the variable of a scope."""
    found = file.names.lookup(name.id, name.scope)
    return found is not None and found[0] is scope
