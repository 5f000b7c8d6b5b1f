"""The scheduler steps in the place of the optimizer.

`scheduler.step()` sets the learning rate; it does not touch a weight. Where a condition chooses between the two, every
run with a scheduler trains nothing: gradients are computed in each batch and never applied. The loss stays around its
first value for the whole run, while the log shows a learning rate that follows its schedule. Runs without a scheduler
work, so the mistake can live for a long time. It comes from wrappers, such as the Noam optimizer of the first
transformer code, whose `step()` did both.

```python bad
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=steps) if args.schedule else None
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    if scheduler is not None:  # HP167
        scheduler.step()
    else:
        optimizer.step()
```

```python good
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=steps) if args.schedule else None
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
```

## Looks like it, is not

A class of the project whose `step` steps the optimizer that it wraps.

```python good
import torch


class NoamSchedule:
    def __init__(self, optimizer, warmup):
        self.optimizer, self.warmup, self.count = optimizer, warmup, 0

    def step(self):
        self.count += 1
        for group in self.optimizer.param_groups:
            group["lr"] = min(self.count**-0.5, self.count * self.warmup**-1.5)
        self.optimizer.step()


optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = NoamSchedule(optimizer, 4000)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    if scheduler:
        scheduler.step()
    else:
        optimizer.step()
```

## References

- [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
- ClementPinard/SfmLearner-Pytorch#5, pyro-ppl/pyro#1241: with a scheduler the optimizer was never stepped.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Role,
    StepCall,
    inside,
    role_of,
    rule,
    step_calls,
    syntax,
)


@rule(
    "HP167",
    "scheduler-instead-of-optimizer",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("lr_scheduler", "_schedule_with"),
)
def scheduler_instead_of_optimizer(file: File) -> Iterator[Draft]:
    steps = step_calls(file)
    chosen = [step for step in steps if is_schedule(step)]
    applied = [step for step in steps if step.by_scaler or role_of(file, step.thing) is Role.OPTIMIZER]
    for choice in file.all(syntax.If) if chosen and applied else ():
        moved, kept = within(chosen, choice.body), within(applied, choice.orelse)
        if not moved or not kept or within(applied, choice.body) or within(chosen, choice.orelse):
            continue
        names = {file.source(step.thing) for step in kept}
        around = file.function_around(choice)
        home = file.code.body if around is None else around.body
        others = [s for s in within(applied, home) if s not in kept and file.source(s.thing) in names]
        if not others and file.source(moved[0].thing) in file.source(choice.test):
            message = (
                f"`{file.source(moved[0].call)}` runs in the place of `{file.source(kept[0].call)}`: "
                "with a scheduler no weight is ever changed"
            )
            related = ((moved[0].call, "only the learning rate is set here"), (kept[0].call, "the weights change here"))
            yield Draft(choice.test, message, related, always(file, choice, moved[0], kept[0]))


def is_schedule(step: StepCall) -> bool:
    """Whether a thing is certainly a scheduler of a library, which steps no optimizer."""
    known = ("torch.optim.lr_scheduler.", "transformers.")
    return bool(step.made) and all(call.name.startswith(known) and not call.subclass for call in step.made)


def within(steps: tuple[StepCall, ...] | list[StepCall], body: tuple[syntax.Stmt, ...]) -> list[StepCall]:
    return [step for step in steps if any(inside(step.call, statement) for statement in body)]


def always(file: File, choice: syntax.If, moved: StepCall, kept: StepCall) -> DraftFix | None:
    """Put the optimizer's step before the condition, where each branch is one line of its own."""
    if len(choice.body) != 1 or len(choice.orelse) != 1 or kept.call.end != choice.end:
        return None
    start = file.text.rfind("\n", 0, choice.start) + 1
    indent, head = file.text[start : choice.start], file.text[choice.start : moved.call.end]
    if indent.strip() or "#" in file.text[moved.call.end : choice.end] or "\n" in file.source(kept.call):
        return None
    text = f"{file.source(kept.call)}\n{indent}{head}"
    return DraftFix("always step the optimizer", (DraftEdit(choice.start, choice.end, text),))
