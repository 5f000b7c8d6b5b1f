"""A layer is constructed inside `forward`, anew at each call.

What is made in `forward` belongs to nobody. `model.eval()` goes through the layers that the constructor stored and
does not meet it: a new `nn.Dropout` is in training mode, so it drops values in validation and in production too, and
the same input gives other predictions each time. A new `nn.Linear`, `nn.Conv2d` or `nn.LSTM` has new random weights at
every call, which no optimizer holds: the loss goes down only as far as the layers around it can learn to ignore the
noise. A new normalisation layer keeps neither weights nor running statistics.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)

    def forward(self, x):
        x = nn.functional.relu(self.fc1(x))
        x = nn.Dropout(0.5)(x)  # HP125
        head = nn.Linear(64, 10)  # HP125
        return head(x)
```

```python fixed
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)

    def forward(self, x):
        x = nn.functional.relu(self.fc1(x))
        x = nn.functional.dropout(x, 0.5, training=self.training)  # HP125
        head = nn.Linear(64, 10)  # HP125
        return head(x)
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.drop(nn.functional.relu(self.fc1(x))))
```

## Looks like it, is not

Layers that hold nothing and have no mode may be made anywhere. A layer made on the first call and kept is made once.
A layer whose weights are set by hand is a filter.

```python good
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = None

    def forward(self, x, kernel):
        x = nn.Softmax(dim=-1)(nn.ReLU()(nn.MaxPool2d(2)(x)))
        blur = nn.Conv2d(1, 1, 3, bias=False)
        blur.weight = nn.Parameter(kernel, requires_grad=False)
        x = blur(x)
        if self.head is None:
            self.head = nn.Linear(x.shape[-1], 10)
        if self.training:
            x = nn.Dropout(0.5)(x)
        return self.head(nn.LayerNorm(x.shape[1:], elementwise_affine=False)(x))
```

## References

- [torch.nn.Module.eval](https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval).
- yangze0930/NTS-Net#14 and ewrfcas/face_attribute#1: dropout made in `forward`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Classes,
    Draft,
    DraftFix,
    File,
    Level,
    ModuleClass,
    called_when_made,
    inside,
    regex,
    replace,
    rule,
    self_name,
    settings,
    syntax,
    torch_module,
    torch_roles,
    walk,
)

_GUARD = regex(r"hasattr|is None|training|not self\.")
_NEVER_LEARNED = torch_roles.OTHER_NORMS | {"PReLU"}
_JUDGED = torch_roles.DROPOUT | torch_roles.WEIGHT_LAYERS | torch_roles.BATCH_NORMS | _NEVER_LEARNED
_SWITCHES = ("affine", "elementwise_affine")


@rule(
    "HP125",
    "dropout-created-in-forward",
    level=Level.ERROR,
    topic="evaluation",
    hyperparameter="dropout",
    since="0.1",
    subject=Classes(),
)
def dropout_created_in_forward(module: ModuleClass) -> Iterator[Draft]:
    building = {method.start for method in module.reached_from("__init__", "build", "setup", "configure_model")}
    for method in module.reached_from("forward"):
        if method.start in building or not module.own(method) or not _makes_layers(module.file, method):
            continue
        parts = list(walk(method, skip=(syntax.FunctionDef, syntax.ClassDef, syntax.Lambda)))
        guards = [part for part in parts if isinstance(part, syntax.If | syntax.Conditional)]
        for made in called_when_made(parts):
            guarded = any(inside(made, guard) and _GUARD.search(module.file.source(guard.test)) for guard in guards)
            if not guarded:
                yield from _judge(module, method, made, parts)


def _makes_layers(file: File, method: syntax.FunctionDef) -> bool:
    every = map(file.bound, file.within(syntax.Call, method))
    return any(bound is not None and bound.short in _JUDGED for bound in every)


def _judge(
    module: ModuleClass, method: syntax.FunctionDef, made: syntax.Call, parts: list[syntax.Node]
) -> Iterator[Draft]:
    file = module.file
    kind, bound = torch_module(file, made), file.bound(made)
    if kind in torch_roles.MODULE_CONTAINERS:
        for part in walk(made):
            if isinstance(part, syntax.Call) and torch_module(file, part) not in torch_roles.MODULE_CONTAINERS:
                yield from _judge(module, method, part, parts)
        return
    if bound is None:
        return
    text = f"`{file.source(made.func)}` is made anew in each `{method.name}`"
    if kind in torch_roles.DROPOUT:
        rates = [setting.number for setting in settings(bound, "p")]
        if not rates or any(rates):
            message = f"{text}, where `model.eval()` never reaches it: it drops values in evaluation too"
            yield Draft(made, message, fix=_functional(module, method, made, parts))
    elif kind in torch_roles.WEIGHT_LAYERS:
        yield Draft(made, f"{text} with random weights: no optimizer ever trains them")
    elif kind in torch_roles.BATCH_NORMS | _NEVER_LEARNED:
        switches = [bound.argument(switch).value.single for switch in _SWITCHES if bound.argument(switch).node]
        if not any(switch is None or switch.constant is False for switch in switches):
            level = Level.WARNING if kind in _NEVER_LEARNED else None
            yield Draft(made, f"{text}: it learns no weights and keeps no statistics", level=level)


def _functional(
    module: ModuleClass, method: syntax.FunctionDef, made: syntax.Call, parts: list[syntax.Node]
) -> DraftFix | None:
    """``nn.Dropout(0.5)(x)`` to ``nn.functional.dropout(x, 0.5, training=self.training)``."""
    outer = next((part for part in parts if isinstance(part, syntax.Call) and part.func is made), None)
    source = module.file.source
    prefix = source(made.func).removesuffix(".Dropout")
    rates = [arg for arg in made.args if not arg.star]
    if outer is None or len(outer.args) != 1 or len(rates) != 1 or prefix == source(made.func):
        return None
    arguments = f"{source(outer.args[0])}, {source(rates[0])}, training={self_name(method)}.training"
    return replace(outer, f"{prefix}.functional.dropout({arguments})", "call the function, which knows the mode")
