"""A schedule is laid out in epochs and stepped once a batch, or the reverse.

`T_max`, `step_size` and `num_training_steps` count calls of `scheduler.step()`, whatever those stand for. With
`T_max=epochs` and a step in each batch, a cosine falls to its floor within some dozen batches, climbs back, and goes on
swinging: the loss curve has waves of that length. A linear schedule with as many steps as there are epochs is at 0 from
batch number `epochs` on, and nothing is learned after that. An `ExponentialLR` meant for epochs has used up its rate
within the first of them. The other way round, `T_max=epochs * len(loader)` with a step an epoch is no schedule at all:
the run ends where the cosine has hardly begun to fall. The log of the learning rate shows each of these in the first
epoch.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
for epoch in range(args.epochs):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()  # HP173
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs * len(train_loader))
for epoch in range(args.epochs):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
```

The training may be split over functions:

```python bad
import torch


def train_epoch(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def main(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    steps = len(train_loader)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    for epoch in range(epochs):
        train_epoch(model, train_loader, optimizer)
        scheduler.step()  # HP173
```

Only clear words are judged: the length of a loader for batches, a name with "epochs" for epochs, and factors that no
run of batches survives.

## Looks like it, is not

A step that is taken under a condition, and a length in a unit of its own.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=args.cycle)
for epoch in range(args.epochs):
    for i, (x, y) in enumerate(train_loader):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        restarts.step()
        if i + 1 == len(train_loader):
            scheduler.step()
```

## References

- [CosineAnnealingLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html)
- sthalles/SimCLR#8: `T_max=len(train_loader)`, stepped once an epoch. ivadomed/ivadomed#57: a schedule for epochs,
  stepped once a batch.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Unit,
    planned,
    rule,
    schedulers,
    settings_of,
    stepped_in,
    untested,
)

EFFECTS = {
    "CosineAnnealingLR": "the rate swings down and up again every two times that many batches",
    "CosineAnnealingWarmRestarts": "the cycle restarts every few batches",
    "StepLR": "the rate is lowered every few batches and soon gone",
    "PolynomialLR": "the rate is 0 after that many batches",
}
MOST = {"ExponentialLR": 0.95, "StepLR": 0.5}
"""A thousand steps leave 5e-23 of the rate with a gamma of 0.95; `StepLR` is asked for a step size too."""


@rule(
    "HP173",
    "schedule-unit-mismatch",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("lr_scheduler", "_schedule"),
)
def schedule_unit_mismatch(file: File) -> Iterator[Draft]:
    if ".step()" not in file.text:
        return
    for plan in planned(file):
        if plan.counts is not plan.each and plan.scheduler.short != "OneCycleLR" and plan.length.node is not None:
            once = "batch" if plan.each is Unit.BATCH else "epoch"
            shown, name = file.source(plan.length.node.value), plan.length.parameter
            effect = EFFECTS.get(plan.scheduler.short, "the rate is 0 after that many batches")
            if plan.each is Unit.EPOCH:
                effect = "the schedule has hardly begun when the run ends"
            message = f"`{name}={shown}` counts {plan.counts.value}, and this runs once a {once}: {effect}"
            yield Draft(plan.step, message, ((plan.length.node, "the length of the schedule"),))
    for call in schedulers(file):
        if call.short in MOST and is_steep(file, call):
            stepped = stepped_in(file, call)
            if stepped is not None and stepped[1] is Unit.BATCH:
                gamma = file.source(call.arguments["gamma"].node or call.node)
                message = f"`{call.short}` with {gamma} runs once a batch: the rate is gone within the first epoch"
                yield Draft(stepped[0], message, ((call.node, "constructed here"),))


def is_steep(file: File, call: BoundCall) -> bool:
    """Whether the rate of a schedule falls so fast that no epoch of batches is meant."""
    gammas = [setting.number or 0.0 for setting in settings_of([untested(file, call.argument("gamma"))])]
    steep = "gamma" in call.arguments and bool(gammas) and all(0 < gamma <= MOST[call.short] for gamma in gammas)
    if not steep or call.short != "StepLR":
        return steep
    sizes = [setting.number or 0.0 for setting in settings_of([untested(file, call.argument("step_size"))])]
    return bool(sizes) and all(1 <= size <= 10 for size in sizes)
