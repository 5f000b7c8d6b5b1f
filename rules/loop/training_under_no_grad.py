"""A loss is computed without gradients, and then differentiated.

Under `torch.no_grad()` or `torch.inference_mode()` nothing is recorded: the loss is a plain number in a tensor.
`backward` raises `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn` at the first
batch.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    with torch.no_grad():
        output = model(x)
        loss = criterion(output, y)
    loss.backward()  # HP196
    optimizer.step()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    output = model(x)
    loss = criterion(output, y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

A frozen backbone may work without gradients where a head is trained on what it gives; a target may be computed so.

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    with torch.no_grad():
        features = backbone(x)
        target = teacher(x)
    loss = torch.nn.functional.mse_loss(head(features), target)
    loss.backward()
    optimizer.step()
```

## References

- [torch.no_grad](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html)
- davidmascharka/tbd-nets#8
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, expected, is_test, rule, unrecorded


@rule(
    "HP196",
    "training-under-no-grad",
    level=Level.ERROR,
    topic="loop",
    since="0.1",
    subject=Files("no_grad", "inference_mode"),
)
def training_under_no_grad(file: File) -> Iterator[Draft]:
    if is_test(file) or "backward" not in file.text:
        return
    for step in file.steps:
        for backward, off in unrecorded(step):
            if not expected(file, backward.node, "RuntimeError"):
                switch = file.source(off)
                yield Draft(
                    backward.node,
                    f"the loss is computed under `{switch}` and has no graph: `backward` raises RuntimeError",
                    ((off, "gradients are switched off here"),),
                )
