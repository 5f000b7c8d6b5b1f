"""A loss is given the targets first.

Losses of torch take the predictions first and the targets second. `CrossEntropyLoss` and `NLLLoss` raise on the swap.
`BCELoss` and `BCEWithLogitsLoss` do not: they compute another number, whose gradient has other minima; the loss goes
down, below zero with logits, and the accuracy does not follow.

```python bad
import torch

criterion = torch.nn.BCELoss()
for x, y in loader:
    output = model(x)
    loss = criterion(y, output)  # HP204
    loss.backward()
```

```python fixed
import torch

criterion = torch.nn.BCELoss()
for x, y in loader:
    output = model(x)
    loss = criterion(output, y)  # HP204
    loss.backward()
```

```python good
import torch

criterion = torch.nn.BCELoss()
for x, y in loader:
    output = model(x)
    loss = criterion(output, y)
    loss.backward()
```

## Looks like it, is not

Metrics of scikit-learn take the truth first, a loss of a project takes what it likes, and for the squared error the
order makes no difference.

```python good
import torch
from sklearn.metrics import log_loss

squared = torch.nn.MSELoss()
for x, y in loader:
    pred = model(x)
    loss = squared(y, pred) + my_loss(y, pred)
    score = log_loss(y, pred)
```

## References

- [torch.nn.BCELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html)
- advait/c4a0#35
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    is_prediction,
    is_target,
    loss_class,
    rule,
    syntax,
)

ASYMMETRIC = frozenset(
    {"CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "PoissonNLLLoss", "SoftMarginLoss"}
    | {"MultiLabelSoftMarginLoss", "MultiLabelMarginLoss", "MultiMarginLoss", "HingeEmbeddingLoss"}
)


@rule(
    "HP204",
    "loss-args-swapped",
    level=Level.WARNING,
    topic="loss",
    since="0.1",
    subject=Files("Loss", "cross_entropy", "nll_loss"),
)
def loss_args_swapped(file: File) -> Iterator[Draft]:
    for call in file.every(syntax.Call):
        if len(call.args) < 2 or any(each.star or each.keyword for each in call.args[:2]):
            continue
        first, second = call.args[0].value, call.args[1].value
        if is_prediction(file, first) or not is_prediction(file, second) or not is_target(file, first):
            continue
        if loss_class(file, call) not in ASYMMETRIC:
            continue
        one, other = file.source(first), file.source(second)
        edits = (DraftEdit(first.start, first.end, other), DraftEdit(second.start, second.end, one))
        yield Draft(
            call,
            f"`{file.source(call.func)}` takes the predictions first: `{one}` is measured against `{other}`",
            fix=DraftFix("swap the arguments", edits),
        )
