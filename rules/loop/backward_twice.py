"""`backward` is called twice on one loss.

The first `backward` frees what the graph has stored. The second raises `RuntimeError: Trying to backward through the
graph a second time`, at the first batch. With `retain_graph=True` it would run, and every gradient would be twice as
large, as each `backward` adds to the gradients that are there.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()  # HP200
    optimizer.step()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
```

## Looks like it, is not

The same name for two losses, two branches, or a graph that is kept on purpose.

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward(retain_graph=True)
    first = [p.grad.clone() for p in model.parameters()]
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    loss = criterion(model(-x), y)
    loss.backward()
    optimizer.step()
```

## References

- [torch.Tensor.backward](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html)
"""

from collections.abc import Iterator

from hplint.rule import Draft, Level, Steps, TrainingStep, again, expected, is_test, rule


@rule("HP200", "backward-twice", level=Level.ERROR, topic="loop", since="0.1", subject=Steps())
def backward_twice(step: TrainingStep) -> Iterator[Draft]:
    for first, second in () if is_test(step.file) else again(step):
        if not expected(step.file, second.node, "RuntimeError"):
            yield Draft(
                second.node,
                f"`{second.target}` is differentiated a second time: its graph is gone, `backward` raises RuntimeError",
                ((first.node, "the first `backward` frees the graph"),),
            )
