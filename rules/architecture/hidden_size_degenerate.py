"""A hidden layer with a single unit.

All that the layers behind it can see of an input is one number. A classifier with `nn.Linear(784, 1)` in its middle
has to lay all classes out on a line; behind a ReLU, on half a line, and when that one unit starts on the wrong side it
gives 0 for everything and never gets a gradient again. The loss stays near ln(K), 2.303 for ten classes. Usually it is
a digit that was lost, or the output size of another version of the network.

```python bad
from torch import nn

net = nn.Sequential(
    nn.Linear(784, 1),  # HP243
    nn.ReLU(),
    nn.Linear(1, 10),
)
```

```python good
from torch import nn

net = nn.Sequential(
    nn.Linear(784, 128),
    nn.ReLU(),
    nn.Linear(128, 10),
)
```

## Looks like it, is not

A score that weighs something, a single output behind the single unit, the gate of a squeeze-and-excitation block, the
code of an autoencoder, an input of one or two numbers.

```python good
import torch
from torch import nn


class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(64, 1)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head((torch.softmax(self.score(x), dim=1) * x).sum(dim=1))


autoencoder = nn.Sequential(nn.Linear(64, 1), nn.Tanh(), nn.Linear(1, 64))
curve = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
```

## References

- Humbatova et al., "Taxonomy of Real Faults in Deep Learning Systems" (ICSE 2020): wrong number of neurons in a layer.
- A code of one number on purpose is a case of Shah et al., "Towards Enhancing the Reproducibility of Deep Learning
  Bugs" (arXiv 2401.03069).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, follows, is_test, number, regex, rule, torch_roles

_BETWEEN = torch_roles.DROPOUT | {"ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "BatchNorm1d"}
_MEANT = regex(r"auto_?encod|encoder|decoder|latent|(?<![a-z])v?ae(?![a-z])|gate|excit|rank", re.IGNORECASE)
_FEW = 4
"""Inputs of a toy problem, or of a curve."""


@rule(
    "HP243",
    "hidden-size-degenerate",
    level=Level.WARNING,
    topic="architecture",
    hyperparameter="hidden-layers-and-units",
    since="0.1",
    subject=Files("Linear"),
)
def hidden_size_degenerate(file: File) -> Iterator[Draft]:
    for second in file.flows.steps:
        if second.kind != "Linear" or number(second, "in_features") != 1 or second.layer is None:
            continue
        first = follows(second, _BETWEEN)
        if first is None or first.kind != "Linear" or first.layer is None or number(first, "out_features") != 1:
            continue
        given, result = number(first, "in_features"), number(second, "out_features")
        if given is None or result is None or given <= _FEW or not 1 < result < given or first.layer.file is not file:
            continue
        if is_test(file) or _MEANT.search(file.text):
            return
        yield Draft(
            first.layer.call,
            f"`{file.source(first.layer.call)}` is a hidden layer with a single unit: it leaves one number of {given} "
            f"for the {result} outputs behind it",
        )
        return
