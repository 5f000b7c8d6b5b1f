"""An optimizer is given parameters of a kind that it does not take.

`Muon` orthogonalises matrices and takes parameters with two dimensions only: biases, norms and convolutions raise
`ValueError: Muon only supports 2D parameters` at once. `SparseAdam` takes sparse gradients only, which an embedding
gives with `sparse=True` and no other layer does: `RuntimeError: SparseAdam does not support dense gradients, please
consider Adam instead`, in the first step. The other way round, all but `SGD`, `Adagrad` and `SparseAdam` raise for an
embedding with `sparse=True`: `RuntimeError: Adam does not support sparse gradients`. Both come after the data has been
loaded.

```python bad
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 16, sparse=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.embedding(x).mean(1))


model = Net()
matrices = torch.optim.Muon(model.parameters(), lr=0.02)  # HP180
dense = torch.optim.Adam(model.parameters(), lr=1e-3)  # HP180
```

```python good
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 16, sparse=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.embedding(x).mean(1))


model = Net()
matrices = torch.optim.Muon([p for p in model.head.parameters() if p.ndim == 2], lr=0.02)
dense = torch.optim.Adam(model.head.parameters(), lr=1e-3)
sparse = torch.optim.SparseAdam(model.embedding.parameters(), lr=1e-3)
```

## Looks like it, is not

A model of matrices only, a sparse embedding with an optimizer that takes it, and a choice that is made elsewhere.

```python good
import torch
from torch import nn


class Matrices(nn.Module):
    def __init__(self, sparse=False):
        super().__init__()
        self.embedding = nn.Embedding(1000, 16, sparse=sparse)
        self.head = nn.Linear(16, 2, bias=False)

    def forward(self, x):
        return self.head(self.embedding(x).mean(1))


model = Matrices()
matrices = torch.optim.Muon(model.parameters(), lr=0.02)
dense = torch.optim.Adam(model.parameters(), lr=1e-3)
```

## References

- [Muon](https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html)
- [SparseAdam](https://docs.pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html)
- torch 2.13, tried: each optimizer with a sparse embedding, `Muon` with a bias and with a convolution.
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Layer,
    Level,
    ModuleClass,
    Presence,
    expected,
    followed,
    is_test,
    made_from,
    module_class,
    optimizers,
    owner_of_parameters,
    rule,
    torch_roles,
)

TAKE_SPARSE = frozenset({"SGD", "Adagrad", "SparseAdam", "LBFGS", "Muon"})
EMBEDDINGS = frozenset({"Embedding", "EmbeddingBag"})
WITH_BIAS = torch_roles.PARAMETRIC - EMBEDDINGS - {"PReLU"}


@rule(
    "HP180",
    "muon-or-sparseadam-on-wrong-params",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("Muon", "SparseAdam", "sparse=True"),
)
def muon_or_sparseadam_on_wrong_params(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else optimizers(file):
        if call.via is not None or (call.short in TAKE_SPARSE and call.short not in ("Muon", "SparseAdam")):
            continue
        given = call.argument("params").node
        chosen = given is None or re.search(r"\bif\b|filter", file.source(followed(file, given.value)))
        owner = None if given is None or chosen else owner_of_parameters(file, given.value)
        made = [] if owner is None else list(made_from(file, owner))
        module = module_class(file, made[0]) if len(made) == 1 else None
        if given is None or module is None or expected(file, call.node, "ValueError", "RuntimeError"):
            continue
        layers = [layer for layer in module.layers if layer.container in (None, *torch_roles.MODULE_CONTAINERS)]
        if call.short == "Muon":
            wrong = [each for each in layers if not is_matrix(each)]
            says = "raises ValueError, as it takes matrices only"
        elif call.short == "SparseAdam":
            wrong, says = dense(file, module, layers), "raises RuntimeError in the first step, as no gradient is sparse"
        else:
            wrong = [each for each in layers if is_sparse(each)]
            says = "raises RuntimeError in the first step, as it takes no sparse gradients"
        if wrong:
            message = f"`{module.name}` has a `{wrong[0].kind}` here: `{call.short}` {says}"
            yield Draft(given, message, ((wrong[0].call.node, "this layer"),))


def is_matrix(layer: Layer) -> bool:
    """Whether a layer may have nothing but matrices."""
    if layer.kind == "Linear":
        bias = layer.call.argument("bias")
        single = bias.value.single
        return bias.presence is Presence.UNKNOWN or single is None or single.constant is not True
    return layer.kind not in WITH_BIAS


def is_sparse(layer: Layer) -> bool:
    given = layer.call.argument("sparse") if layer.kind in EMBEDDINGS else None
    return given is not None and given.value.single is not None and given.value.single.constant is True


def dense(file: File, module: ModuleClass, layers: list[Layer]) -> list[Layer]:
    """The layers with weights of a module that is in view and never speaks of sparse gradients."""
    unclear = not module.known or module.dynamic or "sparse=" in file.text.replace(" ", "")
    return [] if unclear else [each for each in layers if each.kind in torch_roles.PARAMETRIC]
