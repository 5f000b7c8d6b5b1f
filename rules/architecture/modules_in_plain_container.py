"""Layers in a plain list or dictionary are invisible to PyTorch.

`nn.Module` finds a layer when it is an attribute, or sits in an `nn.ModuleList`, `nn.ModuleDict` or `nn.Sequential`.
A Python list, tuple or dictionary is an attribute like any other value and is not looked into. Its layers are missing
from `model.parameters()`, so the optimizer never trains them; from `model.to(device)`, so a GPU run stops with tensors
on two devices; from `state_dict()`, so a loaded checkpoint has new random weights there; and from `train()` and
`eval()`. On a CPU the only sign is a loss that falls more slowly than it should, and a small parameter count.

```python bad
from torch import nn


class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = [nn.Linear(64, 64) for _ in range(depth)]  # HP128
        self.heads = []  # HP128
        for _ in range(3):
            self.heads.append(nn.Linear(64, 10))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return [head(x) for head in self.heads]
```

```python fixed
from torch import nn


class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(depth)])  # HP128
        self.heads = nn.ModuleList([])  # HP128
        for _ in range(3):
            self.heads.append(nn.Linear(64, 10))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return [head(x) for head in self.heads]
```

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(depth)])
        self.heads = nn.ModuleDict({"mean": nn.Linear(64, 1), "scale": nn.Linear(64, 1)})
```

## Looks like it, is not

A list may be unpacked into a `Sequential`, wrapped later, or registered element by element. A list of one keeps a
module out of the parameters on purpose. Layers without weights lose nothing.

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self, depth, teacher, renewed):
        super().__init__()
        self.layers = [nn.Linear(64, 64) for _ in range(depth)]
        self.body = nn.Sequential(*self.layers)
        self.activations = [nn.ReLU() for _ in range(depth)]
        self.teacher = [teacher]
        self.frozen = [nn.Linear(64, 64)]
        self.shared = [teacher]
        if renewed:
            self.shared = [nn.Linear(64, 64)]


class Named(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = [nn.Linear(64, 64) for _ in range(depth)]
        for index, layer in enumerate(self.layers):
            self.add_module(f"layer{index}", layer)


class Wrapped(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = []
        for _ in range(depth):
            self.layers.append(nn.Linear(64, 64))
        self.layers = nn.ModuleList(self.layers)
```

## References

- [torch.nn.ModuleList](https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html).
- pytorch/pytorch#1053, #715, #666, #59925, #38639; LianpoWang/SLIIF#13.
- Tried on torch 2.13: of two layers with two tensors each, one of them in a list, `parameters()` finds two tensors.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Classes,
    Draft,
    DraftFix,
    Level,
    ModuleClass,
    PlainContainer,
    plain_containers,
    regex,
    replace,
    rule,
    syntax,
    torch_module,
    torch_roles,
)

_ON_PURPOSE = regex(r"teacher|ref(_|$)|frozen|freeze|ema|target|pretrained|unregistered|no_grad|detector")
_LIST_METHODS = frozenset({"append", "extend", "insert"})
_KINDS = {"list": "list", "tuple": "tuple", "set": "set", "dict": "dictionary"}


@rule(
    "HP128",
    "modules-in-plain-container",
    level=Level.ERROR,
    topic="architecture",
    since="0.1",
    runtime=True,
    subject=Classes(),
)
def modules_in_plain_container(module: ModuleClass) -> Iterator[Draft]:
    for container in plain_containers(module):
        if _ON_PURPOSE.search(container.attr):
            continue
        file, display = module.file, container.display
        kind = _KINDS.get(getattr(display, "kind", "dict"), "dictionary")
        what = f"`self.{container.attr}` is a plain {kind}"
        name = file.source(container.made[0].func)
        if all(torch_module(file, made) in torch_roles.DROPOUT for made in container.made):
            message = f"{what}: `model.eval()` does not reach the `{name}` in it, which keeps dropping values"
        else:
            message = f"{what}: PyTorch does not find the `{name}` in it, so it is not trained, moved or saved"
        yield Draft(display, message, fix=_wrap(module, container))


def _wrap(module: ModuleClass, container: PlainContainer) -> DraftFix | None:
    """Put the display into the container of ``torch.nn`` that takes it, named as the layers in it are."""
    func, display = container.made[0].func, container.display
    if not container.flat or not isinstance(func, syntax.Attribute) or not torch_module(module.file, container.made[0]):
        return None
    methods = {
        part.attr
        for part in module.file.all(syntax.Attribute)
        if isinstance(part.value, syntax.Attribute) and part.value.attr == container.attr
    }
    match display:
        case syntax.Collection(kind="list" | "tuple") | syntax.Comprehension(kind="list") if methods <= _LIST_METHODS:
            wrapper = "ModuleList"
        case syntax.Dict(items=items) if items and all(_is_name(key) for key, _ in items):
            wrapper = "ModuleDict"
        case _:
            return None
    wrapper = f"{module.file.source(func.value)}.{wrapper}"
    text = module.file.source(display)
    if isinstance(display, syntax.Collection) and display.kind == "tuple":  # its parentheses are not part of it
        text = f"[{text}]"
    return replace(display, f"{wrapper}({text})", f"wrap it in `{wrapper}`")


def _is_name(key: syntax.Expr | None) -> bool:
    """Whether a key may name a module: a literal without dots that no module has as an attribute."""
    if not isinstance(key, syntax.Literal) or not isinstance(key.value, str):
        return False
    taken = torch_roles.MODULE_ATTRIBUTES | {"keys", "values", "items", "pop", "update", "clear"}
    return bool(key.value) and "." not in key.value and key.value not in taken
