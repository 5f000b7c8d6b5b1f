"""`LBFGS` is stepped without a closure.

L-BFGS evaluates the loss several times in each step, so `step` takes a function that clears the gradients, computes the
loss, calls `backward` and returns the loss. Without it the first step raises `TypeError: LBFGS.step() missing 1
required positional argument: 'closure'`. A `GradScaler` is no way out: it steps without a closure and refuses one.

```python bad
import torch

optimizer = torch.optim.LBFGS(model.parameters(), lr=1)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()  # HP161
```

```python good
import torch

optimizer = torch.optim.LBFGS(model.parameters(), lr=1)
for x, y in loader:

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
```

It is found through helpers and attributes of the same file:

```python bad
import torch


def build(model):
    return torch.optim.LBFGS(model.parameters(), lr=1, max_iter=20)


def train(model, optimizer, batches):
    for x, y in batches:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()  # HP161


train(model, build(model), loader)
```

## Looks like it, is not

Where the optimizer may be another one the call may be right, and a subclass may bring its own `step`.

```python good
import torch

if second_order:
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1)
else:
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
if second_order:
    optimizer.step(closure)
else:
    optimizer.step()
```

## References

- [torch.optim.LBFGS](https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html)
"""

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, expected, regex, rule, step_calls, tests_around

LBFGS = "torch.optim.LBFGS"
ASKS_WHICH = regex(r"isinstance|type|lbfgs|hasattr", re.IGNORECASE)


@rule(
    "HP161",
    "lbfgs-without-closure",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("LBFGS"),
)
def lbfgs_without_closure(file: File) -> Iterator[Draft]:
    for step in step_calls(file):
        if len(step.call.args) > step.by_scaler or not step.is_only(LBFGS) or expected(file, step.call, "TypeError"):
            continue
        if not any(ASKS_WHICH.search(test) for test in tests_around(file, step.call)):
            how = (
                "a gradient scaler steps it without a closure, which"
                if step.by_scaler
                else "`step()` without a closure"
            )
            message = f"`{file.source(step.thing)}` is an LBFGS: {how} raises TypeError"
            yield Draft(step.call, message, ((step.made[0].node, "constructed here"),))
