"""Layers are assigned before `nn.Module` is set up.

`nn.Module.__init__` makes the tables that hold parameters, buffers and submodules. A subclass whose own `__init__`
assigns a layer before it has run raises `AttributeError: cannot assign module before Module.__init__() call`. Where
there are no layers to assign, the first call of the model raises instead: `object has no attribute '_backward_hooks'`.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self):
        self.fc1 = nn.Linear(784, 10)  # HP130

    def forward(self, x):
        return self.fc1(x)
```

```python fixed
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 10)  # HP130

    def forward(self, x):
        return self.fc1(x)
```

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        self.fc1 = nn.Linear(width, 10)  # HP130
        super().__init__()
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 10)
```

## Looks like it, is not

Plain values may be stored first. The base may be set up in another spelling, or by a method that is called first.

```python good
from torch import nn


class Wide(nn.Module):
    def __init__(self, width):
        self.width = width
        nn.Module.__init__(self)
        self.fc1 = nn.Linear(width, 10)


class Late(nn.Module):
    def __init__(self, width):
        self.prepare()
        self.fc1 = nn.Linear(width, 10)

    def prepare(self):
        super().__init__()
```

## References

- [torch.nn.Module](https://pytorch.org/docs/stable/generated/torch.nn.Module.html): the base has to be set up before
  anything is assigned to it.
- Tried on torch 2.13: the messages quoted above.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    AttributeStore,
    Classes,
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Level,
    ModuleClass,
    Safety,
    rule,
    self_name,
    syntax,
)

_REGISTERED = ("torch.nn.Parameter", "torch.nn.Buffer")


@rule("HP130", "missing-super-init", level=Level.ERROR, topic="architecture", since="0.1", subject=Classes())
def missing_super_init(module: ModuleClass) -> Iterator[Draft]:
    constructor = module.methods.get("__init__")
    if constructor is None or not module.own(constructor):
        return
    first = next((store for store in module.stores if _registers(module, store, constructor)), None)
    if first is None:
        return
    calls = _base_calls(module.file, constructor)
    if any(call.start < first.node.start for call in calls):
        return
    helpers = [method for method in module.reached_from("__init__") if method is not constructor]
    if any(_base_calls(module.file, helper) for helper in helpers):
        return
    own_name = self_name(constructor) or "self"
    yield Draft(
        first.node,
        f"`{own_name}.{first.attr}` is assigned before `nn.Module.__init__` has run, which raises at construction",
        related=tuple((call, "the base is set up here") for call in calls[:1]),
        fix=None if calls else _insert(module, constructor),
    )


def _base_calls(file: File, method: syntax.FunctionDef) -> list[syntax.Attribute]:
    return [part for part in file.within(syntax.Attribute, method) if part.attr == "__init__"]


def _registers(module: ModuleClass, store: AttributeStore, constructor: syntax.FunctionDef) -> bool:
    """Whether a store of the constructor certainly hands a module or a parameter to ``nn.Module``."""
    if store.method != "__init__" or not module.own(store.node) or not isinstance(store.value, syntax.Call):
        return False
    layers = {layer.call.node.start for layer in module.layers if layer.attr == store.attr}
    return store.value.start in layers or module.file.qualified(store.value.func) in _REGISTERED


def _insert(module: ModuleClass, constructor: syntax.FunctionDef) -> DraftFix | None:
    """Call the base first; only where ``nn.Module`` is the one base, which takes no arguments."""
    body = [statement for statement in constructor.body if not _is_docstring(statement)]
    text = module.file.text
    start = body[0].start if body else 0
    indent = text[text.rfind("\n", 0, start) + 1 : start]
    if module.bases != ("torch.nn.Module",) or not indent or indent.strip():
        return None
    edit = DraftEdit(start, start, f"super().__init__()\n{indent}")
    return DraftFix("call `super().__init__()` first", (edit,), Safety.SAFE)


def _is_docstring(statement: syntax.Stmt) -> bool:
    return isinstance(statement, syntax.ExprStatement) and isinstance(statement.value, syntax.Literal)
