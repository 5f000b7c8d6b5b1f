"""`get_lr()` is asked for the learning rate, and gives the next step's.

`get_lr()` is what a scheduler's `step()` calls to work out the rate that comes next. Schedulers that go from one value
to the next, `StepLR`, `MultiStepLR`, `ExponentialLR` or `CosineAnnealingLR`, apply their factor to the current rate, so
outside of `step()` the answer is a rate that is not in use: at a milestone a tenth of it, with a factor of 0.1. torch
warns, "To get the last learning rate computed by the scheduler, please use `get_last_lr()`". Training is not touched;
the curve of the learning rate in the log is wrong, and what is decided by it.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[60, 80])
for epoch in range(90):
    train(model, optimizer)
    print(epoch, scheduler.get_lr())  # HP172
    scheduler.step()
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[60, 80])
for epoch in range(90):
    train(model, optimizer)
    print(epoch, scheduler.get_last_lr())
    scheduler.step()
```

## Looks like it, is not

Inside a scheduler `get_lr` is the method to write, other libraries have their own, and `LambdaLR` computes the rate of
the current epoch anew each time, so its answer is right.

```python good
import torch


class Halved(torch.optim.lr_scheduler.StepLR):
    def get_lr(self):
        return [rate / 2 for rate in super().get_lr()]


optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.95**epoch)
print(scheduler.get_lr(), engine.get_lr())
```

## References

- [StepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html)
- pytorch/pytorch#22107: `get_lr()` of `StepLR` is off at the milestones.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, File, Files, Level, made_by, regex, rule, syntax

NEXT = regex(
    r"torch\.optim\.lr_scheduler\.(Step|MultiStep|Multiplicative|Constant|Linear|Exponential|Polynomial|CosineAnnealing)LR"
)


@rule(
    "HP172",
    "get-lr-for-logging",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("get_lr()"),
)
def get_lr_for_logging(file: File) -> Iterator[Draft]:
    for call in file.all(syntax.Call):
        asked = call.func
        if not isinstance(asked, syntax.Attribute) or asked.attr != "get_lr" or call.args:
            continue
        made = [file.bound(each) for each in made_by(file, asked.value)]
        known = [each for each in made if each is not None and NEXT.fullmatch(each.name) and not each.subclass]
        if known and len(known) == len(made):
            shown = file.source(asked.value)
            message = f"`{shown}.get_lr()` takes the last step of `{known[0].short}` again: it is not the rate in use"
            edit = DraftEdit(asked.end - len("get_lr"), asked.end, "get_last_lr")
            yield Draft(call, message, fix=DraftFix("ask for `get_last_lr()`", (edit,)))
