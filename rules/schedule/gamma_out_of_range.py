"""The factor of a step schedule is zero, negative or above one.

`StepLR`, `MultiStepLR` and `ExponentialLR` multiply the learning rate by `gamma` at each decay. With 0 training ends at
the first decay: the rate is 0 for good and every curve goes flat at that epoch. A negative factor climbs the loss in
every second stretch. Above 1 the rate grows: `gamma=10` ends in NaN after two or three decays. torch checks none of it.

To switch a schedule off, `gamma=1.0` does nothing; `gamma=0` stops training.

```python bad
from torch.optim.lr_scheduler import ExponentialLR, StepLR

stopped = StepLR(optimizer, step_size=30, gamma=0)  # HP116
growing = ExponentialLR(optimizer, gamma=1.05)  # HP116
```

```python good
from torch.optim.lr_scheduler import ExponentialLR, StepLR

steps = StepLR(optimizer, step_size=30, gamma=0.1)
smooth = ExponentialLR(optimizer, gamma=0.95)
off = StepLR(optimizer, step_size=30, gamma=1.0)
```

## Looks like it, is not

A range test raises the rate on purpose until the loss breaks. A file that speaks of one is left alone.

```python good
from torch.optim.lr_scheduler import ExponentialLR


def find_lr(optimizer, steps):
    return ExponentialLR(optimizer, gamma=1.1)
```

## References

- <https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html>
- LINCellularNeuroscience/VAME#26: `gamma=0` was meant as "off" and stopped training after 100 epochs.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, regex, rule, schedulers, settings_of, untested

STEPPED = frozenset({"StepLR", "MultiStepLR", "ExponentialLR"})
RANGE_TEST = regex(r"find_?(the_)?(best_)?(lr|learning)|(lr|rate)_?-?find|range[ _-]?test|lr[ _-]?(finder|range)")


@rule(
    "HP116",
    "gamma-out-of-range",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-gamma",
    since="0.1",
    runtime=True,
    subject=Files("LR", "lr_scheduler"),
)
def gamma_out_of_range(file: File) -> Iterator[Draft]:
    if is_test(file):
        return  # Nothing is trained there: the rates are compared.
    for call in schedulers(file):
        if call.short not in STEPPED:
            continue
        for setting in settings_of([untested(file, call.argument("gamma"))]):
            gamma = setting.number
            if gamma is None or 0 < gamma <= 1:
                continue
            if gamma == 0:
                message = f"{setting.says}: the first decay of `{call.short}` sets the learning rate to 0 for good"
                yield Draft(setting.at, message, setting.related)
            elif gamma < 0:
                message = f"{setting.says}: each decay of `{call.short}` turns the sign of the learning rate"
                yield Draft(setting.at, message, setting.related)
            elif not RANGE_TEST.search(file.text.lower()):
                message = f"{setting.says}: `{call.short}` makes the learning rate grow until the loss is NaN"
                yield Draft(setting.at, message, setting.related, level=Level.WARNING)
