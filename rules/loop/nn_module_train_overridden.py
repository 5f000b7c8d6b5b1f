"""A method `train` or `eval` of a module hides the one that switches its mode.

`nn.Module.train(mode)` puts a module and all in it into training mode; `eval()` is `train(False)`. A class that calls
its own training loop `train` takes both away: `model.eval()` raises
`TypeError: train() missing 1 required positional argument`, or starts to train on `False`; a model that holds such a
module raises the same when its own mode is switched. Dropout and batch normalisation are never switched.

```python bad
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))

    def forward(self, x):
        return self.body(x)

    def train(self, loader, optimizer):  # HP201
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(self(x), y).backward()
            optimizer.step()
```

```python good
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))

    def forward(self, x):
        return self.body(x)

    def fit(self, loader, optimizer):
        self.train()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(self(x), y).backward()
            optimizer.step()
```

## Looks like it, is not

A `train` that takes the mode, such as one that keeps batch normalisation frozen, and classes that are no modules.

```python good
from torch import nn


class Backbone(nn.Module):
    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


class Trainer:
    def train(self, loader, epochs):
        for epoch in range(epochs):
            self.run(loader)
```

## References

- [torch.nn.Module.train](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.train)
- Among the reproduced bugs of Shah et al., "Towards Enhancing the Reproducibility of Deep Learning Bugs" (2024).
"""

import re
from collections.abc import Iterator

from hplint.rule import Classes, Draft, Level, ModuleClass, inside, regex, rule, syntax

MODE = regex(r"mode|flag|training|train|is_\w+|value|status|enable\w*|on|_+", re.IGNORECASE)


MODE_MATTERS = (".eval(", "Dropout", "BatchNorm")
"""Without these nobody switches the mode, and nothing would change."""


@rule("HP201", "nn-module-train-overridden", level=Level.ERROR, topic="loop", since="0.1", subject=Classes())
def nn_module_train_overridden(module: ModuleClass) -> Iterator[Draft]:
    if not any(word in module.file.text for word in MODE_MATTERS):
        return
    for method in module.node.body:
        if not isinstance(method, syntax.FunctionDef) or method.name not in ("train", "eval") or method.decorators:
            continue
        given = method.parameters[1:]
        needed = [each for each in given if each.default is None and each.kind.startswith("positional")]
        if not needed or any(each.kind in ("*", "**") for each in given) or takes_mode(module, method, needed):
            continue
        names = ", ".join(f"`{each.name}`" for each in needed)
        message = f"`{module.name}.{method.name}` needs {names} and hides the method that switches the mode: "
        at = syntax.Node(method.name_start, method.name_start + len(method.name))
        yield Draft(at, message + f"`{module.name}.eval()` raises TypeError or trains")


def takes_mode(module: ModuleClass, method: syntax.FunctionDef, needed: list[syntax.Parameter]) -> bool:
    """Whether a method takes nothing but the mode, or hands it on."""
    hands_on = any(
        isinstance(call.func, syntax.Attribute) and call.func.attr == method.name and inside(call, method)
        for call in module.file.within(syntax.Call, method)
        if "super()" in module.file.source(call.func)
    )
    return hands_on or (len(needed) == 1 and method.name == "train" and MODE.fullmatch(needed[0].name) is not None)
