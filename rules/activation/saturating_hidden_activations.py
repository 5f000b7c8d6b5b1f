"""Three or more hidden layers in a row end in sigmoid or tanh.

The slope of a sigmoid is a quarter at most, and next to nothing where it is close to 0 or 1; that of tanh is 1 at 0
and falls likewise. Gradients are multiplied by it layer by layer: behind three sigmoids at most one part in 64
arrives. The first layers hardly move, the loss stays on a plateau for many epochs, and gradient norms shrink from
layer to layer towards the input. ReLU, GELU or SiLU, or a normalisation in between, keep the gradient's size. Off by
default: tanh is usual in policies of reinforcement learning and in networks for differential equations.

```python bad
from torch import nn

net = nn.Sequential(
    nn.Linear(20, 64),
    nn.Sigmoid(),
    nn.Linear(64, 64),
    nn.Sigmoid(),
    nn.Linear(64, 64),
    nn.Sigmoid(),  # HP242
    nn.Linear(64, 1),
)
```

```python good
from torch import nn

net = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 1),
)
```

## Looks like it, is not

A single one at the output, or a normalisation between them.

```python good
from torch import nn

net = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.Tanh(),
    nn.LayerNorm(64),
    nn.Linear(64, 64),
    nn.Tanh(),
    nn.Linear(64, 1),
    nn.Sigmoid(),
)
```

## References

- Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
- Cao et al., "DeepFD" (ICSE 2022): the activation is the most frequent fault of its benchmark, 25 of 58. Zhang et al.,
  "AutoTrainer" (ICSE 2021): vanishing gradients.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Step, follows, rule, torch_roles

_SATURATING = frozenset({"Sigmoid", "Tanh"})
_THROUGH = torch_roles.LINEAR_OR_CONVOLUTION | torch_roles.DROPOUT | {"Identity", "Flatten", "flatten", "view"}
_HIDDEN = 3


@rule(
    "HP242",
    "saturating-hidden-activations",
    level=Level.PEDANTIC,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    subject=Files("igmoid", "anh"),
)
def saturating_hidden_activations(file: File) -> Iterator[Draft]:
    for step in file.flows.steps:
        if step.kind in torch_roles.LINEAR_OR_CONVOLUTION and step.file is file:
            last = follows(step)
            if last is not None and _in_a_row(last) == _HIDDEN:
                yield Draft(
                    last.node,
                    f"`{file.source(last.node).partition(chr(40))[0]}` is the third in a row: gradients shrink at each "
                    "of them, and the first layers hardly learn",
                )
                return


def _in_a_row(step: Step | None) -> int:
    """How many saturating activations follow each other up to here, with nothing but layers in between."""
    count = 0
    while step is not None and step.kind in _SATURATING and count < _HIDDEN:
        count += 1
        step = follows(step, _THROUGH)
    return count
