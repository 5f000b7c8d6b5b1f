"""A schedule gives a learning rate of 0 in every step.

A warm-up that divides whole numbers, `(epoch + 1) // 20`, is 0 until epoch 19; a schedule over 0 steps is at its end at
once. The optimizer steps, and no weight changes. The loss is that of the first batch, with noise, for the whole run.

Seen at run time only, by `hplint run train.py` and by `hplint.runtime.check(optimizer=…, scheduler=…, steps=…)`: the
schedule is computed ahead, on a copy, over all steps that are planned.

```python runtime
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1, (epoch + 1) // 20))
for epoch in range(10):
    train(model, loader, optimizer)
    scheduler.step()
```

## Looks like it, is not

- A first step at 0, as linear warm-ups have it.
- An optimizer that was given `lr=0` itself.
- One group at 0 while another one is trained.

## References

- LambdaLR: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
- torch 2.13, tried: ten epochs at a rate of 0.0, without a word.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP293",
    "schedule-always-zero",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    subject=Runtime(),
    since="0.1",
)
def schedule_always_zero(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
