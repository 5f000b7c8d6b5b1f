"""A part of the gradient scaler's cycle is missing or done twice.

Mixed precision with `GradScaler` is a cycle of three calls: `scaler.scale(loss).backward()`, `scaler.step(optimizer)`,
`scaler.update()`. One that is left out or replaced breaks it:

- `optimizer.step()` after a scaled `backward`: the weights move by gradients that are up to 65536 times too large, the
  loss is NaN after a step or two (Adam hides it: it divides the scale out again). `scaler.update()` then raises
  `AssertionError: No inf checks were recorded prior to update.`
- `loss.backward()` without `scale`, then `scaler.step`: `AssertionError: Attempted step but _scale is None.`
- no `scaler.update()`: the second batch raises
  `RuntimeError: step() has already been called since the last update().`
- `scaler.unscale_` twice for one step: `RuntimeError: unscale_() has already been called on this optimizer since the
  last update().`

On a machine without CUDA the scaler switches itself off and none of this is seen.

```python bad
import torch

scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    optimizer.step()  # HP192
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
    scaler.step(optimizer)
    scaler.update()
```

Gradients that are added up over several batches are unscaled once, where the step is:

```python bad
import torch

scaler = torch.amp.GradScaler("cuda")
for i, (x, y) in enumerate(loader):
    scaler.scale(criterion(model(x), y) / 4).backward()
    scaler.unscale_(optimizer)  # HP192
    if (i + 1) % 4 == 0:
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
```

## Looks like it, is not

Two branches, one with and one without mixed precision; gradients that are unscaled by hand before a plain step.

```python good
import torch

scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    if use_amp:
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    else:
        loss.backward()
        optimizer.step()
    head_optimizer.zero_grad()
    scaler.scale(head_loss).backward()
    scaler.unscale_(head_optimizer)
    head_optimizer.step()
    scaler.update()
```

## References

- [Automatic mixed precision examples](https://docs.pytorch.org/docs/stable/notes/amp_examples.html)
- huggingface/transformers#5227
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
    always_together,
    handed_around,
    insert_line,
    is_scaled,
    replace,
    rule,
    scaler_of,
    steps_itself,
    unscaled_twice,
    within,
)


@rule(
    "HP192",
    "scaler-misuse",
    level=Level.ERROR,
    topic="precision",
    hyperparameter="loss-scale",
    since="0.1",
    runtime=True,
    subject=Steps(),
)
def scaler_misuse(step: TrainingStep) -> Iterator[Draft]:
    if "scaler" not in step.file.text.lower():
        return
    for position, use in enumerate(step.events):
        if use.kind is EventKind.STEP and not use.closure:
            yield from of_step(step, use, [each for each in step.events[:position] if not each.excludes(use)])
    for use, other, before in unscaled_twice(step):
        message = f"`{use.target}` is unscaled twice before the scaler is updated, which raises RuntimeError"
        said = "unscaled before" if before else "updated only every few rounds"
        yield Draft(use.node, message, (*within(use, "unscaled here"), (other.at, said)))


def of_step(step: TrainingStep, use: Event, earlier: list[Event]) -> Iterator[Draft]:
    """What is wrong with one step, and the ``backward`` before it."""
    scaler = scaler_of(step, use)
    before = [each for each in earlier if each.kind in (EventKind.BACKWARD, EventKind.STEP, EventKind.UNSCALE)]
    last = before[-1] if before else None
    if last is None or step.opaque or step.owned or step.belongs_elsewhere(last, use):
        return
    computed = last.kind is EventKind.BACKWARD and always_together(last, use)
    if computed and scaler is None and steps_itself(step, use) and is_scaled(step, last):
        related = (*within(use, "this one steps"), (last.at, "its gradients are scaled here"))
        message = f"`{use.target}` steps by gradients that are still multiplied by the loss scale (65536 at first)"
        yield Draft(use.node, message, related, by_scaler(step, use, last))
    backwards = [each for each in earlier if each.kind is EventKind.BACKWARD]
    if scaler is None:
        return
    name = step.file.source(scaler) if use.elsewhere is None else "the scaler"
    if computed and all(is_scaled(step, each) is False for each in backwards) and "scale(" not in step.file.text:
        message = f"the loss is not scaled: `{name}.step` raises AssertionError or makes the gradients far too small"
        yield Draft(last.node, message, ((use.at, "this step divides them by the scale"),))
    updated = any(each.kind is EventKind.UPDATE_SCALER for each in step.events)
    if step.loop is not None and not updated and use.elsewhere is None and not handed_around(step.file, scaler):
        fix = None if use.via else insert_line(step.file, use.node, f"{name}.update()", "update the scale", after=True)
        message = f"`{name}.update()` is never called: the second step raises RuntimeError"
        yield Draft(use.node, message, within(use, "the step"), fix)


def by_scaler(step: TrainingStep, use: Event, computed: Event) -> DraftFix | None:
    """Let the scaler step."""
    shown = re.match(r"([\w.]+)\.scale\(", step.file.source(computed.node))
    if shown is None or use.via or computed.via or use.target is None:
        return None
    optimizer = step.file.source(use.node).removesuffix(".step()")
    return replace(use.node, f"{shown.group(1)}.step({optimizer})", "let the scaler step")
