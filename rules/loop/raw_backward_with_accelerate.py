"""The loss computes its gradients by itself, although Accelerate was to do it.

`accelerator.backward(loss)` scales the loss for float16, divides it by the steps that gradients are accumulated over,
and hands it to DeepSpeed where that is used. `loss.backward()` leaves all of it out. With float16 the first step on a
GPU raises "AssertionError: Attempted step but _scale is None. This may indicate your script did not use
scaler.scale(loss or outputs) earlier in the iteration." With accumulation nothing raises: the gradients are as many
times too large as batches are accumulated, as if the learning rate were. On one device in full precision both ways are
the same, so it shows only when the configuration changes.

```python bad
import torch
from accelerate import Accelerator

accelerator = Accelerator(mixed_precision="fp16")
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()  # HP262
    optimizer.step()
```

```python good
import torch
from accelerate import Accelerator

accelerator = Accelerator(mixed_precision="fp16")
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    accelerator.backward(loss)
    optimizer.step()
```

It is an error where float16, accumulation or DeepSpeed is asked for in the code, else a warning: the configuration of
`accelerate launch` may ask for them.

## Looks like it, is not

Where it is chosen between the two; models and optimizers that were not prepared.

```python good
import torch
from accelerate import Accelerator

accelerator = Accelerator() if distributed else None
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
if accelerator is not None:
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    if accelerator is not None:
        accelerator.backward(loss)
    else:
        loss.backward()
    optimizer.step()
```

## References

- [Accelerate: add Accelerate to your code](https://huggingface.co/docs/accelerate/basic_tutorials/migration)
- huggingface/accelerate#641: calls of torch and of the accelerator mixed in one loop.
"""

from collections.abc import Iterator

from hplint.rule import BoundCall, Draft, DraftFix, File, Files, Level, is_test, made_by, replace, rule, syntax

ASKS = {"mixed_precision": (None, "no", "bf16"), "gradient_accumulation_steps": (1,), "deepspeed_plugin": (None,)}


@rule(
    "HP262",
    "raw-backward-with-accelerate",
    level=Level.ERROR,
    topic="loop",
    library="accelerate",
    since="0.1",
    subject=Files("Accelerator("),
)
def raw_backward_with_accelerate(file: File) -> Iterator[Draft]:
    made = [
        call for call in file.calls if call.name in ("accelerate.Accelerator", "accelerate.accelerator.Accelerator")
    ]
    calls = [each for each in file.all(syntax.Call) if isinstance(each.func, syntax.Attribute)]
    methods = [(each, each.func) for each in calls if isinstance(each.func, syntax.Attribute)]
    backward = [(each, func) for each, func in methods if func.attr == "backward"]
    prepared = [func.value for _, func in methods if func.attr == "prepare"]
    alone = len(made) == 1 and prepared and not is_test(file) and all(is_made(file, each, made[0]) for each in prepared)
    if not alone or any(given(each) or is_made(file, func.value, made[0]) for each, func in backward):
        return
    asked = next((argument for name, off in ASKS.items() if (argument := asks(made[0], name, off)) is not None), None)
    for each, func in backward:
        if isinstance(func.value, syntax.Name):
            name = file.source(prepared[0])
            message = f"`{func.value.id}.backward()` bypasses `{name}`, which scales and divides the loss"
            related = ((asked or made[0].node, "asked for here" if asked else "the accelerator"),)
            fix: DraftFix = replace(each, f"{name}.backward({func.value.id})", f"call `{name}.backward`")
            yield Draft(each, message, related, fix, level=None if asked else Level.WARNING)


def given(call: syntax.Call) -> bool:
    """Whether a `backward` is told more than that: another kind of gradient."""
    return bool(call.args)


def is_made(file: File, expr: syntax.Expr, accelerator: BoundCall) -> bool:
    return [each.start for each in made_by(file, expr)] == [accelerator.node.start]


def asks(call: BoundCall, name: str, off: tuple[object, ...]) -> syntax.Arg | None:
    """The argument that asks for more than one device in full precision."""
    argument = call.arguments.get(name)
    values = () if argument is None else argument.value.possible
    return (
        argument.node if argument is not None and values and all(each.constant not in off for each in values) else None
    )
