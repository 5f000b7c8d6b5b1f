"""A number that makes no sense in a learning-rate schedule and that torch accepts.

Most schedulers check nothing. A `step_size` of -1 multiplies the rate in every step, so it is gone within ten; a
`step_size` or `T_max` of 0 raises `ZeroDivisionError` only in the first step; milestones given as shares of the run,
`[0.5, 0.75]`, are compared with whole epochs and never met, so the rate is never lowered. A warm-up of 0 steps with
`LinearLR` is no missing warm-up: the rate starts at a third of itself and stays there. In the log of the learning rate
each of these is plain to see; in the loss it looks like a model that does not learn.

```python bad
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, ReduceLROnPlateau, StepLR

each_step = StepLR(optimizer, step_size=-1)  # HP117
no_length = CosineAnnealingLR(optimizer, T_max=0)  # HP117
shares = MultiStepLR(optimizer, milestones=[0.5, 0.75])  # HP117
to_nothing = ReduceLROnPlateau(optimizer, factor=0.0)  # HP117
```

```python good
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, ReduceLROnPlateau, StepLR

each_step = StepLR(optimizer, step_size=30)
no_length = CosineAnnealingLR(optimizer, T_max=90)
shares = MultiStepLR(optimizer, milestones=[45, 68])
to_nothing = ReduceLROnPlateau(optimizer, factor=0.5)
```

## Looks like it, is not

Whole numbers written as floats work, and a warm-up of no steps is harmless where `SequentialLR` leaves it at once.

```python good
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, SequentialLR, StepLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
steps = StepLR(optimizer, step_size=30.0)
milestones = MultiStepLR(optimizer, milestones=[30.0, 60.0])
cosine = CosineAnnealingLR(optimizer, T_max=0.9 * total_steps, eta_min=1e-4)
no_warm_up = LinearLR(optimizer, total_iters=0)
both = SequentialLR(optimizer, [no_warm_up, cosine], milestones=[0])
```

## References

- <https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate>
"""

from collections.abc import Callable, Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Setting,
    as_number,
    for_argument,
    rule,
    schedulers,
    settings_of,
    untested,
)

FRACTION = "no step has a number like {:g}, so the rate is not lowered there"
DIVIDES = "the first step raises ZeroDivisionError"
UNSIGNED = "the sign counts for nothing"
STUCK = "the rate stays at its first factor for the whole run, as that step is never left"

NONSENSE: dict[tuple[str, str], tuple[tuple[Callable[[float], bool], str], ...]] = {
    ("StepLR", "step_size"): (
        (lambda n: n == 0, DIVIDES),
        (lambda n: -1 <= n < 1, "the rate is lowered in every step and soon gone"),
        (lambda n: n < 0, UNSIGNED),
        (lambda n: n % 1 != 0, "the rate is lowered only at those whole numbers that are a multiple of it"),
    ),
    ("CosineAnnealingLR", "T_max"): (
        (lambda n: n == 0, DIVIDES),
        (lambda n: n < 0, UNSIGNED),
        (lambda n: n < 1, "the cosine is over before the first step, so the rate does not follow it"),
    ),
    ("MultiStepLR", "milestones"): ((lambda n: n % 1 != 0, FRACTION),),
    ("ReduceLROnPlateau", "factor"): ((lambda n: n <= 0, "the first plateau sets the rate to nothing"),),
    ("ReduceLROnPlateau", "patience"): ((lambda n: n < 0, "the rate is lowered after every epoch"),),
    ("OneCycleLR", "max_lr"): ((lambda n: n <= 0, "the rate is never above 0"),),
    ("OneCycleLR", "div_factor"): ((lambda n: n == 0, "it raises ZeroDivisionError"),),
    ("OneCycleLR", "final_div_factor"): ((lambda n: n == 0, "it raises ZeroDivisionError"),),
    ("OneCycleLR", "pct_start"): (
        (lambda n: n == 1, "nothing is left to come down in, so the run ends at the highest rate"),
    ),
    ("CyclicLR", "step_size_up"): ((lambda n: n == 0, "it raises ZeroDivisionError"), (lambda n: n < 0, UNSIGNED)),
    ("LinearLR", "total_iters"): ((lambda n: n <= 0, STUCK),),
    ("ConstantLR", "total_iters"): ((lambda n: n <= 0, STUCK),),
    ("PolynomialLR", "power"): ((lambda n: n < 0, "the last step raises ZeroDivisionError"),),
}


@rule(
    "HP117",
    "scheduler-arg-invalid",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("LR", "lr_scheduler"),
    runtime=True,
)
def scheduler_arg_invalid(file: File) -> Iterator[Draft]:
    for call in schedulers(file):
        for (scheduler, parameter), checks in NONSENSE.items():
            if scheduler == call.short:
                for setting in settings_of([untested(file, call.argument(parameter))]):
                    found = ((says, n) for n in numbers(setting) for test, says in checks if test(n))
                    effect, number = next(found, ("", 0.0))
                    if effect and not (effect is STUCK and "SequentialLR" in file.text):
                        message = f"{setting.says}: {effect.format(number)}"
                        row = for_argument(call.name, parameter)
                        yield Draft(setting.at, message, setting.related, hyperparameter=row)


def numbers(setting: Setting) -> list[float]:
    """The value, or the values of a list, as far as they are numbers."""
    values = setting.constant if isinstance(setting.constant, tuple) else (setting.constant,)
    return [number for value in values if (number := as_number(value)) is not None]
