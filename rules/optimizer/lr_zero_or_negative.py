"""The learning rate is 0 and nothing ever sets another.

torch accepts `lr=0`. Each step then changes no weight: the loss stays at its first value, about ln(number of classes)
for cross-entropy, and only noise between batches moves the curve. Nothing warns. A 0 is left over from debugging, or
from a schedule that is gone. (A negative rate raises ValueError; call-will-raise reports it.)

```python bad
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=0.0)  # HP159
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

It is reported only where the whole life of the optimizer is in view and nothing in it can set another rate.

```python bad
import torch

LR = 0


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)  # HP159

    def update(self, x, y):
        self.optimizer.zero_grad()
        criterion(self.model(x), y).backward()
        self.optimizer.step()
```

## Looks like it, is not

A schedule, a wrapper, a write to the parameter groups or a function elsewhere may set the rate. In a parameter group 0
freezes.

```python good
import torch

noam = NoamSchedule(torch.optim.Adam(model.parameters(), lr=0, betas=(0.9, 0.98)), warmup=4000)

frozen = torch.optim.SGD([{"params": body.parameters(), "lr": 0.0}, {"params": head.parameters()}], lr=0.1)

given = torch.optim.Adam(model.parameters(), lr=0)
fit(model, given)
```

## References

- [torch.optim](https://docs.pytorch.org/docs/stable/optim.html)
- Vaswani et al. 2017, arXiv 1706.03762, section 5.3: the warm-up whose optimizers start at 0 on purpose.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    is_test,
    never_sets_rate,
    optimizers,
    parameter_groups,
    rule,
    settings_of,
    untested,
)


@rule(
    "HP159",
    "lr-zero-or-negative",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="learning-rate",
    since="0.1",
    subject=Files("optim"),
)
def lr_zero_or_negative(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else optimizers(file):
        given = call.arguments.get("lr")
        for setting in () if given is None else settings_of([untested(file, given)]):
            if setting.number == 0 and parameter_groups(file, call).plain and never_sets_rate(file, call):
                message = f"{setting.says} and nothing sets it later: `{call.short}` never moves a weight"
                yield Draft(setting.at, message, setting.related)
