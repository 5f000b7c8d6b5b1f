"""Gradients are clipped after the step that they were meant for.

The optimizer has already used the gradients when they are clipped, and the next iteration clears them. The call costs
time and changes nothing: the updates are as large as without it. No error is raised; the loss curve shows the spikes,
or the NaN, that clipping was put there to prevent.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # HP121
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

Weights, as in a Wasserstein GAN, are clipped after the step; so are the gradients of the next optimizer.

```python good
import torch

for real in loader:
    optimizer.zero_grad()
    loss = discriminator(fake).mean() - discriminator(real).mean()
    loss.backward()
    optimizer.step()
    for p in discriminator.parameters():
        p.data.clamp_(-0.01, 0.01)
```

An infinite limit only measures the norm.

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
```

## References

- awslabs/graphstorm#1366: the clipping of a training loop had no effect.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    Event,
    EventKind,
    File,
    Level,
    Steps,
    TrainingStep,
    argument,
    move_before,
    of_another_model,
    rule,
    syntax,
    within,
)

ORDERED = (EventKind.BACKWARD, EventKind.STEP, EventKind.UNKNOWN, EventKind.WRITE_GRAD)


@rule(
    "HP121",
    "clip-after-step",
    level=Level.ERROR,
    topic="loop",
    hyperparameter="max-grad-norm",
    since="0.1",
    runtime=True,
    subject=Steps(),
)
def clip_after_step(step: TrainingStep) -> Iterator[Draft]:
    for position, clip in enumerate(step.events):
        if clip.kind is not EventKind.CLIP or measures_only(step.file, clip):
            continue
        before = [each for each in step.events[:position] if each.kind in ORDERED and not each.excludes(clip)]
        after = [each for each in step.events[position + 1 :] if each.kind in ORDERED and not each.excludes(clip)]
        use = before[-1] if before else None
        if use is None or use.kind is not EventKind.STEP or use.closure or not use.always_before(clip):
            continue
        backward = next((each for each in before if each.kind is EventKind.BACKWARD), None)
        cleared = any(each.kind is EventKind.ZERO_GRAD and each.always_before(clip) for each in step.events)
        if (
            backward is None
            or not cleared
            or of_another_model(step, clip, use)
            or (after and after[0].kind is not EventKind.BACKWARD)
        ):
            continue
        if not step.belongs_elsewhere(backward, use, clip):
            yield Draft(
                clip.node,
                f"gradients are clipped after `{use.target}` has stepped: the clipping has no effect",
                ((use.at, "they are used here"), *within(clip, "clipped here")),
                None if clip.via else move_before(step.file, clip.node, use.at, "clip them before the step"),
            )


def measures_only(file: File, clip: Event) -> bool:
    """Whether the limit is so high that only the returned norm can be meant."""
    call = clip.at
    limit = argument(call, 1, "max_norm") if isinstance(call, syntax.Call) else None
    if limit is None:
        return False
    if (
        isinstance(limit.value, syntax.Call | syntax.Attribute | syntax.Name)
        and "inf" in file.source(limit.value).lower()
    ):
        return True
    single = file.value(limit.value).single
    return single is not None and isinstance(single.constant, int | float) and single.constant >= 1e4
