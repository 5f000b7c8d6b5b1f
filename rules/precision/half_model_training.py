"""The weights themselves are float16, and are trained by a plain optimizer.

float16 has 11 bits: an update that is smaller than about a 2000th of its weight is rounded away, so most steps of a
usual learning rate change nothing, and the second moments of Adam, which are squares of small gradients, are 0. The
loss falls for a while and stops, or becomes NaN: Adam's `eps=1e-8` is 0 in float16, and 0 / 0 is not a number. With a
scaler, `unscale_` raises `ValueError: Attempting to unscale FP16 gradients.` Mixed precision keeps the weights in
float32 and lets `autocast` choose where float16 is good enough.

```python bad
import torch

model = Network().cuda()
model.half()  # HP208
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x.half()), y)
    loss.backward()
    optimizer.step()
```

```python good
import torch

model = Network().cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

Half precision after training; a frozen part of a larger model; an optimizer that keeps copies in float32.

```python good
import torch
from apex.fp16_utils import FP16_Optimizer

backbone = Network().cuda().half()
head = Network().cuda()
optimizer = torch.optim.SGD(head.parameters(), lr=0.01)
for x, y in loader:
    optimizer.zero_grad()
    criterion(head(backbone(x).float()), y).backward()
    optimizer.step()
head.half()
```

## References

- Micikevicius et al., [Mixed Precision Training](https://arxiv.org/abs/1710.03740) (2018), section 3.1: the master copy
  of the weights.
- pytorch/pytorch#74739, magic-research/magic-animate#6
"""

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, halved_models, is_test, optimizers, regex, rule

COPIES = regex(
    r"master_?\w*(param|weight|cop|grad)|FP16_?Optimizer|apex|deepspeed|fp32_(param|copy|group)|"
    r"(from|import) +accelerate|(?<!torch\.)accelerator\.|fabric",
    re.IGNORECASE,
)
"""What keeps weights in float32 beside those in float16."""


@rule(
    "HP208",
    "half-model-training",
    level=Level.WARNING,
    topic="precision",
    hyperparameter="precision",
    since="0.1",
    subject=Files(".half()", "float16", "torch.half"),
)
def half_model_training(file: File) -> Iterator[Draft]:
    if is_test(file) or "backward" not in file.text or COPIES.search(file.text):
        return
    for optimizer in optimizers(file):
        for call in () if optimizer.inherited or optimizer.via else halved_models(file, optimizer):
            yield Draft(
                call,
                f"`{optimizer.short}` trains weights that are float16: small updates are rounded away",
                ((optimizer.node, "trained here, without a copy in float32"),),
            )
