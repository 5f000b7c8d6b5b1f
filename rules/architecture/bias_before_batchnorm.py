"""A bias directly before a batch normalisation, which subtracts it again.

Batch normalisation takes the mean of each channel away, and with it whatever constant the layer in front added; its
own `bias` adds one back. The layer's bias is a parameter without effect: its gradient is zero up to rounding, it takes
memory and optimizer state. `bias=False` in front of a normalisation changes no result. It does change the keys of the
checkpoint, and 166 of 265 such pairs in public code keep the bias, so this rule is off by default.

```python bad
from torch import nn

block = nn.Sequential(
    nn.Conv2d(3, 8, 3),  # HP241
    nn.BatchNorm2d(8),
    nn.ReLU(),
)
```

```python fixed
from torch import nn

block = nn.Sequential(
    nn.Conv2d(3, 8, 3, bias=False),  # HP241
    nn.BatchNorm2d(8),
    nn.ReLU(),
)
```

```python good
from torch import nn

block = nn.Sequential(
    nn.Conv2d(3, 8, 3, bias=False),
    nn.BatchNorm2d(8),
    nn.ReLU(),
)
```

## Looks like it, is not

An activation in between makes the bias count.

```python good
from torch import nn

block = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3))
```

## References

- PyTorch's performance tuning guide: "Disable bias for convolutions directly followed by a batch norm".
- Nikanjam et al. (NeuraLint): the same for Keras.
- Ioffe & Szegedy, "Batch Normalization" (arXiv 1502.03167), section 3.2: the bias can be ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, add_argument, follows, is_given, rule, torch_roles


@rule(
    "HP241",
    "bias-before-batchnorm",
    level=Level.PEDANTIC,
    topic="architecture",
    since="0.1",
    subject=Files("BatchNorm"),
)
def bias_before_batchnorm(file: File) -> Iterator[Draft]:
    told = set()
    for step in file.flows.steps:
        before = follows(step) if step.kind in torch_roles.BATCH_NORMS else None
        if before is None or before.kind not in torch_roles.LINEAR_OR_CONVOLUTION or before.layer is None:
            continue
        layer = before.layer
        if layer.file is not file or layer.call in told or is_given(before, "bias"):
            continue
        if before.node in file.flows.used_again:
            continue
        told.add(layer.call)
        bound = file.bound(layer.call)
        yield Draft(
            layer.call,
            f"the bias of this `{layer.kind}` has no effect: the `{step.kind}` behind it takes it away again",
            fix=None if bound is None else add_argument(bound, "bias=False", "leave the bias out"),
        )
