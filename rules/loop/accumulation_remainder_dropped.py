"""The last batches of an epoch are never stepped on.

The optimizer steps after each N-th batch. Where the number of batches is no multiple of N, the gradients of the rest
are left at the end of the epoch: they are thrown away, or stay and are added to the first group of the next epoch,
which is then too large. With 100 batches and N = 32 four batches of each epoch are lost, with fewer than N batches all
of them: the loss never moves. Off by default: with many batches in an epoch, a few that are lost do no harm.

```python bad
import torch

for epoch in range(epochs):
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y) / 32
        loss.backward()
        if (i + 1) % 32 == 0:
            optimizer.step()  # HP215
            optimizer.zero_grad()
```

```python fixed
import torch

for epoch in range(epochs):
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y) / 32
        loss.backward()
        if (i + 1) % 32 == 0 or i + 1 == len(loader):
            optimizer.step()  # HP215
            optimizer.zero_grad()
```

```python good
import torch

for epoch in range(epochs):
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y) / 32
        loss.backward()
        if (i + 1) % 32 == 0 or i + 1 == len(loader):
            optimizer.step()
            optimizer.zero_grad()
```

## Looks like it, is not

A step after the loop, and a count that goes on over all epochs.

```python good
import torch

for epoch in range(epochs):
    for i, (x, y) in enumerate(loader):
        (criterion(model(x), y) / 32).backward()
        if (i + 1) % 32 == 0:
            optimizer.step()
            optimizer.zero_grad()
    optimizer.step()
    optimizer.zero_grad()

seen = 0
for x, y in stream:
    (criterion(model(x), y) / 32).backward()
    seen += 1
    if seen % 32 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## References

- timoschick/pet#36, tomhosking/torchseq#8, NVIDIA-NeMo/Automodel#2257, meta-pytorch/torchtune#2745,
  huggingface/transformers#14309, Lightning-AI/pytorch-lightning#19987
"""

from collections.abc import Iterator

from hplint.rule import (
    Accumulation,
    Draft,
    DraftFix,
    EventKind,
    File,
    Files,
    Level,
    accumulations,
    counted_data,
    is_test,
    replace,
    rule,
    training_loops,
)


@rule(
    "HP215",
    "accumulation-remainder-dropped",
    level=Level.PEDANTIC,
    topic="loop",
    hyperparameter="gradient-accumulation-steps",
    since="0.1",
    subject=Files("%"),
)
def accumulation_remainder_dropped(file: File) -> Iterator[Draft]:
    if is_test(file) or "enumerate(" not in file.text or "backward" not in file.text:
        return
    for loop in training_loops(file):
        stepped = {event.target for event in loop.outside if event.kind is EventKind.STEP}
        for found in accumulations(loop.step):
            counted = counted_data(file, loop.step.loop, found)
            alone = found.step.guards == (found.guard,) and found.step.via is None
            if counted is None or not alone or found.step.target in stepped or step_twice(loop.step.events, found):
                continue
            every = file.source(found.every)
            message = f"`{found.step.target}` steps on each group of `{every}` batches only: "
            message += "the rest at the end of the epoch is lost or leaks into the next"
            yield Draft(found.step.node, message, fix=fix(file, found, *counted))


def step_twice(events: tuple[object, ...], found: Accumulation) -> bool:
    """Whether another step in the loop takes the rest."""
    others = [each for each in events if getattr(each, "kind", None) is EventKind.STEP and each is not found.step]
    return any(getattr(each, "target", None) == found.step.target for each in others)


def fix(file: File, found: Accumulation, counter: str, data: str) -> DraftFix | None:
    """Step after the last batch too."""
    test = file.source(found.guard.test)
    if f"({counter} + 1) %" not in test or " and " in test:
        return None
    return replace(found.guard.test, f"{test} or {counter} + 1 == len({data})", "step after the last batch too")
