"""A softmax is not told along which dimension it works.

Without `dim`, `nn.Softmax`, `F.softmax` and their logarithms guess: dimension 1 for tensors of two or four dimensions,
dimension 0 for one and three. A model that is given a sequence, `(batch, time, classes)`, then normalises over the
*batch*: the outputs of one example depend on which others are in its batch, predictions change with the batch size,
and the class probabilities of an example do not sum to 1. Nothing is raised; torch gives a `UserWarning: Implicit
dimension choice for softmax has been deprecated`, and will refuse the call one day.

```python bad
from torch import nn
from torch.nn import functional as F

probabilities = nn.Softmax()  # HP228


def attention(scores):
    return F.softmax(scores)  # HP228
```

```python fixed
from torch import nn
from torch.nn import functional as F

probabilities = nn.Softmax(dim=-1)  # HP228


def attention(scores):
    return F.softmax(scores, dim=-1)  # HP228
```

```python good
from torch import nn
from torch.nn import functional as F

probabilities = nn.Softmax(dim=-1)


def attention(scores):
    return F.softmax(scores, dim=-1)
```

## Looks like it, is not

The dimension may arrive by position, in a dictionary, or from a class of the project. An array of numpy is no tensor:
with it the call raises. A layer that nobody calls normalises nothing.

```python good
from torch import nn
from torch.nn import functional as F


class LastSoftmax(nn.Softmax):
    def __init__(self):
        super().__init__(-1)


def both(x, **options):
    return F.softmax(x, -1) + F.log_softmax(x, **options) + nn.Softmax(1)(x) + LastSoftmax()(x)
```

## References

- [torch.nn.functional.softmax](https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html).
- batra-mlp-lab/visdial-challenge-starter-pytorch#1, ctallec/world-models#10, perone/euclidesdb#2,
  MicrosoftDocs/pytorchfundamentals#21.
- Tried on torch 2.13: a tensor of three dimensions is normalised along dimension 0, with the warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Presence, add_argument, rule, syntax, torch_roles

_KINDS = torch_roles.NEEDS_DIMENSION
_LAYERS = frozenset(f"torch.nn.{name}" for name in _KINDS)
_FUNCTIONS = frozenset(f"torch.nn.functional.{torch_roles.FUNCTION_OF_ACTIVATION[name]}" for name in _KINDS)
_BY_NAME = ("getattr(", "children(", "modules(", "_modules", "__dict__")


@rule(
    "HP228",
    "softmax-dim",
    level=Level.WARNING,
    topic="activation",
    hyperparameter="activation",
    since="0.1",
    subject=Files("oftmax", "oftmin"),
)
def softmax_dim(file: File) -> Iterator[Draft]:
    for call in file.calls:
        functional = call.name in _FUNCTIONS
        if call.inherited or not (functional or call.name in _LAYERS):
            continue
        if call.argument("dim").presence is not Presence.ABSENT or (functional and not call.node.args):
            continue
        if _is_array(file, call.node.args[0].value) if functional else _is_never_read(file, call.node):
            continue
        yield Draft(
            call.node,
            f"`{call.short}` is not told its `dim`: by a deprecated choice of torch's it works along dimension 0 for "
            "tensors of one or three dimensions, often the batch, and along 1 for others",
            fix=add_argument(call, "dim=-1", "work along the last dimension"),
        )


def _is_array(file: File, given: syntax.Expr) -> bool:
    """Whether this is an array of numpy: `logits.cpu().numpy()`."""
    made = file.assigned(given) if isinstance(given, syntax.Name) else given
    return isinstance(made, syntax.Call) and isinstance(made.func, syntax.Attribute) and made.func.attr == "numpy"


def _is_never_read(file: File, made: syntax.Call) -> bool:
    """Whether a layer is stored in an attribute that nothing in the file reads."""
    stores = [target for target, value in file.holders.attribute_stores if value is made]
    if len(stores) != 1 or any(word in file.text for word in _BY_NAME):
        return False
    attr, stored = stores[0].attr, {id(target) for target, _ in file.holders.attribute_stores}
    named = any(each.value == attr for each in file.every(syntax.Literal))
    read = (each for each in file.every(syntax.Attribute) if each.attr == attr and id(each) not in stored)
    return not named and all((file.qualified(each) or "").startswith("torch.") for each in read)
