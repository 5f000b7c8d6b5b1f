"""A model is evaluated in training mode.

In training mode dropout removes values at random and batch normalisation uses the mean of the batch at hand. Without
`model.eval()` a validation or test loop measures that network, not the one that will be used: scores are worse, differ
from run to run and depend on the batch size. Batch normalisation even learns from the test data, for its running
statistics are updated in every forward pass, `torch.no_grad()` or not. Nothing is raised.

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))


def test(loader):
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()  # HP153
    return correct


for epoch in range(3):
    model.train()
    train_one_epoch()
    print(test(test_loader))
```

```python fixed
import torch
from torch import nn

model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))


def test(loader):
    correct = 0
    with torch.no_grad():
        model.eval()
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()  # HP153
    return correct


for epoch in range(3):
    model.train()
    train_one_epoch()
    print(test(test_loader))
```

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))


def test(loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()
    return correct


for epoch in range(3):
    model.train()
    train_one_epoch()
    print(test(test_loader))
```

It is a warning where the layers of the model are not in view, but somebody calls `model.train()`: then modes matter.

## Looks like it, is not

The caller may switch the mode. A model without dropout and batch normalisation has no modes. A class of the project
with a `__call__` of its own may switch the mode in there. Monte Carlo dropout evaluates in training mode on purpose,
and says so in a name.

```python good
import torch
from torch import nn


def evaluate(model, loader):
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)


def predict_mc_dropout(model, test_loader):
    model.train()
    with torch.no_grad():
        for x, y in test_loader:
            print(model(x))


plain = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.LayerNorm(64), nn.Linear(64, 10))
with torch.no_grad():
    for x, y in test_loader:
        print(plain(x).argmax(1) == y)
```

## References

- [torch.nn.Module.eval](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval)
- wolny/pytorch-3dunet#53, princeton-vl/pytorch_stacked_hourglass#44, ipolharvard/ethos-ares#20: scores that were wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    Evaluation,
    File,
    Files,
    Level,
    calls_its_own_way,
    evaluations,
    insert_line,
    is_test,
    made_by,
    rule,
    switched_layers,
    syntax,
)


@rule(
    "HP153",
    "eval-mode-missing",
    level=Level.ERROR,
    topic="evaluation",
    hyperparameter="dropout",
    since="0.1",
    runtime=True,
    subject=Files("torch"),
)
def eval_mode_missing(file: File) -> Iterator[Draft]:
    told: set[tuple[int, str]] = set()
    for found in () if is_test(file) else evaluations(file):
        switch, name = found.training, file.source(found.model)
        place = ((found.loop or found.forward).start, name)
        if switch is None or place in told:
            continue
        made = made_by(file, found.model)
        layers = [switched_layers(file, call) for call in made]
        at_work = next((each for each in layers if each), None)
        asked = isinstance(switch.at, syntax.Call)
        if not at_work and (not asked or (layers and None not in layers)):
            continue
        if any(calls_its_own_way(file, call) for call in made):
            continue
        told.add(place)
        what = f"`{at_work[0]}` is" if at_work else "dropout and batch normalisation, if it holds any, are"
        since = "since `train()` was called" if asked else "as every new model is"
        yield Draft(
            found.forward,
            f"`{name}` is evaluated in training mode, {since}: {what} at work in its scores",
            ((switch.at, "put into training mode here" if asked else "constructed here"),),
            _fix(file, found, name),
            None if at_work else Level.WARNING,
        )


def _fix(file: File, found: Evaluation, name: str) -> DraftFix | None:
    """Only where training mode comes back before the next training."""
    if found.elsewhere or not found.returns_to_training or not re.fullmatch(r"[\w.]+", name):
        return None
    first = found.loop if found.loop is not None else found.function and found.function.body[0]
    return None if first is None else insert_line(file, first, f"{name}.eval()", "evaluate in evaluation mode")
