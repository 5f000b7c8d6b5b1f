"""A batch norm momentum near 1, where PyTorch wants a small one.

In PyTorch `momentum` is the weight of the *new* batch: `running = (1 - momentum) * running + momentum * batch`, and the
default is 0.1. In Keras and TensorFlow it is the weight of the *old* average, and the default is 0.99. A number copied
from there makes the running mean and variance those of the last batch. Training is not touched, because it uses the
statistics of the batch; evaluation uses the running ones, so the validation loss jumps from epoch to epoch, depends on
the order of the training data, and a saved model is good or bad by the luck of its last batch.

```python bad
from torch import nn

block = nn.Sequential(
    nn.Conv2d(3, 32, 3),
    nn.BatchNorm2d(32, momentum=0.99),  # HP133
    nn.ReLU(),
)
```

PyTorch's momentum is one minus that of Keras.

```python good
from torch import nn

block = nn.Sequential(
    nn.Conv2d(3, 32, 3),
    nn.BatchNorm2d(32, momentum=0.01),
    nn.ReLU(),
)
```

From 0.9 on this is an error. Between 0.5 and 0.9 it is advice: the statistics come from two or three batches, which
some tutorials do on purpose.

## Looks like it, is not

`momentum=1.0` replaces the statistics at each pass, which test-time adaptation wants. `momentum=None` keeps a plain
average over all batches. With `track_running_stats=False` there are no statistics that it would weigh.

```python good
from torch import nn

adapting = nn.BatchNorm2d(64, momentum=1.0)
averaging = nn.BatchNorm2d(64, momentum=None)
untracked = nn.BatchNorm2d(64, momentum=1.5, track_running_stats=False)


def norm(channels, momentum, **cfg):
    return nn.BatchNorm2d(channels, momentum=momentum), nn.BatchNorm2d(channels, **cfg)
```

## References

- [torch.nn.BatchNorm2d](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html): the note on `momentum`.
- pytorch/vision#8250: MaxViT was shipped with a momentum of 0.99.
- Cadene/pretrained-models.pytorch#44, kazuto1011/deeplab-pytorch#79, r9y9/tacotron_pytorch#19.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Calls,
    Draft,
    DraftFix,
    Level,
    Presence,
    Setting,
    replace,
    rule,
    settings,
    torch_roles,
)

_WRONG = 0.9
_HIGH = 0.5


@rule(
    "HP133",
    "batchnorm-momentum-convention",
    level=Level.ERROR,
    topic="architecture",
    hyperparameter="batch-norm-momentum",
    since="0.1",
    subject=Calls(
        *(f"torch.nn.{name}" for name in sorted(torch_roles.BATCH_NORMS)),
        "torch.nn.functional.batch_norm",
    ),
)
def batchnorm_momentum_convention(call: BoundCall) -> Iterator[Draft]:
    tracked = call.argument("track_running_stats")
    given = tracked.value.single
    if tracked.presence is not Presence.ABSENT and (given is None or given.constant is not True):
        return  # There may be no running statistics.
    for setting in settings(call, "momentum"):
        momentum = setting.number
        if momentum is None or momentum < _HIGH or momentum == 1:
            continue
        if momentum > 1:
            effect = "the running statistics swing between signs and grow"
        else:
            effect = f"evaluation uses running statistics that are {100 * momentum:.4g} % the last batch"
        yield Draft(
            setting.at,
            f"{setting.says}, the weight of the new batch in PyTorch: {effect}",
            related=setting.related,
            fix=_complement(setting, momentum),
            level=Level.ERROR if momentum >= _WRONG else Level.ADVICE,
        )


def _complement(setting: Setting, momentum: float) -> DraftFix | None:
    """``0.99`` to ``0.01``: what was meant if the number comes from Keras."""
    if not _WRONG <= momentum < 1 or setting.literal is None:
        return None
    from decimal import Decimal, InvalidOperation

    try:
        meant = f"{1 - Decimal(repr(momentum)):f}"
    except InvalidOperation:
        return None
    return replace(setting.literal, meant, f"replace it by `{meant}`, which is `1 - {momentum!r}`")
