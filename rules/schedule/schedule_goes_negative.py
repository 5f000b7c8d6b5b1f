"""A schedule makes the learning rate negative.

A step with a negative learning rate goes up the loss. torch compares no rate with 0 once the optimizer is built, so a
function such as `lambda epoch: 1 - epoch / 50`, used for 60 epochs, takes back in the last ten what the others have
learned. The training loss falls, turns, and rises ever faster; in the log the learning rate crosses 0.

Seen at run time only, by `hplint run train.py` and by `hplint.runtime.check(optimizer=…, scheduler=…, steps=…)`: the
schedule is computed ahead, on a copy, over all steps that are planned.

```python runtime
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 - epoch / 50)
for epoch in range(60):
    train(model, loader, optimizer)
    scheduler.step()
```

Keep the factor at or above 0, `max(0.0, 1 - epoch / 50)`, and let it reach 0 with the last epoch.

## Looks like it, is not

- The same function in a run of 50 epochs.
- A negative `gamma`, which has a rule of its own, `gamma-out-of-range`.

## References

- LambdaLR: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
- torch 2.13, tried: a rate of -0.02 is used, and nothing is said.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP290",
    "schedule-goes-negative",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    subject=Runtime(),
    since="0.1",
)
def schedule_goes_negative(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
