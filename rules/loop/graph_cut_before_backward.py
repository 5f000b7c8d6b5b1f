"""The loss has lost its graph when `backward` is called.

`torch.tensor(loss, requires_grad=True)` is a new tensor with the value of the loss and no past. `backward` computes one
gradient, of that tensor, and stops; no weight has a gradient, and `optimizer.step()` skips all of them. No error is
raised: the loss stays at its first value, about ln(number of classes) for cross-entropy. The same is true of a loss of
`argmax`, `round` or `sign`, whose gradient is zero or does not exist. It is usually written to silence
`RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn`, which says just that.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss = torch.tensor(loss, requires_grad=True)  # HP195
    loss.backward()
    optimizer.step()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    prediction = model(x).argmax(dim=1).float()  # HP195
    loss = torch.nn.functional.mse_loss(prediction, y)
    loss.requires_grad = True
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

A detached part of a loss, such as a target, an advantage, or the straight-through estimator; an input that is optimised
itself.

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    code = encoder(x)
    quantised = code + (code.round() - code).detach()
    loss = torch.nn.functional.mse_loss(decoder(quantised), x) + torch.tensor(0.1) * code.abs().mean()
    loss.backward()
    optimizer.step()

image = torch.tensor(start, requires_grad=True)
for _ in range(100):
    loss = (model(image) - goal).pow(2).sum()
    loss.backward()
```

## References

- [torch.tensor](https://docs.pytorch.org/docs/stable/generated/torch.tensor.html) copies its data and keeps no graph.
- Stack Overflow 63020101 (`floor`) and 64513183; weizheliu/People-Flows#7
"""

from collections.abc import Iterator

from hplint.rule import (
    CutGraph,
    Draft,
    DraftFix,
    Level,
    Steps,
    TrainingStep,
    cut_graphs,
    is_test,
    replace,
    rule,
    within,
)


@rule("HP195", "graph-cut-before-backward", level=Level.ERROR, topic="loop", since="0.1", runtime=True, subject=Steps())
def graph_cut_before_backward(step: TrainingStep) -> Iterator[Draft]:
    for found in () if is_test(step.file) else cut_graphs(step):
        by = step.file.source(found.by).partition("\n")[0]
        what = "is a copy of the loss without its graph" if found.leaf else "passes no gradient on"
        yield Draft(
            found.by,
            f"`{by}` {what}: `backward` reaches no weight, nothing is trained",
            (*within(found.backward, "differentiated here"), (found.backward.at, "`backward` stops at it"))[-1:],
            fix(step, found),
        )


def fix(step: TrainingStep, found: CutGraph) -> DraftFix | None:
    """Take the loss itself."""
    if found.inner is None:
        return None
    inner = step.file.source(found.inner)
    plain = inner.replace("_", "").isalnum()
    return replace(found.by, inner, f"differentiate `{inner}` itself") if plain else None
