"""An optimizer is built and its gradients are cleared, and it never steps.

`backward` only computes gradients; `optimizer.step()` moves the weights. Without it nothing is learnt. No error is
raised: the loss stays at its first value, about ln(number of classes) for cross-entropy, whatever the learning rate.

```python bad
import torch

model = torch.nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()  # HP198
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
```

```python good
import torch

model = torch.nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

An attack or a saliency map needs gradients and no step. An optimizer that is handed on may be stepped elsewhere.

```python good
import torch

model = torch.nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    accelerated_step(optimizer)

for x, y in loader:
    x.requires_grad_()
    model.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    x = x + 0.01 * x.grad.sign()
```

## References

- [torch.optim.Optimizer.step](https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.step.html)
- TrainCheck (OSDI 2025) has a missing step among its silent errors.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, never_stepped, rule


@rule(
    "HP198",
    "optimizer-step-missing",
    level=Level.ERROR,
    topic="loop",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("zero_grad"),
)
def optimizer_step_missing(file: File) -> Iterator[Draft]:
    if is_test(file) or "backward" not in file.text:
        return
    for call, clear in never_stepped(file):
        name = file.source(clear.value)
        message = f"`{name}` clears gradients here and never steps: no weight changes"
        yield Draft(clear, message, ((call.node, "constructed here"),))
