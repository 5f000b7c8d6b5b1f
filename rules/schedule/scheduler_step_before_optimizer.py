"""A scheduler steps before its optimizer.

A scheduler sets the first learning rate when it is constructed, and `scheduler.step()` moves on to the next. Called at
the top of the loop it throws the first value away: a warm-up starts one step late, `StepLR` and `MultiStepLR` decay one
epoch early, a cosine ends before the run does. Until PyTorch 1.0 that was the right place, so many scripts and
tutorials still have it. torch only warns ("Detected call of `lr_scheduler.step()` before `optimizer.step()`"), and the
warning is lost among others. The log of the learning rate shows the second value in the first epoch.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    scheduler.step()  # HP156
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()
```

It is found where the optimizer steps in a helper, and in the batch loop:

```python bad
import torch


class Trainer:
    def __init__(self, model, steps):
        self.model = model
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=steps)

    def update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def fit(self, loader):
        for x, y in loader:
            self.scheduler.step()  # HP156
            self.update(criterion(self.model(x), y))
```

The fix moves the call behind the optimizer's. A run that is compared with older ones then decays one step later.

## Looks like it, is not

A run that is resumed catches up before it starts; a condition leaves out the first epoch; the schedules of timm are
told the epoch that begins. A range test, which notes the rate of each batch beside its loss, may go through the rates
of a schedule of the project's own in any order. Where the project's requirements allow no torch from 1.1 on, the top is
the right place.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for _ in range(start_epoch):
    scheduler.step()
for epoch in range(start_epoch, 90):
    if epoch > start_epoch:
        scheduler.step()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

## References

- [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
- zju3dv/NeuralRecon#51, JDAI-CV/fast-reid#501, jdonnelly36/Deformable-ProtoPNet#6: users ask what the warning means.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    EarlySchedule,
    File,
    Files,
    Level,
    early_schedules,
    moved_behind,
    rule,
    syntax,
)

REORDERED = (1, 1)
"""The version of torch from which on the optimizer goes first."""


@rule(
    "HP156",
    "scheduler-step-before-optimizer",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("lr_scheduler", "schedule"),
)
def scheduler_step_before_optimizer(file: File) -> Iterator[Draft]:
    for early in early_schedules(file):
        if not file.versions("torch").may_reach(REORDERED):
            return
        if notes_its_own_rate(file, early):
            continue
        edits = moved_behind(file, early.at, early.first.node, early.block)
        title = "step the scheduler after the optimizer"
        yield Draft(
            early.at,
            f"`{file.source(early.call.func)}` runs before the first step of its optimizer: "
            f"the first value of `{early.scheduler.short}` is never used",
            ((early.first.at, "the optimizer steps here"), (early.scheduler.node, "the schedule")),
            None if edits is None else DraftFix(title, tuple(DraftEdit(*edit) for edit in edits)),
        )


def notes_its_own_rate(file: File, early: EarlySchedule) -> bool:
    """Whether a schedule of a class of the project runs in a loop that keeps a record of the rate."""
    made = early.scheduler
    if made.subclass is None and not isinstance(file.definition(made.node.func), syntax.ClassDef):
        return False
    record = (part for each in file.within(syntax.Call, early.block) for part in each.args if _adds(each))
    return any(word in file.source(part) for part in record for word in ("param_groups", "get_last_lr", "get_lr"))


def _adds(call: syntax.Call) -> bool:
    return isinstance(call.func, syntax.Attribute) and call.func.attr in ("append", "add_scalar")
