"""KL divergence is averaged over every element, classes too.

`F.kl_div` and `nn.KLDivLoss` divide by the number of *all* elements unless told otherwise. A divergence is a sum over
the classes, so `reduction="mean"` gives it divided by the number of classes: ten times too small for ten classes,
thirty thousand times for a vocabulary. Added to another loss it then hardly counts: the student ignores its teacher,
the posterior ignores its prior, and a weight tuned for ten classes is wrong for a hundred. torch gives a `UserWarning`
when the loss is called.

```python bad
import torch.nn.functional as F


def distillation(student, teacher, labels, temperature=2.0):
    log_p = F.log_softmax(student / temperature, dim=-1)
    q = F.softmax(teacher / temperature, dim=-1)
    soft = F.kl_div(log_p, q) * temperature**2  # HP227
    return soft + F.cross_entropy(student, labels)
```

```python fixed
import torch.nn.functional as F


def distillation(student, teacher, labels, temperature=2.0):
    log_p = F.log_softmax(student / temperature, dim=-1)
    q = F.softmax(teacher / temperature, dim=-1)
    soft = F.kl_div(log_p, q, reduction="batchmean") * temperature**2  # HP227
    return soft + F.cross_entropy(student, labels)
```

```python good
import torch.nn.functional as F


def distillation(student, teacher, labels, temperature=2.0):
    log_p = F.log_softmax(student / temperature, dim=-1)
    q = F.softmax(teacher / temperature, dim=-1)
    soft = F.kl_div(log_p, q, reduction="batchmean") * temperature**2
    return soft + F.cross_entropy(student, labels)
```

Who writes `reduction="mean"` may mean it, with a weight that makes up for it; that is advice only.

## Looks like it, is not

With `reduction="none"` or `"sum"` the program divides itself; an option may choose.

```python good
import torch.nn.functional as F
from torch import nn


def losses(log_p, q, mask, reduction, **options):
    each = F.kl_div(log_p, q, reduction="none").sum(dim=-1)
    chosen = F.kl_div(log_p, q, reduction=reduction)
    return (each * mask).sum() / mask.sum() + nn.KLDivLoss(**options)(log_p, q) + chosen
```

## References

- [torch.nn.KLDivLoss](https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html): `"mean"` does not return the
  true KL divergence value, use `"batchmean"`.
- pytorch/pytorch#2259, pytorch/pytorch#7006. Tried on torch 2.13: the default warns at each first call.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import BoundCall, Calls, Draft, DraftFix, Level, Presence, add_argument, replace, rule, settings


@rule(
    "HP227",
    "kl-div-reduction-mean",
    level=Level.WARNING,
    topic="loss",
    since="0.1",
    runtime=True,
    subject=Calls("torch.nn.functional.kl_div", "torch.nn.KLDivLoss"),
)
def kl_div_reduction_mean(call: BoundCall) -> Iterator[Draft]:
    legacy = [call.argument(name).presence for name in ("size_average", "reduce")]
    if any(presence is not Presence.ABSENT for presence in legacy) or call.inherited:
        return
    says = f"`{call.short}` divides by the number of all elements"
    better = 'reduction="batchmean"'
    if call.argument("reduction").presence is Presence.ABSENT:
        yield Draft(call.node, f"{says} by default, classes too: it is no KL divergence", fix=_fix(call, better))
        return
    for setting in settings(call, "reduction"):
        given = setting.argument.node
        if setting.constant == "mean" and setting.closed and given is not None:
            fix = replace(given, better, f"take `{better}`") if setting.literal is not None else None
            message = f'{says} with `reduction="mean"`, classes too: it is no KL divergence'
            yield Draft(given, message, setting.related, fix, Level.ADVICE)


def _fix(call: BoundCall, better: str) -> DraftFix | None:
    return add_argument(call, better, f"take `{better}`")
