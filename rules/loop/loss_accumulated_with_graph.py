"""Losses are added up as tensors, with the graphs that they were computed by.

`total += loss` makes a tensor that remembers every batch: to the graph of the sum belong the graphs of all losses so
far. `backward` frees the activations in them, but not the graphs themselves, nor what custom functions keep: memory
grows from batch to batch, and is given back at the end of the epoch only. A long epoch gets slower, or dies near its
end with `out of memory`; printing shows `tensor(…, grad_fn=<AddBackward0>)`. Where the sum is only logged, a number is
enough.

```python bad
import torch

total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss  # HP194
print(total / len(loader))
```

```python fixed
import torch

total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss.detach()  # HP194
print(total / len(loader))
```

```python good
import torch

total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss.item()
print(total / len(loader))
```

## Looks like it, is not

A name that holds the number already; losses that are added up to be differentiated together.

```python good
import torch

total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    loss = loss.item()
    total += loss

for x, y in loader:
    optimizer.zero_grad()
    loss = 0
    for head in heads:
        loss += criterion(head(x), y)
    loss.backward()
    optimizer.step()
```

## References

- [PyTorch FAQ](https://docs.pytorch.org/docs/stable/notes/faq.html): "Don't accumulate history across your training
  loop".
- horovod/horovod#641, google/brax#152, ray-project/ray#40940, boschresearch/Continuous-Recurrent-Units#4
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    KeptLoss,
    Level,
    Safety,
    Steps,
    TrainingStep,
    is_test,
    kept_losses,
    replace,
    rule,
    syntax,
)


@rule("HP194", "loss-accumulated-with-graph", level=Level.WARNING, topic="loop", since="0.1", subject=Steps())
def loss_accumulated_with_graph(step: TrainingStep) -> Iterator[Draft]:
    if is_test(step.file) or ("+" not in step.file.text and ".append(" not in step.file.text):
        return
    told: set[int] = set()
    for found in kept_losses(step):
        if found.at.start in told:
            continue
        told.add(found.at.start)
        kept = step.file.source(found.kept)
        yield Draft(
            found.at,
            f"`{kept}` keeps the graph of every `{step.file.source(found.value)}`: memory grows with each batch",
            ((found.backward, "the gradients are computed here, and never through the sum"),),
            fix(step, found),
        )


def fix(step: TrainingStep, found: KeptLoss) -> DraftFix | None:
    """Leave the graph behind where the loss itself is added."""
    if not isinstance(found.value, syntax.Name):
        return None
    return replace(found.value, f"{found.value.id}.detach()", "leave the graph behind", Safety.SAFE)
