"""A recurrent network of one layer ignores its `dropout`.

`nn.RNN`, `nn.LSTM` and `nn.GRU` apply `dropout` between their layers: to the output of every layer but the last.
With `num_layers=1`, the default, there is no "between". The model trains without the dropout that the code asks for,
so the gap between training and validation loss stays as wide as before, and tuning the number changes nothing.
PyTorch prints a `UserWarning` once, at construction, where it is easily lost among other output.

```python bad
from torch import nn

rnn = nn.LSTM(64, 128, dropout=0.5)  # HP137
```

Either stack layers, or drop values of the output with a layer of its own.

```python good
from torch import nn

stacked = nn.LSTM(64, 128, num_layers=2, dropout=0.5)
single = nn.LSTM(64, 128)
after = nn.Dropout(0.5)
```

## Looks like it, is not

When the number of layers comes from outside, one class serves both cases, and a conditional says so in the text.

```python good
from torch import nn


def encoder(size, num_layers, rate, **cfg):
    rnn = nn.GRU(size, size, num_layers=num_layers, dropout=0.3)
    lone = nn.GRU(size, size, num_layers=1, dropout=0.0)
    either = nn.GRU(size, size, num_layers, dropout=rate if num_layers > 1 else 0.0)
    open_ended = nn.GRU(size, size, dropout=0.3, **cfg)
    return rnn, lone, either, open_ended
```

## References

- [torch.nn.LSTM](https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html): `dropout` and `num_layers`.
- Shah et al., EMSE 2024, [arXiv 2401.03069](https://arxiv.org/abs/2401.03069): bug 060 of their benchmark holds a
  one-layer LSTM with dropout.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import BoundCall, Calls, Draft, Level, Presence, rule, settings, syntax


@rule(
    "HP137",
    "rnn-dropout-one-layer",
    level=Level.WARNING,
    topic="regularisation",
    hyperparameter="rnn-dropout",
    since="0.1",
    subject=Calls("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"),
)
def rnn_dropout_one_layer(call: BoundCall) -> Iterator[Draft]:
    layers, dropout = call.argument("num_layers"), call.argument("dropout")
    if dropout.node is None or layers.presence is Presence.UNKNOWN:
        return
    if layers.presence is Presence.PRESENT:
        count = layers.value.single
        if count is None or count.constant != 1:
            return
    # `rate if layers > 1 else 0` knows about this.
    if isinstance(dropout.node.value, syntax.Conditional):
        return
    for setting in settings(call, "dropout"):
        if setting.number is not None and setting.number > 0:
            yield Draft(
                dropout.node,
                f"{setting.says}, but this `{call.short}` has one layer and drops values between layers only: "
                "nothing is dropped",
                related=setting.related if setting.at is dropout.node else (),
            )
            return
