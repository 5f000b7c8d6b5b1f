"""A parameter group holds a key that the optimizer never reads.

A group is a plain dictionary. torch stores every key that it holds and reads only those it knows, so a misspelt option
raises nothing: the group trains with the optimizer's default instead. With `"learning_rate"` for `"lr"` the pretrained
layers that were to move slowly get the full rate of the head; the loss of the first epoch jumps and the fine-tuned
model is worse than the frozen one. `optimizer.param_groups[i]["lr"]` shows the rate that really applies.

```python bad
import torch

optimizer = torch.optim.SGD(
    [
        {"params": model.backbone.parameters(), "learning_rate": 1e-4},  # HP106
        {"params": model.head.parameters(), "wd": 0.0},  # HP106
    ],
    lr=0.1,
    weight_decay=5e-4,
)
```

```python good
import torch

optimizer = torch.optim.SGD(
    [
        {"params": model.backbone.parameters(), "lr": 1e-4},
        {"params": model.head.parameters(), "weight_decay": 0.0},
    ],
    lr=0.1,
    weight_decay=5e-4,
)
```

Options of other optimizers are stored and ignored in the same way:

```python bad
import torch

optimizer = torch.optim.Adam([{"params": model.parameters(), "momentum": 0.8}], lr=1e-3)  # HP106
```

## Looks like it, is not

Groups may carry notes of their own: a name, a factor that a schedule reads. A key is reported only when it is close to
a real option, or what another library calls one, and the file never reads it from a group.

```python good
import torch

optimizer = torch.optim.AdamW(
    [{"params": model.parameters(), "name": "all", "lr_scale": 0.5, "initial_lr": 1e-3, "wd": 0.01}], lr=1e-3
)
for group in optimizer.param_groups:
    group["weight_decay"] = group["wd"]
```

## References

- <https://docs.pytorch.org/docs/stable/optim.html#per-parameter-options>
"""

from collections.abc import Iterator

from hplint.rule import (
    OPTION_ALIASES,
    OPTIONS_OF_SOME,
    Draft,
    File,
    Files,
    Level,
    Safety,
    closest,
    optimizers,
    parameter_groups,
    replace,
    rule,
    syntax,
)


@rule(
    "HP106",
    "param-group-unknown-key",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def param_group_unknown_key(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        options = call.signature.group_keys if call.signature else frozenset()
        for group in parameter_groups(file, call).listed if options else ():
            for name, key in group.keys.items():
                alias = OPTION_ALIASES.get(name)
                meant = alias if alias in options else closest(name, options)
                if name in options or meant in group.keys or read_from_group(file, name):
                    continue
                inline = call.node.start <= key.start < call.node.end
                if meant is not None:
                    quote = file.source(key)[-1]
                    safety = Safety.SAFE if meant == "params" else Safety.UNSAFE
                    fix = replace(key, f"{quote}{meant}{quote}", f"write `{meant}`", safety)
                    yield Draft(key, message(call.short, name, meant), fix=fix)
                elif name in OPTIONS_OF_SOME and inline:
                    yield Draft(key, f"`{call.short}` has no `{name}`: it is stored in the group and never read")


def message(optimizer: str, name: str, meant: str) -> str:
    if meant == "params":
        return f"`{optimizer}` raises KeyError: a group without `params`, its key is called `{name}`"
    return f"`{optimizer}` never reads `{name}`: the group trains with the optimizer's own `{meant}`"


def read_from_group(file: File, name: str) -> bool:
    """Whether the file itself reads or writes this key of something that may be a group."""
    keys = [(part.value, part.index) for part in file.all(syntax.Subscript)]
    keys += [
        (call.func.value, call.args[0].value)
        for call in file.all(syntax.Call)
        if isinstance(call.func, syntax.Attribute) and call.func.attr in ("get", "pop", "setdefault") and call.args
    ]
    return any(
        isinstance(key, syntax.Literal)
        and key.value == name
        and ("group" in file.source(base) or len(file.source(base)) <= 2)
        for base, key in keys
    )
