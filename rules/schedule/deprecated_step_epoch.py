"""A scheduler that counts for itself is told the epoch, which shifts the schedule.

`scheduler.step()` counts for itself. With `step(epoch)` torch takes the number instead and computes the rate from its
closed formula, if the scheduler has one. Called after each epoch with the number of that epoch, the first call says 0,
where the schedule already is: the first value is used twice and every later one comes an epoch late. With schedulers
that are combined, or in a run that changes the rate by hand, the closed formula overwrites what was there. torch warns
that "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible".

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[60, 120], gamma=0.2)
for epoch in range(200):
    train(model, optimizer)
    scheduler.step(epoch)  # HP171
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[60, 120], gamma=0.2)
for epoch in range(200):
    train(model, optimizer)
    scheduler.step()
```

At the top of the loop, in the batch loop, and where epochs are counted from one, `step(epoch)` gives the right rates
and is only deprecated: that is said when pedantic findings are asked for.

## Looks like it, is not

The schedulers of timm want the epoch, and `CosineAnnealingWarmRestarts` may be told a part of one. A count of one's
own, such as the steps of all workers, is left alone.

```python good
import torch
from timm.scheduler import CosineLRScheduler

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10)
other = CosineLRScheduler(optimizer, t_initial=200)
for epoch in range(200):
    for batch, (x, y) in enumerate(loader):
        train_one(model, optimizer, x, y)
        restarts.step(epoch + batch / len(loader))
    other.step(epoch)
```

## References

- [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
- pytorch/pytorch#21623 on the deprecation.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    as_number,
    direction_of,
    inside,
    last_name,
    regex,
    replace,
    rule,
    stepped_with_epoch,
    syntax,
)

TRAINS = regex(r"train|fit|update|optimi|backward|run_epoch|one_epoch")


@rule(
    "HP171",
    "deprecated-step-epoch",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("lr_scheduler"),
)
def deprecated_step_epoch(file: File) -> Iterator[Draft]:
    for step in stepped_with_epoch(file):
        given = step.call.args[0]
        shown = file.source(given.value)
        loops = [loop for loop in file.all(syntax.For) if any(inside(step.call, part) for part in loop.body)]
        counted = [loop for loop in loops if shown == file.source(loop.target)]
        if direction_of(file, given.value) is not None or not (counted or "epoch" in shown.lower()):
            continue
        related = ((step.made[0].node, "constructed here"),)
        once = bool(counted) and loops[-1] is counted[-1]
        if once and not from_one(file, counted[-1]) and trains_before(file, counted[-1], step.call):
            message = f"`{step.made[0].short}` counts for itself: told `{shown}`, it is an epoch late"
            yield Draft(given, message, related, replace(given, "", "step without the epoch"))
        else:
            message = f"`{step.made[0].short}` counts for itself: telling it `{shown}` is deprecated"
            yield Draft(given, message, related, level=Level.PEDANTIC)


def from_one(file: File, loop: syntax.For) -> bool:
    """Whether a loop counts from one, as far as its start, or else an end of ``epochs + 1``, tells."""
    ranges = (each for each in file.within(syntax.Call, loop.iter) if last_name(each.func) in ("range", "trange"))
    counted = next((each for each in ranges if len(each.args) > 1 and not any(arg.star for arg in each.args)), None)
    if counted is None:
        return False
    start, end = counted.args[0].value, counted.args[1].value
    known = [as_number(each.constant) for each in file.value(start).possible]
    if known:
        return all(first is not None and first >= 1 for first in known)
    return isinstance(end, syntax.Binary) and end.op == "+" and file.source(end.right) == "1"


def trains_before(file: File, loop: syntax.For, call: syntax.Call) -> bool:
    """Whether the loop trains before it makes a call."""
    before = (each for each in file.within(syntax.Call, loop) if each.end <= call.start)
    called = [each.func for each in before if isinstance(each.func, syntax.Attribute | syntax.Name)]
    stepped = any(last_name(func) == "step" and "optim" in file.source(func) for func in called)
    return stepped or any(TRAINS.search(last_name(func)) for func in called)
