"""Log-softmax before a cross-entropy loss, which takes it once more.

`nn.CrossEntropyLoss` is log-softmax and `nn.NLLLoss` in one. A log-softmax of a log-softmax is the same log-softmax,
so the loss is right to the last digit; it costs one more pass over the classes, forward and backward, which counts
with a vocabulary of 100,000 words. Mostly it shows a doubt about which loss wants what, and the next change may
replace the harmless log-softmax by a harmful softmax.

```python bad
import torch.nn.functional as F


def loss_of(model, x, y):
    return F.cross_entropy(F.log_softmax(model(x), dim=1), y)  # HP223
```

```python fixed
import torch.nn.functional as F


def loss_of(model, x, y):
    return F.cross_entropy(model(x), y)  # HP223
```

```python good
import torch.nn.functional as F


def loss_of(model, x, y):
    return F.cross_entropy(model(x), y)
```

## Looks like it, is not

`nll_loss` leaves the logarithm to the network.

```python good
import torch.nn.functional as F


def loss_of(model, x, y):
    scores = F.log_softmax(model(x), dim=1)
    return F.nll_loss(scores, y)
```

## References

- [torch.nn.CrossEntropyLoss](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html): equivalent to
  `LogSoftmax` followed by `NLLLoss`.
- DSKSD/DeepNLP-models-Pytorch#2, speedinghzl/pytorch-segmentation-toolbox#2. Tried on torch 2.13: taking it twice
  gives equal numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hplint.rule import Draft, File, Files, Level, Safety, inside, losses_given, placed, rule, without_operation


@rule(
    "HP223",
    "log-softmax-before-cross-entropy",
    level=Level.ADVICE,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("CrossEntropy", "cross_entropy"),
)
def log_softmax_before_cross_entropy(file: File) -> Iterator[Draft]:
    told = set()
    for use, made in losses_given(file, "CrossEntropyLoss", ("LogSoftmax",)):
        if made[0].node in told:
            continue
        told.add(made[0].node)
        at, related = placed(file, use, made[0])
        fix = without_operation(file, made[0], "drop the log-softmax") if len(made) == 1 else None
        if fix is not None and inside(made[0].node, use.node):
            fix = replace(fix, safety=Safety.SAFE)
        yield Draft(
            at,
            f"`{use.file.source(use.node.func)}` takes the log-softmax itself: a second one changes nothing and costs "
            "a pass over all classes",
            related=related,
            fix=fix,
        )
