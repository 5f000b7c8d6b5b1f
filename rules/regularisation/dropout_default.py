"""Dropout is left at one half where another rate is usual or was asked for.

`nn.Dropout()` and `F.dropout(x)` zero every second value. That default comes from the wide, fully connected layers of
2014, and for the head of a network it is the classic choice. Elsewhere it is not: `Dropout2d` and its like take whole
channels of a convolution away, and are usually given 0.1 to 0.25; transformers take 0.1. Too much of it shows as a
training loss that stops falling early and stays above the validation loss.

Where a class or a function has a rate among its parameters, and makes this layer without it, whoever tunes that rate
tunes nothing.

```python bad
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, dropout=0.2):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.channels = nn.Dropout2d()  # HP135
        self.drop = nn.Dropout()  # HP135
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.channels(F.relu(self.conv2(F.relu(self.conv1(x)))))
        return self.fc(self.drop(x.mean((2, 3))))
```

```python good
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, dropout=0.2):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.channels = nn.Dropout2d(0.1)
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.channels(F.relu(self.conv2(F.relu(self.conv1(x)))))
        return self.fc(self.drop(x.mean((2, 3))))
```

Every other dropout at its default is told of when pedantic findings are asked for.

## Looks like it, is not

One half is the classic choice before a linear layer. The rate may arrive in a dictionary, or a class of the project may
set it. A parameter that says whether to drop is no rate.

```python good
from torch import nn


class Quiet(nn.Dropout):
    def __init__(self, p=0.1):
        super().__init__(p)


def build(dropout=True, **cfg):
    head = nn.Sequential(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 10))
    return nn.Sequential(nn.Dropout2d(**cfg), Quiet(), head)
```

## References

- [torch.nn.Dropout](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html): `p` is 0.5 by default.
- Srivastava et al., JMLR 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
- Vaswani et al. 2017, arXiv 1706.03762: 0.1 in transformers.
- Of 2,165 `nn.Dropout` layers in public code, 40 leave the rate at its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Located,
    Presence,
    inside,
    regex,
    rule,
    syntax,
    torch_roles,
)

_CALLED = frozenset(
    {f"torch.nn.{name}" for name in torch_roles.DROPOUT}
    | {f"torch.nn.functional.{name}" for name in torch_roles.FUNCTIONAL_DROPOUT}
)
_RATE = regex(r"(p_?)?drop(out)?(_?(p|rate|prob|ratio|probability))?", re.IGNORECASE)
_ATTENDS = regex(r"Attention|Attn|Transformer|Bert|BERT|GPT|ViT")
_ATTENTION = frozenset({"MultiheadAttention", "Transformer", "TransformerDecoderLayer", "TransformerEncoderLayer"})


@rule(
    "HP135",
    "dropout-default",
    level=Level.ADVICE,
    topic="regularisation",
    hyperparameter="dropout",
    since="0.1",
    subject=Files("ropout"),
)
def dropout_default(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.name not in _CALLED or call.inherited or call.argument("p").presence is not Presence.ABSENT:
            continue
        training = call.arguments.get("training")
        value = None if training is None else training.value.single
        if value is not None and value.constant is False:
            continue
        why, related = _evidence(file, call)
        message = f"`{call.short}` is left at its default rate: it zeroes half of the "
        what = "channels" if call.short[-1] == "d" else "values"
        yield Draft(call.node, f"{message}{what}{why}", related, level=None if why else Level.PEDANTIC)


def _evidence(file: File, call: BoundCall) -> tuple[str, tuple[tuple[Located, str], ...]]:
    """What says that one half is not meant here, if anything does."""
    function = file.callers.function_around(call.node)
    owner = None
    while function is not None:
        owner = file.class_around(function.scope)
        made = [] if owner is None else [each for each in owner.body if isinstance(each, syntax.FunctionDef)]
        for home in (function, *(each for each in made if each.name == "__init__")):
            rates = [each for each in home.parameters if _RATE.fullmatch(each.name)]
            rate = next((each for each in rates if _is_rate(file, each, call)), None)
            if rate is not None:
                name = owner.name if owner is not None and home.name == "__init__" else home.name
                return f", whatever `{rate.name}` of `{name}` is", ((rate, "a rate is asked for here"),)
        function = file.callers.function_outside(function) if owner is None else None
    if call.short[-1] == "d":
        return ", where 0.1 to 0.25 is usual", ()
    module = next((each for each in file.modules if each.node is owner), None) if owner is not None else None
    attends = module is not None and any(layer.kind in _ATTENTION for layer in module.layers)
    if owner is not None and (attends or _ATTENDS.search(owner.name)):
        return f", where transformers such as `{owner.name}` take 0.1", ()
    return "", ()


def _is_rate(file: File, parameter: syntax.Parameter, call: BoundCall) -> bool:
    """Whether a parameter is a number, not a flag, and not what decides whether there is this layer."""
    if parameter.annotation is not None and re.search(r"bool|Module|Callable|str", file.source(parameter.annotation)):
        return False
    default = None if parameter.default is None else file.value(parameter.default).single
    if default is not None:
        return isinstance(default.constant, int | float) and not isinstance(default.constant, bool)
    choices: tuple[syntax.If | syntax.Conditional, ...] = (*file.all(syntax.If), *file.all(syntax.Conditional))
    tests = (each.test for each in choices if inside(call.node, each))
    return all(not (isinstance(test, syntax.Name) and test.id == parameter.name) for test in tests)
