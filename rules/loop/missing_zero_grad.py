"""A training loop never clears its gradients.

`backward` adds to the gradients that are there. In a loop without `zero_grad` each step uses the sum over all batches
since the start: a growing average that follows old data, in ever longer steps. No error is raised. The loss goes down
for some batches, then swings or explodes; a smaller learning rate only delays it.

```python bad
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()  # HP152
    optimizer.step()
```

```python fixed
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = torch.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()  # HP152
    optimizer.step()
```

```python good
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

Once an epoch is not enough, and a step in a function is seen from the loop that calls it:

```python bad
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train_step(x, y):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


for epoch in range(3):
    optimizer.zero_grad()
    for x, y in loader:
        train_step(x, y)  # HP152
```

It is a warning where the optimizer comes from code that is not in view.

## Looks like it, is not

Gradients may be added up over several batches on purpose, and then are cleared after the step. A step that is not in a
loop starts with no gradients.

```python good
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.cross_entropy(model(x), y) / 8
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        for p in model.parameters():
            p.grad = None


def one_step(x, y):
    torch.nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

## References

- [torch.optim.Optimizer.zero_grad](https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html)
- huggingface/transformers#340, meta-pytorch/torchforge#71, tenstorrent/tt-blacksmith#711: loops that did not clear.
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    Uncleared,
    insert_line,
    is_test,
    never_cleared,
    rule,
    stepped,
    training_loops,
    within,
)


@rule(
    "HP152",
    "missing-zero-grad",
    level=Level.ERROR,
    topic="loop",
    since="0.1",
    runtime=True,
    subject=Files("backward", "optim"),
)
def missing_zero_grad(file: File) -> Iterator[Draft]:
    if is_test(file):
        return
    for loop in training_loops(file):
        for found in never_cleared(loop):
            backward, step = found.backward, found.step
            name = step.target or "the optimizer"
            often = "in this loop: each `backward` adds to the gradients of all batches before"
            if found.elsewhere is not None:
                often = "inside this loop, only around it: the batches of one round pile up"
            related = [*within(backward, "gradients are added here"), (step.at, f"`{name}` uses them here")]
            if found.elsewhere is not None:
                related.append((found.elsewhere.at, "cleared here, outside of the loop"))
            yield Draft(
                backward.node,
                f"the gradients of `{name}` are never cleared {often}",
                tuple(related),
                _fix(file, found),
                None if found.certain else Level.WARNING,
            )


def _fix(file: File, found: Uncleared) -> DraftFix | None:
    """Clear before ``backward``, or after the step where gradients are added up over several rounds."""
    backward, step = found.backward, found.step
    optimizer = stepped(step)
    if backward.via or step.via or optimizer is None or not re.fullmatch(r"[\w.]+", file.source(optimizer)):
        return None
    line = f"{file.source(optimizer)}.zero_grad()"
    together = step.guards == backward.guards and not step.loops and not backward.loops and not step.closure
    at = backward.node if together or step.closure else step.node
    return insert_line(file, at, line, "clear the gradients", after=at is step.node)
