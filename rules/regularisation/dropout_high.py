"""Dropout that removes most of the values.

`p` is the share of values that is set to 0. With `p=0.8` four out of five activations are missing in each training
step; what is left is noise to the next layer, and the network learns little more than the mean of the targets. The
training loss stays high, far above the validation loss, where dropout is off. The usual 0.1 in transformers and 0.2 to
0.5 in fully connected layers keep half of the values at least. A rate of 0.8 or 0.9 is often a *keep* probability, as
old papers and TensorFlow 1 give it: a paper's 0.8 is `p=0.2` here.

```python bad
from torch import nn

head = nn.Sequential(
    nn.Linear(512, 256),
    nn.ReLU(),
    nn.Dropout(p=0.8),  # HP226
    nn.Linear(256, 10),
)
```

```python good
from torch import nn

head = nn.Sequential(
    nn.Linear(512, 256),
    nn.ReLU(),
    nn.Dropout(p=0.2),
    nn.Linear(256, 10),
)
```

## Looks like it, is not

Networks on small citation graphs take 0.6 and more: where a file imports `torch_geometric` or `dgl` this rule is
pedantic. A rate that a caller chooses is the caller's.

```python good
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    def __init__(self, rate, dropout=0.6):
        super().__init__()
        self.drop = nn.Dropout(rate)
        self.dropout = dropout

    def forward(self, x):
        return F.dropout(self.drop(x), self.dropout, training=self.training)
```

## References

- [torch.nn.Dropout](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html): `p` is the probability of an
  element to be zeroed.
- Srivastava et al., JMLR 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", section A.4:
  between 0.5 and 0.8 of hidden units are *kept*. Velickovic et al., "Graph Attention Networks" (arXiv 1710.10903):
  0.6.
- Of 433 literal rates in public code six are above 0.5, five of them 0.6 on purpose; 0.8 is a case of Shah et al.,
  "Towards Enhancing the Reproducibility of Deep Learning Bugs" (arXiv 2401.03069).
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, rule, settings, syntax, thresholds, torch_roles

_STACKS = ("MultiheadAttention", "Transformer", "TransformerDecoderLayer", "TransformerEncoderLayer")
_LAYERS = frozenset(f"torch.nn.{name}" for name in (*torch_roles.DROPOUT, *torch_roles.RECURRENT, *_STACKS))
_DROPPING = _LAYERS | {f"torch.nn.functional.{name}" for name in torch_roles.FUNCTIONAL_DROPOUT}
_GRAPHS = frozenset({"dgl", "torch_geometric"})


@rule(
    "HP226",
    "dropout-high",
    level=Level.WARNING,
    topic="regularisation",
    hyperparameter="dropout",
    since="0.1",
    subject=Files("ropout", "LSTM", "GRU", "RNN", "Transformer", "MultiheadAttention"),
)
def dropout_high(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.name not in _DROPPING:
            continue
        for setting in settings(call, "p", "dropout"):
            rate = setting.number
            level = None if rate is None or rate >= 1 else thresholds.DROPOUT.level(rate)
            if rate is not None and level is not None:
                message = f"{setting.says}: `{call.short}` removes {rate:.0%} of the values in each training step"
                level = Level.PEDANTIC if _is_about_graphs(file) else level
                yield Draft(setting.at, message, setting.related, level=level)


def _is_about_graphs(file: File) -> bool:
    """Whether a file works on graphs, where rates of 0.6 to 0.9 are those of published recipes."""
    named = [
        name for each in file.every(syntax.Import) for name in (each.module or "", *(name for name, _ in each.names))
    ]
    return any(name.partition(".")[0] in _GRAPHS for name in named)
