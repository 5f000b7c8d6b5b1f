"""A dropout rate of 1 drops everything.

The rate is the share of values that is *removed*. With `p=1` nothing passes: the output is zero for every input, no
gradient reaches the layers in front, and they stay at their initial weights. PyTorch accepts it silently, and so it
accepts `True`, which counts as 1. The loss stops at the value that the biases behind the dropout can reach (about
2.303 for ten classes), while evaluation, where dropout is off, shows the output of layers that never learned.

It is usually a flag given where a rate is expected, or a "keep" probability from an old paper or from TensorFlow 1,
where 1 meant "drop nothing".

```python bad
from torch import nn

use_dropout = True
by_flag = nn.Dropout(use_dropout)  # HP134
by_keep_probability = nn.Dropout(p=1.0)  # HP134
rnn = nn.LSTM(64, 64, num_layers=2, dropout=1)  # HP134
```

The function takes the rate before the flag that says whether the model is in training.

```python bad
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def forward(self, x):
        return F.dropout(x, self.training)  # HP134
```

```python good
from torch import nn

use_dropout = True
by_flag = nn.Dropout(0.5) if use_dropout else nn.Identity()
nothing_dropped = nn.Dropout(p=0.0)
rnn = nn.LSTM(64, 64, num_layers=2, dropout=0.2)
```

## Looks like it, is not

A rate that is 1 in one of several cases is a choice: an ablation, or a schedule. A test takes 1 to see that everything
is dropped; a flag stays a mistake there too.

```python good
from torch import nn


def head(ablate, rate, **cfg):
    off = nn.Dropout(1.0 if ablate else 0.5)
    return nn.Sequential(off, nn.Dropout(rate), nn.Dropout(**cfg))


def test_everything_is_dropped(x):
    assert not nn.Dropout(p=1.0)(x).any()
```

## References

- [torch.nn.Dropout](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html): `p` is the probability of an
  element to be zeroed.
- Tried on torch 2.13: `nn.Dropout(1.0)` and `nn.Dropout(True)` construct, and every output is zero.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    OriginKind,
    in_test,
    rule,
    settings,
    syntax,
    torch_roles,
)

_STACKS = {"MultiheadAttention", "Transformer", "TransformerDecoderLayer", "TransformerEncoderLayer"}
_CALLED = frozenset(
    {f"torch.nn.{name}" for name in torch_roles.DROPOUT | torch_roles.RECURRENT | _STACKS}
    | {f"torch.nn.functional.{name}" for name in torch_roles.FUNCTIONAL_DROPOUT}
)


@rule(
    "HP134",
    "dropout-one-or-bool",
    level=Level.ERROR,
    topic="regularisation",
    hyperparameter="dropout",
    since="0.1",
    subject=Files(),
)
def dropout_one_or_bool(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.name not in _CALLED:
            continue
        rate = call.argument("p").node
        if rate is not None and isinstance(rate.value, syntax.Attribute) and rate.value.attr == "training":
            yield Draft(
                rate, f"the rate `p` is given the flag `training`: `{call.short}` zeroes every value in training"
            )
        for setting in settings(call, "p", "dropout"):
            flag = setting.constant is True
            # Of several values, 1 is one that somebody chose; so is a caller's 1 as the default of a parameter.
            chosen = len(setting.argument.value.possible) > 1 or (
                setting.origin.kind is OriginKind.PARAMETER and not setting.closed and not flag
            )
            if setting.constant in (1, 1.0) and not chosen and (flag or not in_test(file, call.node)):
                why = "a flag counts as the rate 1" if flag else "the rate is the share that is removed"
                yield Draft(setting.at, f"{setting.says}: {why}, so `{call.short}` zeroes every value", setting.related)
