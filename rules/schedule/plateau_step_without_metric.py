"""`ReduceLROnPlateau` is stepped without the number that it watches.

The scheduler lowers the rate when a metric stops improving, so `step` takes that metric. Without it the call raises
`TypeError: ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'`, at the end of the first epoch:
an hour of training may be lost. It happens where a schedule that counts steps was replaced by this one.

```python bad
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=5)
for epoch in range(100):
    train(model, optimizer)
    scheduler.step()  # HP158
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=5)
for epoch in range(100):
    train(model, optimizer)
    scheduler.step(evaluate(model))
```

The scheduler is followed through functions and attributes of the file:

```python bad
import torch


class Trainer:
    def __init__(self, model):
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimizer)

    def after_epoch(self):
        self.scheduler.step()  # HP158
```

## Looks like it, is not

Where the scheduler may be another one, the call may be right.

```python good
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = ReduceLROnPlateau(optimizer) if on_plateau else StepLR(optimizer, step_size=30)
for epoch in range(100):
    train(model, optimizer)
    if on_plateau:
        scheduler.step(evaluate(model))
    else:
        scheduler.step()
```

## References

- [ReduceLROnPlateau](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html)
- mittagessen/kraken#420: the metric was missing where the scheduler was stepped once a batch.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, expected, regex, rule, step_calls, tests_around

PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
ASKS_WHICH = regex(r"isinstance|type|[Pp]lateau|hasattr")


@rule(
    "HP158",
    "plateau-step-without-metric",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("ReduceLROnPlateau"),
)
def plateau_step_without_metric(file: File) -> Iterator[Draft]:
    for step in step_calls(file):
        if step.call.args or not step.is_only(PLATEAU) or expected(file, step.call, "TypeError"):
            continue
        if not any(ASKS_WHICH.search(test) for test in tests_around(file, step.call)):
            name = file.source(step.thing)
            message = f"`{name}` is a ReduceLROnPlateau: `step()` without the metric that it watches raises TypeError"
            yield Draft(step.call, message, ((step.made[0].node, "constructed here"),))
