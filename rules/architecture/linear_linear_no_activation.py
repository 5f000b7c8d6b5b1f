"""Two linear layers directly after one another, which compute no more than one.

A linear function of a linear function is a linear function: without an activation in between, `nn.Linear(784, 128)`
followed by `nn.Linear(128, 10)` can learn exactly what `nn.Linear(784, 10)` can, with more weights and a harder
optimisation problem. The model trains and raises nothing; it just stays at the accuracy of a network with a layer
less.

```python bad
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 256)
        self.dropout = nn.Dropout(0.2)
        self.fc2 = nn.Linear(256, 128)
        self.fc3 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.fc2(self.dropout(x))
        return self.fc3(x)  # HP150
```

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 256)
        self.dropout = nn.Dropout(0.2)
        self.fc2 = nn.Linear(256, 128)
        self.fc3 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(self.dropout(x)))
        return self.fc3(x)
```

## Looks like it, is not

A file that says it makes a linear model, in a name or a comment, means it. A narrow middle is meant: two thin
matrices stand for a large one (LoRA, bottlenecks, linear autoencoders). A layer without bias projects. And where the
output of the first layer is used for something else too, it has its own reason.

```python good
from torch import nn


class Adapter(nn.Module):
    def __init__(self, rank=8):
        super().__init__()
        self.down = nn.Linear(768, rank, bias=False)
        self.up = nn.Linear(rank, 768, bias=False)
        self.narrow = nn.Sequential(nn.Linear(512, 16), nn.Linear(16, 512))
        self.embed = nn.Linear(768, 1024)
        self.head = nn.Linear(1024, 10)

    def forward(self, x):
        embedding = self.embed(x + self.up(self.down(x)))
        return embedding, self.head(embedding)
```

## References

- stanfordnlp/stanza#1610 (two such layers were merged, with identical results), nutonomy/nuscenes-devkit#728,
  somepago/saint#23.
- Nikanjam et al., "Automatic fault detection for deep learning programs using graph transformations" (NeuraLint), rule
  on missing activations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Place,
    Step,
    follows,
    inside,
    is_given,
    is_test,
    number,
    regex,
    rule,
    syntax,
)

_BETWEEN = ("Dropout", "Identity")
_MEANT = regex(
    r"(?<![a-z])(lora|low_?rank|rank|bottle_?neck|factor\w*|proj\w*|embed\w*|emb|adapter|down|up|probe|linear_\w*)(?![a-z])",
    re.IGNORECASE,
)
"""Names of layers that are linear on purpose."""
_SAID = regex(r"linear[ _-]?(model|regress|net|classifier|problem|autoencoder|probe)", re.IGNORECASE)
"""What a file says that has linear models on purpose."""
_TRAINS = ("backward", "loss", "fit(", "train")


@rule(
    "HP150",
    "linear-linear-no-activation",
    level=Level.WARNING,
    topic="architecture",
    hyperparameter="activation",
    since="0.1",
    runtime=True,
    subject=Files("Linear"),
)
def linear_linear_no_activation(file: File) -> Iterator[Draft]:
    if is_test(file) or _SAID.search(file.text) or "linear" in file.path.rpartition("/")[2].lower():
        return
    trains = any(word in file.text for word in _TRAINS) or "print(" not in file.text
    classes = file.all(syntax.ClassDef)
    told, ends = set(), set()
    for second in file.flows.steps:
        first = follows(second, _BETWEEN) if second.kind == "Linear" and second.file is file else None
        if first is None or first.kind != "Linear" or first.layer is None or second.layer is None:
            continue
        if second.node in told or not isinstance(second.node, syntax.Call) or not _is_mistake(file, first, second):
            continue
        if not trains and not any(inside(second.node, each) for each in classes):
            continue  # A script that only looks at the model.
        told.add(second.node)
        ends.add(second)
        if first in ends:
            continue  # Of three layers in a row one is told of.
        call, owner = first.layer.call, first.layer.file
        yield Draft(
            second.node,
            f"`{file.source(second.node.func)}` directly follows another linear layer: without an activation in "
            "between the two compute what a single one does",
            related=((Place(call.start, call.end, owner.path), "the layer before it"),),
        )


def _is_mistake(file: File, first: Step, second: Step) -> bool:
    """Whether the two layers are neither a factorisation nor used apart from each other."""
    if first.layer is second.layer or first.node in file.flows.used_again:
        return False
    if any(is_given(step, "bias") for step in (first, second)):
        return False
    narrow = number(first, "out_features")
    sizes = number(first, "in_features"), number(second, "out_features")
    if narrow is None or all(size is None or narrow < size for size in sizes):
        return False
    return not any(_MEANT.search(step.file.source(step.node).split("(")[0]) for step in (first, second))
