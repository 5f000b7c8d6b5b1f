"""Gradients are cleared in each round, and used every few rounds only.

Gradients are to be added up over several small batches, to train as with a large one. `zero_grad()` in each round
throws away what the rounds before have computed: the step uses the last small batch alone. No error is raised. Of eight
batches seven are computed for nothing, the gradients are as noisy as those of the small batch, and with the usual
`loss / 8` they are also eight times too small.

```python bad
import torch

for i, (x, y) in enumerate(loader):
    optimizer.zero_grad()  # HP193
    loss = criterion(model(x), y) / 8
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
```

```python fixed
import torch

for i, (x, y) in enumerate(loader):
    loss = criterion(model(x), y) / 8
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()  # HP193
```

```python good
import torch

for i, (x, y) in enumerate(loader):
    loss = criterion(model(x), y) / 8
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Looks like it, is not

A generator that is trained less often than its discriminator computes its gradients in that round only. With
Accelerate, `accumulate` makes `zero_grad` wait for the round that steps.

```python good
import torch

g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4)
d_optimizer = torch.optim.Adam(critic.parameters(), lr=2e-4)
for i, real in enumerate(loader):
    d_optimizer.zero_grad()
    (critic(generator(noise)).mean() - critic(real).mean()).backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    if i % 5 == 0:
        (-critic(generator(noise)).mean()).backward()
        g_optimizer.step()
```

## References

- [torch.optim.Optimizer.zero_grad](https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html)
- bytetriper/RAE#67, ultralytics/ultralytics#11217, tatsu-lab/alpaca_farm#57, huggingface/accelerate#1299,
  HorizonRobotics/alf#1788
"""

from collections.abc import Iterator

from hplint.rule import (
    Accumulation,
    Draft,
    DraftEdit,
    DraftFix,
    Event,
    EventKind,
    Level,
    Role,
    Steps,
    TrainingStep,
    accumulations,
    moved_line,
    rule,
    within,
)


@rule(
    "HP193",
    "zero-grad-inside-accumulation",
    level=Level.ERROR,
    topic="loop",
    hyperparameter="gradient-accumulation-steps",
    since="0.1",
    subject=Steps(),
)
def zero_grad_inside_accumulation(step: TrainingStep) -> Iterator[Draft]:
    if any(event.role is Role.ACCELERATOR for event in step.events) or "accumulate(" in step.file.text:
        return
    for found in accumulations(step):
        clear = next((each for each in step.events if clears_each_round(each, found)), None)
        if clear is not None:
            test = step.file.source(found.guard.test)
            yield Draft(
                clear.node,
                f"the gradients of `{found.step.target}` are cleared in each round, but it steps only if `{test}`: "
                "they are not added up",
                (*within(clear, "cleared here"), (found.step.at, "this step uses the gradients of one round only")),
                fix(step, clear, found),
            )


def clears_each_round(clear: Event, found: Accumulation) -> bool:
    """Whether the gradients that a step needs are cleared wherever they are computed."""
    use, computed = found.step, found.backward
    if clear.kind is not EventKind.ZERO_GRAD or clear.target is None:
        return False
    same = clear.target == use.target or set(use.models) == {clear.target}
    keys = {guard.key for guard in computed.guards}
    return same and clear.loops == computed.loops and all(guard.key in keys for guard in clear.guards)


def fix(step: TrainingStep, clear: Event, found: Accumulation) -> DraftFix | None:
    """Clear after the step, in the same condition."""
    if clear.via or found.step.via:
        return None
    edits = moved_line(step.file, clear.node, found.step.node)
    return None if edits is None else DraftFix("clear them after the step", tuple(DraftEdit(*edit) for edit in edits))
