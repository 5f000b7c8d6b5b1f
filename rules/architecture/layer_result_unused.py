"""The result of a dropout or an activation is thrown away.

`F.dropout(x)`, `F.relu(x)` and `self.drop(x)` leave `x` as it is and return a new tensor. A line that does not keep it
does nothing: the network trains without the dropout, or without the nonlinearity, in which case two linear layers
around it are one. Nothing is raised; training and validation loss look as if the line were not there.

```python bad
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.drop = nn.Dropout(0.5)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        self.drop(x)  # HP235
        return self.fc2(x)
```

```python fixed
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.drop = nn.Dropout(0.5)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.drop(x)  # HP235
        return self.fc2(x)
```

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.drop = nn.Dropout(0.5)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.drop(x)
        return self.fc2(x)
```

## Looks like it, is not

With `inplace=True` the tensor itself changes, and so it does in `F.relu_(x)`.

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inplace):
        super().__init__()
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5, inplace)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        self.act(x)
        self.drop(x)
        F.relu(x, inplace=True)
        F.relu_(x)
        return self.fc(x)
```

## References

- [torch.nn.functional.dropout](https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html): in place
  only when `inplace` is set.
- Tried on torch 2.13: `F.dropout(x, 0.5)` leaves `x` as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Classes,
    Draft,
    DraftFix,
    Level,
    ModuleClass,
    Presence,
    expected,
    is_test,
    replace,
    rule,
    self_name,
    syntax,
    torch_roles,
)

_LAYERS = torch_roles.DROPOUT | torch_roles.FUNCTION_OF_ACTIVATION.keys()
_FUNCTIONS = frozenset(
    f"{module}.{name}"
    for name in (*torch_roles.FUNCTIONAL_DROPOUT, *torch_roles.ACTIVATION_OF_FUNCTION)
    for module in ("torch", "torch.nn.functional")
)


@rule(
    "HP235",
    "layer-result-unused",
    level=Level.ERROR,
    topic="architecture",
    since="0.1",
    subject=Classes(),
)
def layer_result_unused(module: ModuleClass) -> Iterator[Draft]:
    file = module.file
    for statement in file.within(syntax.ExprStatement, module.node):
        call = statement.value
        if not isinstance(call, syntax.Call) or not call.args or any(arg.star for arg in call.args):
            continue
        name = _function(module, call) or _layer(module, call)
        if name is None or is_test(file) or expected(file, call):
            continue
        yield Draft(
            call,
            f"`{file.source(call.func)}` returns a new tensor and leaves `{file.source(call.args[0].value)}` as it is: "
            "this line does nothing",
            fix=_kept(module, call),
        )


def _function(module: ModuleClass, call: syntax.Call) -> str | None:
    """The function that is called, if it certainly does not work in place."""
    name = module.file.qualified(call.func)
    bound = module.file.bound(call) if name in _FUNCTIONS else None
    return name if bound is not None and bound.argument("inplace").presence is Presence.ABSENT else None


def _layer(module: ModuleClass, call: syntax.Call) -> str | None:
    """The attribute that holds the layer that is called, if every layer that it may be does not work in place."""
    func = call.func
    if not isinstance(func, syntax.Attribute) or not isinstance(func.value, syntax.Name) or module.dynamic:
        return None
    if func.value.id not in {self_name(method) for method in module.methods.values()}:
        return None
    layers = [layer for layer in module.layers if layer.attr == func.attr and layer.container is None]
    plain = [layer.kind in _LAYERS and layer.call.argument("inplace").presence is Presence.ABSENT for layer in layers]
    return func.attr if layers and all(plain) and len(module.stored_at(func.attr)) == len(layers) else None


def _kept(module: ModuleClass, call: syntax.Call) -> DraftFix | None:
    """Keep the result under the name of the tensor."""
    first = call.args[0].value
    if not isinstance(first, syntax.Name):
        return None
    return replace(call, f"{first.id} = {module.file.source(call)}", "keep the result")
