"""An argument that the function or class does not take.

The call raises `TypeError: __init__() got an unexpected keyword argument`. That is a crash and not a silent fault, but
it often comes late: after the data has been loaded, after an hour in the queue, or in the one branch of the
configuration that nobody ran before.

## Momentum and Adam

The classic is `momentum`, which `SGD` takes and `Adam` does not. Adam has momentum all the same: it is the first of its
two `betas`. `betas=(0.9, 0.999)`, the default, carries 90 % of the last direction into each step, as
`SGD(momentum=0.9)` does; the second number is for the size of the steps. To change Adam's momentum, change
`betas[0]`: 0.5 is usual for adversarial networks.

```python bad
import torch.optim as optim

optimizer = optim.Adam(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-5)  # HP101
```

```python good
import torch.optim as optim

optimizer = optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.999), weight_decay=1e-5)
```

## Misspelt, or called differently elsewhere

```python bad
import torch
from torch import nn
from torch.utils.data import DataLoader

optimizer = torch.optim.SGD(model.parameters(), learning_rate=0.1, momentum=0.9)  # HP101
loader = DataLoader(dataset, batchsize=32, shuffle=True)  # HP101
activation = nn.ReLU(dim=1)  # HP101
```

```python good
import torch
from torch import nn
from torch.utils.data import DataLoader

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(dataset, batch_size=32, shuffle=True)
activation = nn.Softmax(dim=1)
```

## Looks like it, is not

A class of the same name from elsewhere takes its own arguments, and what `**options` holds is not known. Code that
tries an argument and falls back, or asks for the version first, is left alone.

```python good
import optax
import torch

from my_project import Adam

mine = Adam(model.parameters(), lr=1e-3, momentum=0.9)
other = optax.sgd(1e-3, momentum=0.9)
configured = torch.optim.AdamW(model.parameters(), lr=1e-3, **options)

try:
    quick = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, quick=True)
except TypeError:
    quick = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
```

## References

- <https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html>
- alibaba/FederatedScope#91, pykale/pykale#447, open-mmlab/mmdetection#8123: momentum given to Adam.
"""

from collections.abc import Iterator

from hplint.rule import (
    OPTION_ALIASES,
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Place,
    Presence,
    Safety,
    closest,
    expected,
    handed_on,
    removals,
    removed,
    replace,
    rule,
    syntax,
    thresholds,
)


@rule("HP101", "unexpected-argument", level=Level.ERROR, topic="calls", since="0.1", subject=Files())
def unexpected_argument(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if not (call.unexpected or call.surplus) or expected(file, call.node, "TypeError"):
            continue
        for argument in call.unexpected:
            name = argument.keyword or ""
            if name == "momentum" and call.short in thresholds.ADAM_FAMILY:
                yield momentum_of_adam(file, call, argument)
            elif removed(call.name, name) is None:
                yield unknown(call, argument, name)
        if call.surplus and not removals(call.name):
            takes = sum(p.kind.startswith("positional") for p in call.signature.parameters) if call.signature else 0
            most = f"at most {takes} positional argument{'s' * (takes != 1)}" if takes else "no positional arguments"
            message = f"`{call.short}` takes {most}, so this one raises TypeError"
            yield Draft(call.surplus[0], message, handed_on(call))


def momentum_of_adam(file: File, call: BoundCall, argument: syntax.Arg) -> Draft:
    fix = None
    if argument in call.node.args and call.argument("betas").presence is Presence.ABSENT:
        betas = f"betas=({file.source(argument.value)}, 0.999)"
        fix = replace(argument, betas, f"write it as the first of the betas, `{betas}`")
    message = f"`{call.short}` has no `momentum` and raises TypeError: its momentum is the first of `betas`"
    return Draft(argument, message, handed_on(call), fix=fix, hyperparameter="momentum")


def unknown(call: BoundCall, argument: syntax.Arg, name: str) -> Draft:
    """An argument that no version takes, and what it was probably meant to be."""
    known = call.signature.parameters if call.signature else ()
    parameters = [parameter.name for parameter in known if parameter.kind in ("positional", "keyword-only")]
    alias = OPTION_ALIASES.get(name) if call.name.startswith("torch.optim.") else None
    meant = alias if alias in parameters else closest(name, parameters)
    message = f"`{call.short}` has no argument `{name}` and raises TypeError"
    if meant is None:
        return Draft(argument, message, handed_on(call))
    if meant in call.arguments:
        return Draft(argument, f"{message}; `{meant}` is given as well", handed_on(call))
    fix = None
    if argument in call.node.args:
        fix = replace(Place(argument.start, argument.start + len(name)), meant, f"write `{meant}`", Safety.SAFE)
    return Draft(argument, f"{message}; did you mean `{meant}`?", handed_on(call), fix=fix)
