"""A method reads an attribute that nothing in the class defines.

`self.fcl` is stored and `self.fc1` is called: the letter l and the digit 1 look alike. The class is defined without
complaint, the model is built, the data are loaded, and the first batch raises
`AttributeError: 'Net' object has no attribute 'fc1'`, after minutes of preparation, or, where the line is in
`validation_step`, after the first epoch.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fcl = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.fc1(x).relu()  # HP131
        return self.fc2(x)
```

```python fixed
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fcl = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.fcl(x).relu()  # HP131
        return self.fc2(x)
```

A missing dot makes a local variable of what should be a layer.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(784, 64)
        self_decoder = nn.Linear(64, 784)

    def forward(self, x):
        return self.decoder(self.encoder(x))  # HP131
```

```python fixed
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(784, 64)
        self.decoder = nn.Linear(64, 784)

    def forward(self, x):
        return self.decoder(self.encoder(x))  # HP131
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc2(self.fc1(x).relu())
```

## Looks like it, is not

The attribute may come from a base that is not in view, from a property, from `setattr`, or from the outside.

```python good
from project.layers import Base
from torch import nn


class Derived(Base, nn.Module):
    def forward(self, x):
        return self.fc1(x)


class Grown(nn.Module):
    def __init__(self, depth):
        super().__init__()
        for index in range(depth):
            setattr(self, f"fc{index}", nn.Linear(64, 64))

    def forward(self, x):
        return self.fc1(self.scale * x) if self.training else x

    @property
    def scale(self):
        return 0.5


class Completed(nn.Module):
    def forward(self, x):
        return self.head(x)


net = Completed()
net.head = nn.Linear(64, 10)
```

## References

- Lightning-AI/pytorch-lightning#2282: a model with `self_layer_e_1 = ...` in its constructor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    AttributeUse,
    Classes,
    Draft,
    DraftEdit,
    DraftFix,
    Level,
    Located,
    ModuleClass,
    Safety,
    closest,
    is_complete,
    local_name,
    look_alike,
    replace,
    rule,
    self_name,
    undefined_uses,
)


@rule("HP131", "layer-used-but-never-defined", level=Level.ERROR, topic="architecture", since="0.1", subject=Classes())
def layer_used_but_never_defined(module: ModuleClass) -> Iterator[Draft]:
    places = {store.attr: store.node for store in module.stores if store.method is not None}
    reached = {method.name for method in module.reached_from("forward", "training_step")}
    for attr, uses in undefined_uses(module).items():
        at = uses[0].node
        object_name = self_name(module.methods[uses[0].method]) or "self"
        message = f"`{object_name}.{attr}` is read, and nothing in `{module.name}` defines it"
        twins = [stored for stored in places if look_alike(stored, attr)]
        near = twins[0] if len(twins) == 1 else closest(attr, places)
        dotless, variable = local_name(module, f"{object_name}_{attr}"), local_name(module, attr)
        if dotless is not None:
            related = (dotless, f"`{object_name}_{attr}` is a local variable: the dot is missing")
            yield Draft(at, message, (related,), _dot(module, dotless, f"{object_name}.{attr}"))
        elif near is not None:
            safety = Safety.SAFE if twins else Safety.UNSAFE
            # Where a local name is spelt like this, it is that which was to be stored.
            fix = _rename(module, uses, near, safety) if variable is None else None
            yield Draft(at, message, ((places[near], f"`{near}` is stored here"),), fix)
        elif is_complete(module) and any(use.method in reached for use in uses):
            yield Draft(at, message, ((variable, f"`{attr}` is a local name here"),) if variable else ())


def _rename(module: ModuleClass, uses: tuple[AttributeUse, ...], name: str, safety: Safety) -> DraftFix | None:
    # What stands in an f-string has the place of the whole string.
    if any(not re.fullmatch(rf"\w+\.{use.attr}", module.file.source(use.node)) for use in uses):
        return None
    edits = tuple(DraftEdit(use.node.end - len(use.attr), use.node.end, name) for use in uses)
    return DraftFix(f"read `{name}`", edits, safety)


def _dot(module: ModuleClass, local: Located, attribute: str) -> DraftFix | None:
    """``self_decoder`` to ``self.decoder``, where the local variable has no other use."""
    text = module.file.text
    if len(re.findall(rf"\b{re.escape(text[local.start : local.end])}\b", text)) != 1:
        return None
    return replace(local, attribute, f"store it: `{attribute}`", Safety.SAFE)
