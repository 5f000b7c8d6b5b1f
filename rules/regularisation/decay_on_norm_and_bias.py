"""Weight decay also pulls the scales of norms, embeddings and biases towards 0.

`AdamW(model.parameters(), weight_decay=0.1)` decays every parameter alike. A matrix may shrink: the norm behind it
undoes that. The scale of a norm, its shift and a bias have nothing behind them, and an embedding of a rare word is
decayed in each step and learns in few. Transformers are mostly trained with a second group without decay for all
parameters of one dimension. How much it matters depends on the model; where the decay is small it is nothing.

```python bad
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.fc = nn.Linear(64, 64)

    def forward(self, x):
        return x + self.fc(self.norm(x)).relu()


model = Block()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)  # HP217
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.fc = nn.Linear(64, 64)

    def forward(self, x):
        return x + self.fc(self.norm(x)).relu()


model = Block()
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.1},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=3e-4)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

`hplint run` and `hplint.runtime` count them: one finding for an optimizer, with the norms, embeddings and biases of
each of its groups.

The rule is off by default: most code decays all parameters, and recipes for ResNets do so with good results.

## Looks like it, is not

A decay below 0.01, parameters that were chosen before, and options that are not known.

```python good
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.fc = nn.Linear(64, 64)

    def forward(self, x):
        return x + self.fc(self.norm(x)).relu()


model = Block()
small = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=1e-4)
matrices = torch.optim.AdamW([p for p in model.parameters() if p.ndim > 1], lr=3e-4, weight_decay=0.1)
other = torch.optim.AdamW(model.parameters(), lr=3e-4, **options)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

## References

- Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
- Lightning-AI/lit-llama#254, vturrisi/solo-learn#289, VectorInstitute/mmlearn#2, pytorch/pytorch#2639
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Layer,
    Level,
    is_test,
    module_class,
    rule,
    settings,
    syntax,
    thresholds,
    trained_models,
)

NORMS = frozenset({"LayerNorm", "RMSNorm", "Embedding"})


@rule(
    "HP217",
    "decay-on-norm-and-bias",
    level=Level.PEDANTIC,
    topic="regularisation",
    hyperparameter="weight-decay",
    since="0.1",
    runtime=True,
    subject=Files("AdamW("),
)
def decay_on_norm_and_bias(file: File) -> Iterator[Draft]:
    if is_test(file) or not any(f"{name}(" in file.text for name in NORMS):
        return
    for optimizer, made in trained_models(file):
        layer = None if optimizer.name != "torch.optim.AdamW" else spared(file, made)
        decay = next(
            (each for each in settings(optimizer, "weight_decay") if (each.number or 0) >= thresholds.SHOWING_DECAY),
            None,
        )
        if layer is not None and decay is not None and takes_all(optimizer):
            message = f"{decay.says}: `{layer.kind}` and the biases of the model are decayed as its matrices are"
            yield Draft(decay.at, message, ((layer.call.node, f"a `{layer.kind}` of the model"),))
            return


def takes_all(optimizer: BoundCall) -> bool:
    """Whether an optimizer is given `model.parameters()`, all in one group."""
    given = optimizer.argument("params").node
    call = None if given is None else given.value
    return isinstance(call, syntax.Call) and isinstance(call.func, syntax.Attribute) and call.func.attr == "parameters"


def spared(file: File, made: syntax.Call) -> Layer | None:
    """A layer of a model of this file whose weights are better not decayed."""
    module = module_class(file, made)
    return None if module is None else next((each for each in module.layers if each.kind in NORMS), None)
