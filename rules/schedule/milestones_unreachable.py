"""A step schedule whose first step lies behind the end of training.

`MultiStepLR` lowers the rate at its milestones and `StepLR` every `step_size` calls of `step()`. If the loop around
that call ends before the first of them, the rate is never lowered: the run is one with a constant learning rate, and a
change of `gamma` changes nothing. It comes from a schedule that is kept while the epochs are cut down, or that is
counted in batches and stepped once an epoch. In the log the learning rate is a flat line.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[30, 60], gamma=0.1)  # HP176
for epoch in range(20):
    train(model, optimizer)
    scheduler.step()
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[10, 15], gamma=0.1)
for epoch in range(20):
    train(model, optimizer)
    scheduler.step()
```

## Looks like it, is not

Milestones of which some are reached, a loop within another one, a number of epochs that is chosen elsewhere, and
`step_size=epochs`, which switches the schedule off.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
some = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[15, 60], gamma=0.1)
often = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1000)
chosen = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(20):
    for x, y in loader:
        train_one(model, optimizer, x, y)
        often.step()
    some.step()
for epoch in range(epochs):
    train(model, optimizer)
    chosen.step()
```

## References

- [MultiStepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html)
- [StepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html)
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Setting,
    as_number,
    blocks_around,
    is_test,
    quoted,
    rule,
    schedulers,
    settings_of,
    step_calls,
    syntax,
    untested,
    walk,
)

FIRST = {"MultiStepLR": "milestones", "StepLR": "step_size"}


@rule(
    "HP176",
    "milestones-unreachable",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("StepLR"),
)
def milestones_unreachable(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else schedulers(file):
        if call.short not in FIRST or call.via is not None:
            continue
        firsts = [each for each in settings_of([untested(file, call.argument(FIRST[call.short]))]) if first_of(each)]
        loop = loop_of(file, call) if len(firsts) == 1 else None
        length = None if loop is None else rounds(file, loop)
        if loop is None or length is None:
            continue
        count, closed = length
        setting = firsts[0]
        if names(file, setting.argument.node) & names(file, loop.iter):
            continue  # `step_size=epochs` switches the schedule off.
        # Two defaults prove nothing: nobody says that both are left alone.
        if (first_of(setting) or 0) >= count > 1 and (setting.closed and closed):
            shown = f"`{setting.argument.parameter}` is {quoted(setting.constant)}"
            message = f"{shown}, and the loop makes {count:g} steps: the rate is never lowered"
            yield Draft(setting.at, message, (*setting.related, (loop.iter, f"{count:g} rounds")))


def first_of(setting: Setting) -> float | None:
    """The first step at which the rate is lowered."""
    values = setting.constant if isinstance(setting.constant, tuple) else (setting.constant,)
    numbers = [as_number(value) for value in values]
    known = [number for number in numbers if number is not None and number >= 1]
    return min(known) if known and len(known) == len(numbers) else None


def names(file: File, node: syntax.Node | None) -> set[str]:
    """The names and attributes in a record, as they are written."""
    parts = [] if node is None else walk(node)
    return {file.source(part) for part in parts if isinstance(part, syntax.Name | syntax.Attribute)}


def loop_of(file: File, scheduler: BoundCall) -> syntax.For | None:
    """The one loop in which a scheduler is stepped once a round, in the function that constructs it."""
    steps = [step for step in step_calls(file) if any(made.node is scheduler.node for made in step.made)]
    if len(steps) != 1 or steps[0].call.args or len(steps[0].made) != 1:
        return None
    around, beyond = blocks_around(file, scheduler.node), blocks_around(file, steps[0].call)
    inner = beyond[len(around) :]
    if beyond[: len(around)] != around or len(inner) != 1 or inner[0][1] != 1:
        return None
    return inner[0][0] if isinstance(inner[0][0], syntax.For) else None


def rounds(file: File, loop: syntax.For) -> tuple[float, bool] | None:
    """How often ``for … in range(n)`` goes round, and whether nothing else can arrive there."""
    counter = loop.iter
    while isinstance(counter, syntax.Call) and file.qualified(counter.func) not in (None, "builtins.range", "range"):
        counter = counter.args[0].value if counter.args else syntax.Literal(0, 0, None)
    if not isinstance(counter, syntax.Call) or len(counter.args) not in (1, 2):
        return None
    values = [file.value(arg.value) for arg in counter.args]
    numbers = [as_number(each.single.constant) if each.single else None for each in values]
    if any(number is None for number in numbers):
        return None
    first, last = (0.0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    return (last or 0.0) - (first or 0.0), all(value.closed for value in values)
