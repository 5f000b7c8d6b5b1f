"""The learning rate is decades away from anything the optimizer is used with.

Adam and its relatives move every weight by about the learning rate in each step, whatever the size of the gradient:
with `lr=1` a weight of 0.03 is gone after one step. The loss jumps in the first batches and then is NaN, or it stays at
the value of guessing, ln(number of classes). Plain SGD bears far more, since its step shrinks with the gradient. Below
1e-9 nothing moves at all: an update that small is lost when it is added to a float32 weight. torch checks neither
end; `lr=1000.0` and infinity are accepted.

A rate copied from SGD, a lost decimal point and a lost minus sign are the usual causes. Where the minus of an exponent
is missing (`1e3`), exponent-sign-lost says so and this rule is silent.

```python bad
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=30.0)  # HP109
warm = torch.optim.AdamW(model.parameters(), lr=3.0)  # HP109
still = torch.optim.SGD(model.parameters(), lr=1e-12, momentum=0.9)  # HP109
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
warm = torch.optim.AdamW(model.parameters(), lr=3e-4)
moving = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
```

From 10 on it is an error for the Adam family, from 1 a warning, from 0.1 pedantic; for SGD the bounds are 1000, 100
and 10. A rate of 0 is the business of lr-zero-or-negative.

## Looks like it, is not

Word language models train with plain SGD at 5 or 20; `Adadelta`, `LBFGS` and `Rprop` start from 1; a rate of 0 waits
for a schedule that sets it, and with a rate of 1 `LambdaLR` gives the rate itself.

```python good
import torch

language_model = torch.optim.SGD(model.parameters(), lr=20.0)
delta = torch.optim.Adadelta(model.parameters(), lr=1.0)
noam = NoamSchedule(torch.optim.Adam(model.parameters(), lr=0, betas=(0.9, 0.98)), warmup=4000)
scaled = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98))
schedule = torch.optim.lr_scheduler.LambdaLR(scaled, noam_rate)
```

## References

- Kingma and Ba 2015, arXiv 1412.6980, section 2.1: the step of Adam is bounded by about the learning rate.
- Merity et al. 2018, arXiv 1708.02182: AWD-LSTM trains with plain SGD at 30.
- Nerogar/OneTrainer#471: `4e07` typed for `4e-07`, the loss becomes NaN.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Setting,
    exponent_lost,
    is_test,
    optimizers,
    rule,
    sets_rate_later,
    settings_of,
    thresholds,
    with_groups,
)


@rule(
    "HP109",
    "lr-implausible",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="learning-rate",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def lr_implausible(file: File) -> Iterator[Draft]:
    if is_test(file):
        return
    found = [(call, setting) for call in optimizers(file) for setting in settings_of(with_groups(file, call, "lr"))]
    # A default that is right for one of the optimizers which share it is no mistake.
    shared = {setting.origin for call, setting in found if judged(call.short, setting) in (None, Level.PEDANTIC)}
    for call, setting in found:
        level = judged(call.short, setting)
        spared = exponent_lost(file, setting) or (not setting.closed and setting.origin in shared)
        if level is not None and not spared and (level is Level.ERROR or not sets_rate_later(file, call)):
            yield Draft(setting.at, f"{setting.says}: {effect(call.short, setting)}", setting.related, level=level)


def judged(optimizer: str, setting: Setting) -> Level | None:
    return None if setting.number is None else thresholds.learning_rate_level(optimizer, setting.number)


def effect(optimizer: str, setting: Setting) -> str:
    if judged(optimizer, setting) is Level.PEDANTIC:
        return "far above what most recipes use"
    if (setting.number or 0.0) < thresholds.LR_FLOOR:
        return "a step this small is lost in float32, so the weights stay where they are"
    if thresholds.LR_LADDERS[optimizer] is thresholds.ADAM_FAMILY_LR:
        return f"`{optimizer}` moves each weight by about that much in every step, so the loss jumps or becomes NaN"
    return "the weights are thrown far away in the first steps, so the loss becomes NaN"
