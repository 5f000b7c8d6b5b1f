"""A metric is given to a scheduler that takes the number of the epoch.

Only `ReduceLROnPlateau.step` takes a metric. The argument of all other schedulers is the epoch, a deprecated one:
`StepLR.step(0.35)` means "go to epoch 0.35". The schedule is thrown to the epoch with the number of the loss each time,
so it stays at its start while the loss is small, and jumps when it is large: with an accuracy in percent, to epoch 93.
Nothing raises; torch warns about the deprecated argument only. In the log the learning rate does not move. It is left
behind where `ReduceLROnPlateau` was replaced by another schedule.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    train(model, optimizer)
    val_loss = evaluate(model)
    scheduler.step(val_loss)  # HP170
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    train(model, optimizer)
    val_loss = evaluate(model)
    scheduler.step()
```

## Looks like it, is not

The scheduler may be another one, or is not torch's.

```python good
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = ReduceLROnPlateau(optimizer) if on_plateau else StepLR(optimizer, step_size=30)
for epoch in range(90):
    train(model, optimizer)
    scheduler.step(evaluate_loss(model)) if on_plateau else scheduler.step()
```

## References

- [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
- torch 2.13, tried: `StepLR.step(0.35)` sets `last_epoch` to 0.35 and raises nothing.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, direction_of, replace, rule, stepped_with_epoch


@rule(
    "HP170",
    "metric-passed-to-epoch-scheduler",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("lr_scheduler"),
)
def metric_passed_to_epoch_scheduler(file: File) -> Iterator[Draft]:
    for step in stepped_with_epoch(file):
        given = step.call.args[0]
        if direction_of(file, given.value) is not None:
            short, shown = step.made[0].short, file.source(given.value)
            message = f"`{short}` takes `{shown}` for the number of an epoch and goes there: it watches no metric"
            fix = replace(given, "", "step without it")
            yield Draft(given, message, ((step.made[0].node, "constructed here"),), fix)
