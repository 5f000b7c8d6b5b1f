"""The gradients are cleared between backward and step.

`backward` adds up gradients, `step` uses them, `zero_grad` throws them away. With `zero_grad` in the middle the
optimizer is left with nothing and skips every weight (with `set_to_none=False`, weight decay and momentum still move
them). No error is raised. The loss stays at its first value, about ln(number of classes) for cross-entropy, whatever
the learning rate.

```python bad
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.zero_grad()  # HP119
    optimizer.step()
```

```python good
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

After `step` is right too. It is found through helpers of the same file:

```python bad
import torch


def reset(optimizer):
    optimizer.zero_grad()


for x, y in loader:
    loss = criterion(model(x), y)
    loss.backward()
    reset(optimizer)  # HP119
    optimizer.step()
```

## Looks like it, is not

A GAN clears the gradients of one network between the `backward` and the `step` of the other.

```python good
import torch

d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
for real in loader:
    g_loss = -discriminator(generator(noise)).mean()
    g_loss.backward()
    d_optimizer.zero_grad()
    g_optimizer.step()
    g_optimizer.zero_grad()
```

## References

- [torch.optim.Optimizer.zero_grad](https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html)
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    Event,
    EventKind,
    Level,
    Steps,
    TrainingStep,
    move_before,
    needs_no_gradients,
    rule,
    within,
)


@rule(
    "HP119",
    "zero-grad-between-backward-and-step",
    level=Level.ERROR,
    topic="loop",
    since="0.1",
    runtime=True,
    subject=Steps(),
)
def zero_grad_between_backward_and_step(step: TrainingStep) -> Iterator[Draft]:
    for position, clear in enumerate(step.events):
        if clear.kind is not EventKind.ZERO_GRAD:
            continue
        backward = computed_before(clear, step.events[:position])
        use = used_after(clear, step.events[position + 1 :])
        if backward is None or use is None or backward.excludes(use) or step.belongs_elsewhere(backward, clear, use):
            continue
        if needs_no_gradients(step.file, use):
            continue
        message = f"the gradients of `{clear.target}` are cleared after `backward` and before `{use.target}` steps: "
        yield Draft(
            clear.node,
            message + "its weights do not learn",
            ((backward.at, "gradients computed here"), *within(clear, "cleared here"), (use.at, "needed here")),
            None if clear.via else move_before(step.file, clear.node, backward.at, "clear them before `backward`"),
        )


def computed_before(clear: Event, earlier: tuple[Event, ...]) -> Event | None:
    """The `backward` whose gradients are still there to be cleared."""
    for event in reversed(earlier):
        if event.excludes(clear):
            continue
        if event.kind is EventKind.BACKWARD:
            return event
        if event.kind is EventKind.STEP and clears(clear, event):
            return None
    return None


def used_after(clear: Event, later: tuple[Event, ...]) -> Event | None:
    """The step of the same optimizer that is left without gradients."""
    for event in later:
        if event.excludes(clear):
            continue
        if event.kind.may_bring_gradients or event.closure:
            return None
        if event.kind is EventKind.STEP and clears(clear, event):
            return event if clear.always_before(event) else None
    return None


def clears(clear: Event, step: Event) -> bool:
    """Whether all that a step uses is cleared: it is the same optimizer's, or its only model's."""
    return clear.target is not None and (clear.target == step.target or set(step.models) == {clear.target})
