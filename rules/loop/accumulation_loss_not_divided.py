"""Gradients of several batches are added up, and the loss is not divided.

`backward` adds: after eight batches the gradients are eight times those of their mean. With SGD that is a learning
rate eight times as large as the one that was set; with clipping, eight times as many gradients are cut; Adam hides
most of it. No error is raised: runs that differ in the number of accumulated batches only have different losses, and
the run with the larger number becomes unstable first.

```python bad
import torch

for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()  # HP209
    if (i + 1) % accumulation_steps == 0:
        optimizer.step()
        optimizer.zero_grad()
```

```python fixed
import torch

for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    (loss / accumulation_steps).backward()  # HP209
    if (i + 1) % accumulation_steps == 0:
        optimizer.step()
        optimizer.zero_grad()
```

```python good
import torch

for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.cross_entropy(model(x), y) / accumulation_steps
    loss.backward()
    if (i + 1) % accumulation_steps == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Looks like it, is not

A loss that is a sum; gradients that are divided before the step; a learning rate that is.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1 / accumulation_steps)
for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    if (i + 1) % accumulation_steps == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## References

- agokrani/distillKitPlus#5 (the loss rose from 6 to 26 with 32 steps instead of 8), hirofumi0810/neural_sp#168,
  ApolloResearch/e2e_sae#70, huggingface/transformers#34191
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    Accumulation,
    Draft,
    DraftFix,
    Level,
    Role,
    Steps,
    TrainingStep,
    accumulations,
    is_scaled,
    is_test,
    mean_loss,
    regex,
    replace,
    rule,
    shown_in,
)

RESCALED = regex(r"grad\w*(\.data)?\s*(/=|\*=|=.*/)|grad\w*(\.data)?\.(mul_|div_)|accelerat|deepspeed|fabric")
SUM = regex(r"reduction\s*=\s*[\"']sum|size_average\s*=\s*False|num_items_in_batch|num_tokens|n_tokens")


@rule(
    "HP209",
    "accumulation-loss-not-divided",
    level=Level.WARNING,
    topic="loop",
    hyperparameter="gradient-accumulation-steps",
    since="0.1",
    subject=Steps(),
)
def accumulation_loss_not_divided(step: TrainingStep) -> Iterator[Draft]:
    file = step.file
    if "%" not in file.text or is_test(file) or RESCALED.search(file.text) or SUM.search(file.text):
        return
    for found in accumulations(step):
        every = file.source(found.every)
        if found.backward.elsewhere or found.step.elsewhere or found.backward.role is Role.ACCELERATOR:
            continue
        if shown_in(file, found.every, r"(/=?|\*)\s*(float\()?\s*\(?[\w.]*{}", file.text):
            continue
        around = file.text if step.function is None else file.source(step.function)
        if shown_in(file, found.every, r"{}\s*\*\*?|/=?\s*\(?[\w.]*(accum|acc_|grad_acc)", around):
            continue
        loss = mean_loss(step, found.backward)
        if loss is not None:
            yield Draft(
                found.backward.node,
                f"the gradients of `{every}` batches are added up and the loss is not divided by `{every}`: they are "
                "that many times too large",
                ((found.step.at, f"the step uses the sum of `{every}` batches"),),
                fix(step, found),
            )


def fix(step: TrainingStep, found: Accumulation) -> DraftFix | None:
    """Divide where the gradients are computed, if nothing scales there."""
    shown = step.file.source(found.backward.node)
    if is_scaled(step, found.backward) is not False or not re.fullmatch(r"\w+\.backward\(\)", shown):
        return None
    every = step.file.source(found.every)
    return replace(found.backward.node, f"({shown.partition('.')[0]} / {every}).backward()", f"divide by `{every}`")
