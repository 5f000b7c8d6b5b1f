"""A weight decay so strong that it drowns the loss.

Weight decay pulls every weight towards zero in each step, by `lr * weight_decay` of its size and, with momentum, ten
times that. Values that work are small: 1e-4 and 5e-4 for `SGD`, 0.01 to 0.1 for `AdamW`. A hundred times more wins
against the gradient: the weights shrink to nothing, the training loss stalls at the value of guessing, and the
validation loss is the same number. With `lr * weight_decay` above 1 the weights change sign in every step. torch
rejects negative values only.

`Adam` adds the decay to the gradient before it is rescaled, so its values are not those of `AdamW`.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=10)  # HP114
coupled = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.5)  # HP114
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
coupled = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=5e-4)
```

## Looks like it, is not

Decoupled decay is multiplied by a small learning rate: 0.1 is usual for language models, 0.3 and more for vision
transformers.

```python good
import torch

language = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)
vision = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.3)
```

## References

- Loshchilov and Hutter 2019, arXiv 1711.05101: decay inside and outside the gradient.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Presence,
    Setting,
    exponent_lost,
    is_test,
    optimizers,
    rule,
    settings_of,
    thresholds,
    with_groups,
)


@rule(
    "HP114",
    "weight-decay-implausible",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="weight-decay",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def weight_decay_implausible(file: File) -> Iterator[Draft]:
    found = [
        (call, setting, is_too_strong(call, setting))
        for call in (() if is_test(file) else optimizers(file))
        for setting in settings_of(with_groups(file, call, "weight_decay"))
    ]
    # A default that is right for one of the optimizers which share it is no mistake.
    shared = {setting.origin for _, setting, too_strong in found if not too_strong}
    for call, setting, too_strong in found:
        if too_strong and (setting.closed or setting.origin not in shared) and not exponent_lost(file, setting):
            message = f"{setting.says}: `{call.short}` shrinks the weights faster than the loss can grow them"
            yield Draft(setting.at, message, setting.related)


def is_too_strong(call: BoundCall, setting: Setting) -> bool:
    limit = thresholds.weight_decay_limit(call.short, decoupled=maybe_decoupled(call))
    return limit is not None and (setting.number or 0.0) >= limit


def maybe_decoupled(call: BoundCall) -> bool:
    """Whether the call may ask for decoupled decay."""
    given = call.argument("decoupled_weight_decay")
    off = given.value.single
    return given.presence is not Presence.ABSENT and not (off is not None and off.constant is False)
