"""A scheduler is constructed and never stepped.

A scheduler changes the learning rate in `step()` and nowhere else. One that is constructed and forgotten leaves the
rate where it is for the whole run: training works, and is that of a constant learning rate. A warm-up is worse, as its
constructor does set the first value: with `LinearLR` the rate stays at a third of what was written, with a `LambdaLR`
that counts up from 0 it stays at 0. In a checkpoint `scheduler.state_dict()["last_epoch"]` is still 0.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=90)  # HP168
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=90)
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()
```

## Looks like it, is not

What is returned, kept in a list, or handed to other code may be stepped there.

```python good
import torch


def build(model, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=100)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    return optimizer, torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[100])
```

## References

- [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
- tumurzakov/AnimateDiff#11: `last_epoch` is 0 in every checkpoint; RangiLyu/nanodet#200.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    inside,
    is_test,
    journey,
    regex,
    rule,
    schedulers,
    step_calls,
    syntax,
)

LOOKED_AT = frozenset({"get_last_lr", "get_lr", "state_dict", "load_state_dict", "last_epoch", "base_lrs"})
TRAINS = regex(r"(^|[._])train(?![a-z])")
GETS_FIRST = regex(r"LinearLR|LambdaLR|ConstantLR|OneCycleLR|CyclicLR")


@rule(
    "HP168",
    "scheduler-never-stepped",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("lr_scheduler"),
)
def scheduler_never_stepped(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else schedulers(file):
        if call.via is not None or call.inherited or call.subclass or not is_stepped(file, call):
            continue
        way = journey(file, call.node)
        if way.escapes or way.handed or any(read.attr not in LOOKED_AT for read in way.read):
            continue
        if any(isinstance(target, syntax.Attribute) for each in stored(file, call) for target in each.targets):
            continue  # Other files may step it.
        effect = "set by its constructor" if GETS_FIRST.fullmatch(call.short) else "where it is"
        message = f"this `{call.short}` is never stepped: the learning rate stays {effect} for the whole run"
        yield Draft(call.node, message)


def is_stepped(file: File, scheduler: BoundCall) -> bool:
    """Whether the optimizer of a scheduler is stepped in this file, or in each epoch by what is handed it."""
    given = scheduler.argument("optimizer").node
    if given is None:
        return False
    shown = file.source(given.value)
    return any(file.source(step.thing) == shown for step in step_calls(file)) or is_handed(file, given.value)


def is_handed(file: File, optimizer: syntax.Expr) -> bool:
    """Whether a function that says that it trains is given an optimizer, in a loop over epochs."""
    shown = file.source(optimizer)
    for loop in file.all(syntax.For):
        if "epoch" in file.source(loop.target) and optimizer.start < loop.start:
            for call in file.within(syntax.Call, loop):
                given = any(file.source(arg.value) == shown for arg in call.args)
                if given and TRAINS.search(file.source(call.func)):
                    return True
    return False


def stored(file: File, call: BoundCall) -> list[syntax.Assign]:
    """The assignments that a construction stands in."""
    return [each for each in file.all(syntax.Assign) if each.value is not None and inside(call.node, each.value)]
