"""Gradients are computed in float16, and the loss is not scaled.

`autocast("cuda")` works in float16 unless it is told otherwise. Gradients below 6e-8 are zero in float16, and those of
many layers are that small: their weights do not learn. No error is raised. The loss goes down at first, and stays above
that of a run in float32; the more so the deeper the network. `GradScaler` multiplies the loss before `backward` and
divides before the step. bfloat16 needs none.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    loss.backward()  # HP207
    optimizer.step()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

Evaluation needs no scaler, and code that is not in view may scale.

```python good
import torch

with torch.no_grad(), torch.autocast("cuda"):
    loss = criterion(model(x), y)

for x, y in loader:
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    accelerator.backward(loss)
```

## References

- [Gradient scaling](https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling)
- engichang1467/Open-Rig3R#35, Stack Overflow 72534859
"""

from collections.abc import Iterator

from hplint.rule import Draft, Level, Steps, TrainingStep, is_test, rule, unscaled_halves


@rule(
    "HP207",
    "fp16-autocast-without-scaler",
    level=Level.WARNING,
    topic="precision",
    hyperparameter="loss-scale",
    since="0.1",
    subject=Steps(),
)
def fp16_autocast_without_scaler(step: TrainingStep) -> Iterator[Draft]:
    if is_test(step.file) or step.owned:
        return
    for backward, cast in unscaled_halves(step):
        message = "`backward` computes gradients in float16 and no scaler scales the loss: small ones become 0"
        yield Draft(backward, message, ((cast.node, "float16 unless `dtype=torch.bfloat16` is given"),))
