"""A constructor whose name is misspelt never runs.

Python calls `__init__`, with two underscores on each side. A class with `_init_`, `___init__` or `__int__` instead has
no constructor of its own, so `nn.Module`'s runs and no layer is ever made. With arguments the construction raises
(`Net.__init__() takes 1 positional argument but 2 were given`); without them the optimizer reports `optimizer got an
empty parameter list`, or the first forward pass `'Net' object has no attribute 'fc1'`, each far from the cause.

```python bad
from torch import nn


class Net(nn.Module):
    def _init_(self):  # HP129
        super().__init__()
        self.fc1 = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc1(x)
```

```python fixed
from torch import nn


class Net(nn.Module):
    def __init__(self):  # HP129
        super().__init__()
        self.fc1 = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc1(x)
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc1(x)
```

## Looks like it, is not

Helpers with similar names are fine, and so is `__int__` where an object is to be turned into an integer.

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 10)
        self._init_()

    def _init_(self):
        nn.init.zeros_(self.fc1.bias)

    def _init_weights(self):
        nn.init.zeros_(self.fc1.bias)

    def __int__(self):
        return self.fc1.out_features
```

## References

- Shah et al., EMSE 2024, [arXiv 2401.03069](https://arxiv.org/abs/2401.03069): bug 080 of their benchmark is
  `___init___`.
- mikeizbicki/cmc-csci181#7: `_init_` in a homework.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Classes, Draft, DraftEdit, DraftFix, Level, ModuleClass, Place, Safety, rule, syntax, walk

_MISSPELT = frozenset(
    {"__int__", "__init_", "__init", "__inti__", "__ini__", "__intit__", "__initi__", "__iniit__", "__nit__"}
    | {"_init_", "_init__", "_int_", "___init__", "__init___", "___init___", "__Init__", "__INIT__"}
)


@rule(
    "HP129",
    "init-misspelt",
    level=Level.ERROR,
    topic="architecture",
    since="0.1",
    subject=Classes(),
)
def init_misspelt(module: ModuleClass) -> Iterator[Draft]:
    own = {name: method for name, method in module.methods.items() if module.own(method)}
    if "__init__" in own:
        return
    for name in sorted((_MISSPELT & own.keys()) - {use.attr for use in module.uses}):
        method = own[name]
        places = [Place(method.name_start, method.name_start + len(name))]
        calls = [part for part in walk(method) if isinstance(part, syntax.Attribute)]
        # `super().__int__()`: the slip made twice.
        again = [part for part in calls if part.attr == name and isinstance(part.value, syntax.Call)]
        # A helper that happens to have the name does not set up the base.
        if again or any(part.attr == "__init__" for part in calls):
            places += [Place(part.end - len(name), part.end) for part in again]
            edits = tuple(DraftEdit(place.start, place.end, "__init__") for place in places)
            yield Draft(
                places[0],
                f"Python never calls `{name}`: `{module.name}` has no constructor of its own",
                fix=DraftFix("rename it to `__init__`", edits, Safety.SAFE),
            )
