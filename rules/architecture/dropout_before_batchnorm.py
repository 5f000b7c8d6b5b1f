"""Dropout directly before a batch normalisation.

In training, dropout makes the values behind it vary more than they do in evaluation, where it is off. A batch
normalisation right behind it learns that larger variance as its running statistic and divides by it in evaluation too:
the network then computes with other scales than it was trained with. The sign is a validation accuracy that is a few
points below what the training suggests, and that rises when the dropout is left out altogether. This is advice: put
the dropout behind the last normalisation.

```python bad
from torch import nn

block = nn.Sequential(
    nn.Linear(128, 64),
    nn.ReLU(),
    nn.Dropout(0.3),
    nn.BatchNorm1d(64),  # HP236
    nn.Linear(64, 10),
)
```

```python good
from torch import nn

block = nn.Sequential(
    nn.Linear(128, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Dropout(0.3),
    nn.Linear(64, 10),
)
```

## Looks like it, is not

Layer and group normalisation keep no statistics, and between a dropout and the next normalisation a convolution mixes
the values anew, as in Wide ResNets.

```python good
from torch import nn

other = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.3), nn.LayerNorm(64), nn.Linear(64, 10))
wide = nn.Sequential(
    nn.Conv2d(3, 16, 3),
    nn.ReLU(),
    nn.Dropout2d(0.3),
    nn.Conv2d(16, 16, 3),
    nn.BatchNorm2d(16),
)
off = nn.Sequential(nn.Linear(8, 4), nn.Dropout(0.0), nn.BatchNorm1d(4))
```

## References

- Li et al., "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift" (arXiv
  1801.05134).
- Nikanjam et al., "Automatic fault detection for deep learning programs using graph transformations" (NeuraLint): a
  rule on the order of the two.
- Zagoruyko & Komodakis, "Wide Residual Networks" (arXiv 1605.07146): dropout between convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Place, constant, follows, rule, torch_roles

_BETWEEN = frozenset(torch_roles.FUNCTION_OF_ACTIVATION) | {"Identity"}


@rule(
    "HP236",
    "dropout-before-batchnorm",
    level=Level.ADVICE,
    topic="architecture",
    hyperparameter="dropout",
    since="0.1",
    subject=Files("BatchNorm"),
)
def dropout_before_batchnorm(file: File) -> Iterator[Draft]:
    # A network that is trained and never evaluated, such as a GAN's discriminator, loses nothing by it.
    if "ropout" not in file.text or ("backward(" in file.text and ".eval(" not in file.text):
        return
    told = set()
    for step in file.flows.steps:
        if step.kind not in torch_roles.BATCH_NORMS or step.file is not file or step.layer is None:
            continue
        before = follows(step, _BETWEEN)
        if before is None or before.kind not in torch_roles.DROPOUT or step.node in told:
            continue
        if constant(before, "p", "1") in (0, 0.0):
            continue
        told.add(step.node)
        at = before.node
        yield Draft(
            step.node,
            f"`{step.kind}` follows a dropout directly: its running variance is that of training and too large in "
            "evaluation",
            related=((Place(at.start, at.end, before.file.path), "the dropout"),) if before.file is file else (),
        )
        return
