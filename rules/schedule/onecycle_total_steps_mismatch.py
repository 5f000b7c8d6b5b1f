"""`OneCycleLR` is told another number of steps than it is given.

One cycle is planned over exactly `total_steps`, or `epochs * steps_per_epoch`, calls of `scheduler.step()`. With more
calls it raises `ValueError: Tried to step 91 times. The specified number of total steps is 90`, which ends the run in
its first epoch if the length was given in epochs and the step is taken in each batch. With fewer, the cycle never gets
going: a plan for `len(loader)` steps an epoch, stepped once an epoch, stays at the bottom of its warm-up, a 25th of
`max_lr`, for the whole run. Training looks slow, and the highest rate makes no difference.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, epochs=30, steps_per_epoch=len(train_loader))
for epoch in range(30):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()  # HP174
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, epochs=30, steps_per_epoch=len(train_loader))
for epoch in range(30):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
```

## Looks like it, is not

A cycle over epochs, stepped once an epoch, and a step that is left out in some batches.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
slow = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=args.epochs)
accumulated = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=args.epochs * len(loader) // 4)
for epoch in range(args.epochs):
    for i, (x, y) in enumerate(loader):
        criterion(model(x), y).backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
            accumulated.step()
    slow.step()
```

## References

- [OneCycleLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html)
- vLAR-group/GrowSP#11: the ValueError after 280 epochs. Lightning-AI/pytorch-lightning#19774: a wrong example in the
  documentation of a library.
- torch 2.13, tried: 10 of 1,000 planned steps end at a rate of 0.0043 where `max_lr` is 0.1.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Unit, is_test, planned, rule


@rule(
    "HP174",
    "onecycle-total-steps-mismatch",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("OneCycleLR"),
)
def onecycle_total_steps_mismatch(file: File) -> Iterator[Draft]:
    for plan in () if is_test(file) else planned(file):
        if plan.counts is plan.each or plan.scheduler.short != "OneCycleLR" or plan.length.node is None:
            continue
        shown, name = file.source(plan.length.node.value), plan.length.parameter
        if plan.each is Unit.EPOCH:
            message = f"`{name}={shown}` plans a step a batch, and this runs once an epoch: the warm-up never ends"
        else:
            message = f"`{name}={shown}` plans a step an epoch, and this runs once a batch: it raises ValueError"
        yield Draft(plan.step, message, ((plan.length.node, "the length of the cycle"),))
