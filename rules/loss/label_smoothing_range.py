"""Label smoothing that takes most of the weight from the right class.

`label_smoothing=s` moves the share `s` of each target from its class to all classes alike. The usual value is 0.1. At
0.5 the target of the right class among ten is 0.55 and the network is taught to doubt; the loss cannot fall below the
entropy of the smoothed targets, 1.7 there. At 1 all classes are equally right and nothing is learnt. Above 1 the wrong
classes are worth more than the right one: torch accepts the number when the loss is made, and raises `RuntimeError:
label_smoothing must be between 0.0 and 1.0` in the first step. A value like 10 is mostly a percentage.

```python bad
from torch import nn

criterion = nn.CrossEntropyLoss(label_smoothing=10)  # HP229
```

```python good
from torch import nn

criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
```

## Looks like it, is not

A rate that a caller chooses is the caller's.

```python good
from torch import nn


def build(smoothing, **options):
    return nn.CrossEntropyLoss(label_smoothing=smoothing), nn.CrossEntropyLoss(**options)
```

## References

- [torch.nn.CrossEntropyLoss](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html).
- Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (arXiv 1512.00567): 0.1. Müller et al.,
  "When Does Label Smoothing Help?" (arXiv 1906.02629): 0.05 to 0.1.
- Tried on torch 2.13: `CrossEntropyLoss(label_smoothing=10)` constructs, and raises when it is called.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import BoundCall, Calls, Draft, DraftFix, Level, Setting, replace, rule, settings, thresholds


@rule(
    "HP229",
    "label-smoothing-range",
    level=Level.ERROR,
    topic="loss",
    hyperparameter="label-smoothing",
    since="0.1",
    subject=Calls(
        "torch.nn.CrossEntropyLoss",
        "torch.nn.functional.cross_entropy",
        "transformers.TrainingArguments",
        "transformers.Seq2SeqTrainingArguments",
    ),
)
def label_smoothing_range(call: BoundCall) -> Iterator[Draft]:
    for setting in settings(call, "label_smoothing", "label_smoothing_factor"):
        value = setting.number
        level = None if value is None else thresholds.LABEL_SMOOTHING.level(value)
        if value is None or level is None:
            continue
        if level is Level.ERROR:
            harm = f"`{call.short}` takes a share between 0 and 1 and raises a `RuntimeError` in the first step"
        else:
            harm = f"only {1 - value:.0%} of each target stays with the right class"
        yield Draft(setting.at, f"{setting.says}: {harm}", setting.related, _share(setting, value), level)


def _share(setting: Setting, value: float) -> DraftFix | None:
    """A smoothing of 10 is a percentage."""
    if setting.literal is None or not 1 < value <= 50:
        return None
    return replace(setting.literal, f"{value / 100:g}", f"write {value / 100:g}, which is {value:g} %")
