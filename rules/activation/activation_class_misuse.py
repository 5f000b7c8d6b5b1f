"""An activation class is called like a function, or a function is used as a layer.

`nn.ReLU` is a class: `nn.ReLU()` makes a layer, and the layer is called with the tensor. `nn.ReLU(x)` takes `x` for the
option `inplace` and returns a layer, so the next operation fails with a message about a `ReLU` object that is not a
tensor. `nn.Sequential` wants layers: a class that was not instantiated, or a function such as `F.relu`, raises
`TypeError: ... is not a Module subclass` at construction.

```python bad
from torch import nn
from torch.nn import functional as F

by_class = nn.Sequential(nn.Linear(784, 64), nn.ReLU, nn.Linear(64, 10))  # HP127
by_function = nn.Sequential(nn.Linear(784, 64), F.relu, nn.Linear(64, 10))  # HP127


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = nn.ReLU(self.fc1(x))  # HP127
        return self.fc2(x)
```

```python fixed
from torch import nn
from torch.nn import functional as F

by_class = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))  # HP127
by_function = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))  # HP127


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = nn.ReLU()(self.fc1(x))  # HP127
        return self.fc2(x)
```

```python good
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        return F.log_softmax(self.body(x), dim=1)
```

## Looks like it, is not

A class may be handed on to be instantiated later, and its options may be variables.

```python good
from torch import nn


def block(width, activation=nn.ReLU, inplace=True):
    return nn.Sequential(nn.Linear(width, width), activation(), nn.ReLU(inplace), nn.LeakyReLU(0.1))


class Net(nn.Module):
    def __init__(self, activation=nn.ReLU):
        super().__init__()
        self.activation = activation
        self.body = block(64, activation=nn.GELU)

    def forward(self, x, slope):
        return nn.LeakyReLU(slope)(self.activation()(self.body(x)))
```

## References

- [torch.nn.ReLU](https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html).
- Stack Overflow question 69360048, and Lightning-AI/pytorch-lightning#2282.
- Tried on torch 2.13: `nn.ReLU(torch.ones(2))` returns a layer; `nn.Sequential(nn.Linear(2, 2), F.relu)` raises.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    Safety,
    given_tensors,
    put_into,
    replace,
    rule,
    syntax,
    torch_roles,
)

_CONTAINERS = frozenset(f"torch.nn.{name}" for name in torch_roles.MODULE_CONTAINERS)


@rule("HP127", "activation-class-misuse", level=Level.ERROR, topic="activation", since="0.1", subject=Files("nn"))
def activation_class_misuse(file: File) -> Iterator[Draft]:
    for container in file.calls:
        if container.name in _CONTAINERS:
            for element in put_into(container.node):
                yield from _no_layer(file, container.node, element)
    suspects = [call.node for call in file.calls if call.short in torch_roles.FUNCTION_OF_ACTIVATION and call.node.args]
    for found in given_tensors(file, suspects) if suspects else ():
        text = file.source(found.tensor.value)
        yield Draft(
            found.call,
            f"`{file.source(found.call.func)}` is a class: it makes a layer with `{text}` as its option and applies "
            "nothing to it",
            fix=_applied(file, found.call, found.kind),
        )


def _no_layer(file: File, container: syntax.Call, element: syntax.Expr) -> Iterator[Draft]:
    """A class that was not instantiated, or a function, in a container."""
    name = file.qualified(element) if isinstance(element, syntax.Name | syntax.Attribute) else None
    if name is None:
        return
    module, _, last = name.rpartition(".")
    text = file.source(element)
    if module == "torch.nn" and last in torch_roles.MODULES:
        plain = last in torch_roles.FUNCTION_OF_ACTIVATION
        fix = replace(element, f"{text}()", f"make it a layer: `{text}()`", Safety.SAFE) if plain else None
        yield Draft(element, f"`{text}` is a class, not a layer: the container raises `TypeError`", fix=fix)
    elif module in ("torch", "torch.nn.functional") and last in torch_roles.ACTIVATION_OF_FUNCTION:
        layer, func = torch_roles.ACTIVATION_OF_FUNCTION[last], container.func
        prefix = file.source(func.value) + "." if isinstance(func, syntax.Attribute) else None
        new = f"{prefix}{layer}()"
        fix = replace(element, new, f"take the layer: `{new}`", Safety.SAFE) if prefix else None
        yield Draft(element, f"`{text}` is a function, not a layer: the container raises `TypeError`", fix=fix)


def _applied(file: File, call: syntax.Call, kind: str) -> DraftFix | None:
    """``nn.Softmax(x, dim=1)`` to ``nn.Softmax(dim=1)(x)``."""
    first, *options = call.args
    named = all(option.keyword for option in options)
    if not named or (kind in torch_roles.NEEDS_DIMENSION and not options):
        return None
    inner = ", ".join(file.source(option) for option in options)
    text = f"{file.source(call.func)}({inner})({file.source(first)})"
    return replace(call, text, "make the layer, then call it", Safety.SAFE)
