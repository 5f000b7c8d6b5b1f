"""The loop over epochs runs one epoch less than it is told.

`range(1, epochs)` stops before `epochs`: with `epochs = 10` it runs nine times, with `epochs = 1` not at all. No error
is raised. The log ends with epoch 9; a schedule of `epochs` steps never comes to its end, and the learning rate that
was meant for the last epoch is never used.

```python bad
import torch

for epoch in range(1, epochs):  # HP202
    train(model, optimizer, loader)
```

```python fixed
import torch

for epoch in range(1, epochs + 1):  # HP202
    train(model, optimizer, loader)
```

```python good
import torch

for epoch in range(1, epochs + 1):
    train(model, optimizer, loader)
```

## Looks like it, is not

A number that is one more already, and a run that goes on where another has stopped.

```python good
import torch

for epoch in range(1, 101):
    train(model, optimizer, loader)

num_epochs = 201
for epoch in range(1, num_epochs):
    train(model, optimizer, loader)

for epoch in range(start_epoch, epochs):
    train(model, optimizer, loader)
```

## References

- facebookresearch/DME#5, GANtastic3/MaskCycleGAN-VC#8, seanbenhur/siamese_net#3, jwyang/faster-rcnn.pytorch#92,
  tensorflow/models#3496
"""

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, followed, is_test, regex, replace, rule, syntax, trains_each_round

EPOCHS = regex(r"(?:(?:num|n|max|total|nb|no|number|of|train|training|update|m)_?)*epochs?|(?:max|num)Epochs?", re.I)


@rule(
    "HP202",
    "epoch-off-by-one",
    level=Level.WARNING,
    topic="loop",
    hyperparameter="epochs",
    since="0.1",
    subject=Files("range(1"),
)
def epoch_off_by_one(file: File) -> Iterator[Draft]:
    for loop in () if is_test(file) else file.every(syntax.For):
        match loop.iter:
            case syntax.Call(func=syntax.Name(id="range"), args=(first, last)) if not (first.star or last.star):
                pass
            case _:
                continue
        bound, start = last.value, first.value
        if not isinstance(start, syntax.Literal) or start.value != 1:
            continue
        name = bound.attr if isinstance(bound, syntax.Attribute) else getattr(bound, "id", "")
        if not EPOCHS.fullmatch(name) or counts_one_more(file, bound) or not trains_each_round(file, loop):
            continue
        shown = file.source(bound)
        message = f"the loop ends before `{shown}`: it runs `{shown} - 1` epochs"
        yield Draft(loop.iter, message, fix=replace(bound, f"{shown} + 1", "run the last epoch too"))


def counts_one_more(file: File, bound: syntax.Expr) -> bool:
    """Whether a bound is one more than a number of epochs: 101, or ``epochs + 1``."""
    if isinstance(followed(file, bound), syntax.Binary):
        return True
    known = [each.constant for each in file.value(bound).possible]
    return any(isinstance(number, int) and number > 1 and number % 5 == 1 for number in known)
