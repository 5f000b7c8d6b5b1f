"""A layer is made in the constructor and never used.

Its weights are in `model.parameters()`: they take memory and optimizer state, go into every checkpoint, and get no
gradient, so they stay where they started. `DistributedDataParallel` stops in the second step with `RuntimeError:
Expected to have finished reduction in the prior iteration before starting a new one`. Mostly it is the trace of a
slip: `forward` applies `self.fc1` twice where it should apply `self.fc2`, or forgets the dropout, and the network is
smaller, or less regularised, than its constructor says.

```python bad
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.drop = nn.Dropout(0.3)  # HP239
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
```

```python good
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.drop = nn.Dropout(0.3)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc2(self.drop(F.relu(self.fc1(x))))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
```

## Looks like it, is not

A layer may be used from outside the class, by a class that derives from it, by its number, or through
`self.children()`. A comment may say that another layer stands in for it on purpose.

```python good
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.body(x)


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(8, 8)
        self.layer2 = nn.Linear(8, 8)

    def forward(self, x):
        for number in (1, 2):
            x = getattr(self, f"layer{number}")(x)
        return x


net, named = Net(), Named()
logits = net.head(net(x).relu())
```

## References

-
  [torch.nn.parallel.DistributedDataParallel](https://pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html):
  `find_unused_parameters`.
- Stack Overflow 64400630 and 72301628.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    Classes,
    Draft,
    File,
    Layer,
    Level,
    ModuleClass,
    is_test,
    regex,
    rule,
    syntax,
    torch_roles,
    undefined_uses,
)

_KINDS = torch_roles.WEIGHT_LAYERS | torch_roles.BATCH_NORMS | torch_roles.OTHER_NORMS | torch_roles.DROPOUT
_AGAIN = regex(r"#.*\b(same|shared?|sharing|twice|re-?us\w+|purpose|intention\w*|deliberate\w*)\b", re.IGNORECASE)
_BY_NAME = ("getattr(self", "named_children", "named_modules", ".children(", ".modules(", "_modules", "__dict__")


@rule(
    "HP239",
    "layer-defined-but-unused",
    level=Level.WARNING,
    topic="architecture",
    since="0.1",
    runtime=True,
    subject=Classes(),
)
def layer_defined_but_unused(module: ModuleClass) -> Iterator[Draft]:
    file, forward = module.file, module.forward
    if forward is None or not module.own(forward) or not module.known or module.dynamic:
        return
    suspects = [layer for layer in module.layers if _may_be_unused(module, layer)]
    if not suspects or is_test(file) or not _is_whole(module) or undefined_uses(module):
        return  # An attribute that nothing defines may be the misspelt name of this one.
    read = {each.attr for each in file.every(syntax.Attribute)} if suspects else set()
    stored = [target.attr for target, _ in file.holders.attribute_stores]
    named = {each.value for each in file.every(syntax.Literal) if isinstance(each.value, str)}
    for layer in suspects:
        attr = layer.attr
        count = sum(each.attr == attr for each in file.every(syntax.Attribute)) if attr in read else 0
        if attr is None or attr in named or count > stored.count(attr) or _spoken_of(module, layer):
            continue
        what = "its weights get no gradient" if layer.kind not in torch_roles.DROPOUT else "nothing is dropped"
        at = layer.call.node
        yield Draft(at, f"`self.{attr}` is never used in `{module.name}`: {what}")


def _spoken_of(module: ModuleClass, layer: Layer) -> bool:
    """Whether a comment says that it is not used, holds the line that once used it, or says what stands in for it."""
    file = module.file
    alike = {each.attr for each in module.layers if each.kind == layer.kind}
    if any(use.attr in alike and _same_again(file, use.node) for use in module.uses):
        return True
    if re.search(rf"#.*\bself\.{layer.attr}\b", file.text):
        return True
    end = file.text.find("\n", layer.call.node.end)
    return "used" in file.text[layer.call.node.end : end if end >= 0 else len(file.text)]


def _same_again(file: File, use: syntax.Node) -> bool:
    """Whether a comment on the line of a use, or on the one before or behind it, says that it is used once more."""
    before = file.text.rfind("\n", 0, max(file.text.rfind("\n", 0, use.start), 0)) + 1
    lines = file.text[before : use.end + 500].split("\n")
    last = file.text.count("\n", before, use.end) + 1
    return any(_AGAIN.search(line) for line in lines[: last + 1])


def _may_be_unused(module: ModuleClass, layer: Layer) -> bool:
    """Whether no method of the class reads the attribute that a layer is stored in."""
    if layer.attr is None or layer.container is not None or layer.kind not in _KINDS or not module.own(layer.call.node):
        return False
    return all(use.attr != layer.attr for use in module.uses)


def _is_whole(module: ModuleClass) -> bool:
    """Whether the class is used in its file, and nothing derives from it or goes through its parts by their names."""
    file = module.file
    own = file.text[module.node.start : module.node.end]
    if any(word in own for word in _BY_NAME):
        return False
    derived = any(each is not module and module.name in each.bases for each in file.modules)
    made = any(file.definition(call.func) is module.node for call in file.callers.by_name.get(module.name, ()))
    return made and not derived
