"""The training ends where its schedule has hardly begun.

A cosine over 1,000 steps of which 90 are made is a constant rate: it falls by 2 %. The low rates at the end, which give
most of the last gain in accuracy, are never used. It comes from a length in batches, `T_max=epochs * len(loader)`, with
one step an epoch, or from a recipe for more epochs. In the log the learning rate is a flat line.

Seen at run time only, by `hplint run train.py` and by `hplint.runtime.check(optimizer=…, scheduler=…, steps=…)`: the
length of the schedule is compared with the steps that are planned.

```python runtime
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1000)
for epoch in range(90):
    train(model, loader, optimizer)
    scheduler.step()
```

## Looks like it, is not

- A schedule that is up to twice as long as the run: many keep the rate off its floor that way. Up to five times, it is
  advice.
- Step schedules, and a warm-up that is longer than the run: these have rules of their own.

## References

- CosineAnnealingLR: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
- sthalles/SimCLR#8: `T_max=len(train_loader)`, stepped once an epoch.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP292",
    "schedule-longer-than-training",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    subject=Runtime(),
    since="0.1",
)
def schedule_longer_than_training(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
