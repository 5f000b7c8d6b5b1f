"""A schedule is at its end long before the training is.

A linear or polynomial schedule that is told too few steps is at 0 for the rest of the run: time is spent, and no weight
changes. A cosine does not stay at its end: after `T_max` steps it climbs as it fell, and a run that goes on ends at a
high rate, with weights that have not settled. It comes from a schedule whose length was not changed with the number of
epochs, or that counts epochs and is stepped in each batch.

Seen at run time only, by `hplint run train.py` and by `hplint.runtime.check(optimizer=…, scheduler=…, steps=…)`: the
schedule is computed ahead, on a copy, over all steps that are planned.

```python runtime
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=60)
for epoch in range(90):
    train(model, loader, optimizer)
    scheduler.step()
```

Let the length follow the loop: `T_max=epochs`.

## Looks like it, is not

- A last step at 0, and a last tenth of the run.
- A cosine that is used for several cycles, down and up and down again, and ends low: that is advice.
- `CosineAnnealingWarmRestarts`, which is meant to climb.
- A loop that may be left early: how long it runs is not known.

## References

- CosineAnnealingLR: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
- torch 2.13, tried: with `T_max=5`, ten steps end at 0.0905 where the run began at 0.1.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP291",
    "schedule-ends-before-training",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    subject=Runtime(),
    since="0.1",
)
def schedule_ends_before_training(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
