"""A gradient scaler is used with bfloat16.

A scaler multiplies the loss so that small gradients do not vanish in float16, whose smallest normal number is about
6e-5. bfloat16 reaches as far down as float32: there is nothing to save. The scaler still looks through all gradients
for infinities and waits for the result in each step, and where it finds one it skips the step.

```python bad
import torch

scaler = torch.amp.GradScaler("cuda")  # HP206
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
```

```python fixed
import torch

scaler = torch.amp.GradScaler("cuda", enabled=False)  # HP206
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

`enabled` decides, where the precision can be chosen.

```python good
import torch

dtype = torch.bfloat16 if args.bf16 else torch.float16
scaler = torch.amp.GradScaler("cuda", enabled=dtype is torch.float16)
with torch.autocast("cuda", dtype=dtype):
    loss = criterion(model(x), y)
```

## References

- [Automatic mixed precision](https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling)
- decoderesearch/SAELens#723, huggingface/accelerate#1036, ecmwf/WeatherGenerator#874
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Presence,
    autocast_type,
    autocasts,
    is_on,
    is_test,
    rule,
)


@rule(
    "HP206",
    "scaler-with-bf16",
    level=Level.WARNING,
    topic="precision",
    hyperparameter="loss-scale",
    since="0.1",
    subject=Files("GradScaler"),
)
def scaler_with_bf16(file: File) -> Iterator[Draft]:
    if is_test(file) or "bfloat16" not in file.text or "autocast" not in file.text:
        return
    casts = autocasts(file)
    if not casts or any(autocast_type(file, cast) != "bfloat16" for cast in casts):
        return
    for call in file.calls:
        if call.short != "GradScaler" or not call.name.startswith("torch.") or call.via or not is_on(call):
            continue
        fix = None
        if call.argument("enabled").presence is Presence.ABSENT:
            comma = ", " if call.node.args else ""
            fix = DraftFix("switch it off", (DraftEdit(call.node.end - 1, call.node.end, f"{comma}enabled=False)"),))
        message = "the scaler has nothing to do: all of `autocast` here is bfloat16, which needs no scale"
        yield Draft(call.node, message, ((casts[0].node, "bfloat16 here"),), fix)
