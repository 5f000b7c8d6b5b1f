"""Gradients are clipped before backward computes them.

`clip_grad_norm_` and `clip_grad_value_` scale the gradients that are there when they are called. Before `backward`
there are none (or old ones that are cleared anyway): nothing is clipped, and a single bad batch can still throw the
weights far away. No error is raised. The norm that `clip_grad_norm_` returns is 0, and the loss curve keeps its spikes.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # HP120
    loss.backward()
    optimizer.step()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
```

## Looks like it, is not

A step that stands at the top of the loop clips the gradients of the batches before it.

```python good
import torch

for i, (x, y) in enumerate(loader):
    if i > 0 and i % 8 == 0:
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    loss = criterion(model(x), y) / 8
    loss.backward()
```

## References

- [torch.nn.utils.clip_grad_norm_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
"""

from collections.abc import Iterator

from hplint.rule import Draft, Event, EventKind, Level, Steps, TrainingStep, move_before, rule, within


@rule(
    "HP120",
    "clip-before-backward",
    level=Level.ERROR,
    topic="loop",
    hyperparameter="max-grad-norm",
    since="0.1",
    runtime=True,
    subject=Steps(),
)
def clip_before_backward(step: TrainingStep) -> Iterator[Draft]:
    for position, clip in enumerate(step.events):
        if clip.kind is not EventKind.CLIP:
            continue
        if any(event.kind.may_bring_gradients and not event.excludes(clip) for event in step.events[:position]):
            continue
        events = [event for event in step.events[position + 1 :] if not event.excludes(clip)]
        backward, use = computed_and_used(clip, events)
        if (
            backward is None
            or use is None
            or step.belongs_elsewhere(clip, backward, use)
            or len(clip.loops) > len(use.loops)
        ):
            continue
        yield Draft(
            clip.node,
            "gradients are clipped before `backward` computes them: the step uses them unclipped",
            (*within(clip, "clipped here"), (backward.at, "computed here"), (use.at, "used here")),
            None if clip.via else move_before(step.file, clip.node, use.at, "clip them after `backward`"),
        )


def computed_and_used(clip: Event, events: list[Event]) -> tuple[Event | None, Event | None]:
    """The next `backward`, and the step that uses its gradients without another clipping."""
    backward: Event | None = None
    for event in events:
        if event.kind is EventKind.STEP:
            return (backward, event) if not event.closure else (None, None)
        if event.kind is EventKind.BACKWARD:
            backward = backward or event
        elif event.kind is EventKind.UNKNOWN or (backward is not None and clips_again(clip, event)):
            return None, None
    return None, None


def clips_again(clip: Event, event: Event) -> bool:
    """Whether an event clips the same gradients, as far as names tell."""
    return event.kind is EventKind.CLIP and (None in (clip.target, event.target) or clip.target == event.target)
