"""The optimizer steps, and nothing computes gradients.

A loop that clears gradients, computes a loss and steps, without `loss.backward()`. Every `.grad` is `None`, and `step`
skips such weights without a word. The loss stays at its first value, about ln(number of classes) for cross-entropy.

```python bad
import torch

model = torch.nn.Linear(784, 10)
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    optimizer.step()  # HP199
    print(loss.item())
```

## Looks like it, is not

Code that is not in view may compute the gradients.

```python good
import torch
from project import train_on_batch

model = torch.nn.Linear(784, 10)
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    train_on_batch(model, criterion(model(x), y))
    optimizer.step()
```

```python good
import torch

model = torch.nn.Linear(784, 10)
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## References

- [torch.Tensor.backward](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html)
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, rule, without_gradients


@rule(
    "HP199", "backward-missing", level=Level.ERROR, topic="loop", since="0.1", runtime=True, subject=Files("zero_grad")
)
def backward_missing(file: File) -> Iterator[Draft]:
    for found in () if is_test(file) else without_gradients(file):
        name = file.source(found.optimizer)
        yield Draft(
            found.step,
            f"`{name}` steps, but nothing calls `backward`: there are no gradients, and no weight changes",
            ((found.loss, "the loss is computed here"), (found.clear, "gradients are cleared here")),
        )
