"""`ReduceLROnPlateau` waits for its metric to go the wrong way.

`ReduceLROnPlateau` lowers the learning rate when a number has stopped improving. With `mode="min"`, the default, to
improve means to fall. Given an accuracy it sees no improvement exactly while the model gets better: after each
`patience` epochs the rate is divided by ten, down to `min_lr`, and training stands still at whatever it had reached by
then. `mode="max"` with a loss does the same. Nothing raises. The log of the learning rate shows it: it drops every
`patience + 1` epochs like clockwork, from the start, while the validation curve is still rising.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=5)
for epoch in range(100):
    train(model, optimizer)
    val_acc = evaluate(model)
    scheduler.step(val_acc)  # HP164
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=5)
for epoch in range(100):
    train(model, optimizer)
    val_acc = evaluate(model)
    scheduler.step(val_acc)
```

In Lightning the metric is named beside the scheduler:

```python bad
import lightning as L
import torch


class Classifier(L.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max")
        return {"optimizer": optimizer, "lr_scheduler": scheduler, "monitor": "val_loss"}  # HP164
```

The fix changes the mode. Which metric is meant is told by its name; names that say nothing are left alone.

## Looks like it, is not

A metric whose sign is turned, and names that speak of neither.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=5)
for epoch in range(100):
    train(model, optimizer)
    val_acc = evaluate(model)
    if by_score:
        scheduler.step(score(model))
    elif by_error:
        scheduler.step(1 - val_acc)
    else:
        scheduler.step(-val_acc)
```

## References

- [ReduceLROnPlateau](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html)
- FunctionLab/selene#115, md-mohaiminul/ViS4mer#4, RMeli/gnina-torch#57, IntelLabs/distiller#240, allenai/allennlp#2895:
  an accuracy or another score, stepped with the default mode.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Presence,
    better_when,
    direction_of,
    made_by,
    quoted,
    rule,
    step_calls,
    syntax,
    untested,
)

PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
WANTED = {"min": "lower", "max": "higher"}


@rule(
    "HP164",
    "plateau-mode-mismatch",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    subject=Files("ReduceLROnPlateau"),
    runtime=True,
)
def plateau_mode_mismatch(file: File) -> Iterator[Draft]:
    steps = [step for step in step_calls(file) if step.call.args and step.is_only(PLATEAU)]
    for step in steps:
        given = step.call.args[0].value
        alone = sum(other.made == step.made for other in steps) == 1
        yield from judged(file, step.call, file.source(given), direction_of(file, given), step.made, alone)
    for node in file.all(syntax.Dict) if "monitor" in file.text else ():
        items = {key.value: value for key, value in node.items if isinstance(key, syntax.Literal)}
        metric = file.value(items["monitor"]).single if "monitor" in items else None
        scheduler = items.get("scheduler", items.get("lr_scheduler"))
        if metric is not None and isinstance(metric.constant, str) and scheduler is not None:
            made = [file.bound(call) for call in made_by(file, scheduler)]
            known = tuple(call for call in made if call is not None and call.name == PLATEAU)
            if len(known) == len(made):
                name = metric.constant
                yield from judged(file, items["monitor"], name, better_when(name), known, True)


def judged(
    file: File, at: syntax.Node, name: str, better: str | None, made: tuple[BoundCall, ...], alone: bool
) -> Iterator[Draft]:
    """What there is to say of a metric that is better when it is higher, or lower, and of the schedulers' modes."""
    modes = [mode_of(file, call) for call in made]
    mode = modes[0] if modes else None
    if better is None or mode is None or len(set(modes)) > 1 or WANTED[mode] == better:
        return
    message = (
        f"`{name}` is better when it is {better}, and `mode` is {quoted(mode)}: "
        "the rate is lowered again and again while training improves"
    )
    fix = other_mode(made[0], "max" if mode == "min" else "min") if alone and len(made) == 1 else None
    yield Draft(at, message, ((made[0].node, "constructed here"),), fix)


def mode_of(file: File, call: BoundCall) -> str | None:
    """The one mode that a scheduler has for certain."""
    given = untested(file, call.argument("mode"))
    known = None if call.subclass or given.presence is Presence.UNKNOWN else given.value.single
    return str(known.constant) if known is not None and known.constant in WANTED else None


def other_mode(call: BoundCall, mode: str) -> DraftFix | None:
    """Write the mode: over the literal, or behind the optimizer."""
    given = call.argument("mode").node
    if given is None:
        first = call.argument("optimizer").node
        edit = None if first is None else DraftEdit(first.end, first.end, f', mode="{mode}"')
    else:
        literal = isinstance(given.value, syntax.Literal)
        edit = DraftEdit(given.value.start, given.value.end, f'"{mode}"') if literal else None
    return None if edit is None else DraftFix(f'use `mode="{mode}"`', (edit,))
