"""Gradients of a scaled loss are clipped before they are unscaled.

`scaler.scale(loss).backward()` makes every gradient as large as the scale: 65536 at first. `clip_grad_norm_` then sees
a norm that is that many times too large and shrinks it to `max_norm`; `scaler.step` divides by the scale afterwards. So
the update has at most `max_norm / 65536` of its size: training creeps, the loss falls much more slowly than without
mixed precision, and changing `max_norm` or the scale changes the speed. No error is raised. The norm that is logged is
in the thousands.

```python bad
import torch

scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # HP191
    scaler.step(optimizer)
    scaler.update()
```

```python fixed
import torch

scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # HP191
    scaler.step(optimizer)
    scaler.update()
```

```python good
import torch

scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
```

## Looks like it, is not

Without mixed precision there is nothing to unscale.

```python good
import torch

scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    if use_amp:
        with torch.autocast("cuda"):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    else:
        loss = criterion(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
```

## References

- [Working with unscaled gradients](https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-clipping)
- milesial/Pytorch-UNet#470, Lightning-AI/pytorch-lightning#9330, catalyst-team/catalyst#1319,
  victorchall/EveryDream2trainer#175, rwth-i6/returnn#1590: repaired in these projects.
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    Event,
    EventKind,
    Level,
    Steps,
    TrainingStep,
    insert_line,
    is_scaled,
    measures_only,
    of_another_model,
    rule,
    same_optimizer,
    scaler_of,
    within,
)

OTHERS = (EventKind.UNKNOWN, EventKind.WRITE_GRAD, EventKind.STEP)


@rule(
    "HP191",
    "amp-clip-without-unscale",
    level=Level.ERROR,
    topic="precision",
    hyperparameter="max-grad-norm",
    since="0.1",
    runtime=True,
    subject=Steps(),
)
def amp_clip_without_unscale(step: TrainingStep) -> Iterator[Draft]:
    if "scaler" not in step.file.text.lower():
        return
    for position, use in enumerate(step.events):
        scaler = scaler_of(step, use) if use.kind is EventKind.STEP else None
        clip = None if scaler is None else clipped_before(step, position, use)
        if clip is not None and scaler is not None and not step.belongs_elsewhere(clip, use):
            shown = step.file.source(clip.node).partition("(")[0]
            message = f"`{shown}` clips gradients that are still multiplied by the loss scale (65536 at first)"
            related = (*within(clip, "clipped here"), (use.at, "they are unscaled only here"))
            yield Draft(clip.node, message, related, fix(step, clip, use))


def clipped_before(step: TrainingStep, position: int, use: Event) -> Event | None:
    """The clipping of scaled gradients before a step, where nothing unscales them."""
    found: Event | None = None
    for event in reversed(step.events[:position]):
        if event.excludes(use) or (found is not None and event.excludes(found)):
            continue
        if event.kind is EventKind.CLIP and not of_another_model(step, event, use):
            found = event if not measures_only(step.file, event) else found
        elif event.kind is EventKind.BACKWARD:
            return found if is_scaled(step, event) else None
        elif event.kind in OTHERS or (event.kind is EventKind.UNSCALE and same_optimizer(event, use)):
            return None
    return None


def fix(step: TrainingStep, clip: Event, use: Event) -> DraftFix | None:
    """Unscale right before the clipping, in the words of the step that follows."""
    call = step.file.source(use.node)
    if clip.via or use.via or not re.fullmatch(r"[\w.]+\.step\([\w.\[\]]+\)", call):
        return None
    return insert_line(step.file, clip.node, call.replace(".step(", ".unscale_("), "unscale the gradients first")
