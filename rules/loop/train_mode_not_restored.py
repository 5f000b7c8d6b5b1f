"""Training goes on in evaluation mode after the first evaluation.

`model.eval()` switches the model for good: dropout is off and batch normalisation uses its running statistics until
`model.train()` is called. Where that is called only before the loop, the first epoch is trained as it should be and all
others are not. No error is raised. At the second epoch the training loss drops suddenly, as dropout is gone; the
running statistics are those of the first epoch; validation gets worse than it could be, the more so the more dropout
there is.

```python bad
import torch

model.train()
for epoch in range(10):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()  # HP197
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum() for x, y in val_loader)
```

```python fixed
import torch

model.train()
for epoch in range(10):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()  # HP197
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum() for x, y in val_loader)
```

```python good
import torch

for epoch in range(10):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum() for x, y in val_loader)
```

An evaluation every few batches does the same to the rest of the epoch.

## Looks like it, is not

A network that is frozen on purpose is put into evaluation mode before it is trained; a helper may put the mode back.

```python good
import torch


def evaluate(model, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum() for x, y in loader)
    model.train(was_training)
    return hits


for epoch in range(10):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    evaluate(model, val_loader)

for epoch in range(10):
    frozen.eval()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(frozen(x), y)
        loss.backward()
        optimizer.step()
```

## References

- [torch.nn.Module.eval](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval)
- fartashf/vsepp#4 (the results changed), HazyResearch/metal#70, Stack Overflow 66664400
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    LeftInEval,
    Level,
    insert_line,
    is_test,
    left_in_eval,
    rule,
    within,
)


@rule(
    "HP197",
    "train-mode-not-restored",
    level=Level.ERROR,
    topic="loop",
    since="0.1",
    runtime=True,
    subject=Files(".eval()"),
)
def train_mode_not_restored(file: File) -> Iterator[Draft]:
    for found in () if is_test(file) else left_in_eval(file):
        model = found.switch.target
        yield Draft(
            found.switch.node,
            f"`{model}` stays in evaluation mode: from the second round on it is trained without dropout and with "
            "frozen statistics",
            (*within(found.switch, "switched here"), (found.forward.at, "trained here, and not switched back before")),
            fix(file, found),
        )


def fix(file: File, found: LeftInEval) -> DraftFix | None:
    """Put the model into training mode at the top of each round."""
    model, first = found.switch.target, found.loop.body[0]
    if model is None or not all(part.isidentifier() for part in model.split(".")):
        return None
    return insert_line(file, first, f"{model}.train()", "put it back into training mode")
