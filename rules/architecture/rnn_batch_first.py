"""The output of a recurrent layer is read batch first and is given time first.

`nn.LSTM`, `nn.GRU` and `nn.RNN` take and give `(time, batch, features)` unless they are told `batch_first=True`. The
line `out[:, -1]` asks for the last step of each example of a `(batch, time, features)` output. On the layer's own
order it takes the last *example* at all times: the network runs along the batch as if that were time, examples of one
batch see each other, and where both sizes agree, or the rest adapts, nothing is raised. The loss falls a little and
stays; validation changes with the batch size and with the order of the data.

```python bad
from torch import nn


class Tagger(nn.Module):
    def __init__(self, width, hidden, classes):
        super().__init__()
        self.rnn = nn.LSTM(width, hidden)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])  # HP237
```

```python fixed
from torch import nn


class Tagger(nn.Module):
    def __init__(self, width, hidden, classes):
        super().__init__()
        self.rnn = nn.LSTM(width, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])  # HP237
```

```python good
from torch import nn


class Tagger(nn.Module):
    def __init__(self, width, hidden, classes):
        super().__init__()
        self.rnn = nn.LSTM(width, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])
```

## Looks like it, is not

Time first is a choice: then the last step is `out[-1]`. So is an output that is turned round first.

```python good
from torch import nn


class Tagger(nn.Module):
    def __init__(self, width, hidden, classes, **options):
        super().__init__()
        self.rnn = nn.GRU(width, hidden)
        self.other = nn.GRU(hidden, hidden, **options)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        out, _ = self.rnn(x.transpose(0, 1))
        last = out[-1]
        out = out.transpose(0, 1)
        more, _ = self.other(out)
        return self.head(last) + self.head(out[:, -1]) + self.head(more[:, -1])
```

## References

- [torch.nn.LSTM](https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html): `batch_first` is False by default.
- Stack Overflow 65451265 and 63822152. Tried on torch 2.13: an input of shape `(8, 5, 3)` is accepted either way.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Classes,
    Draft,
    Layer,
    Level,
    ModuleClass,
    Place,
    Presence,
    add_argument,
    rule,
    syntax,
    torch_roles,
)


@rule(
    "HP237",
    "rnn-batch-first",
    level=Level.WARNING,
    topic="architecture",
    since="0.1",
    subject=Classes(),
)
def rnn_batch_first(module: ModuleClass) -> Iterator[Draft]:
    file = module.file
    layers = {
        layer.attr: layer
        for layer in module.layers
        if layer.kind in torch_roles.RECURRENT and layer.call.argument("batch_first").presence is Presence.ABSENT
    }
    for item in file.within(syntax.Subscript, module.node) if layers else ():
        call = _output(module, item) if _is_last_step(item) else None
        layer = None if call is None else _layer(module, call, layers)
        if call is None or layer is None:
            continue
        turned = any(word in file.source(arg.value) for arg in call.args for word in ("transpose", "permute"))
        made = layer.call.node
        yield Draft(
            item,
            f"`{file.source(item)}` takes the last example, not the last step: `{file.source(call.func)}` is made "
            "without `batch_first=True` and gives `(time, batch, features)`",
            related=((Place(made.start, made.end), "made here"),),
            fix=None
            if turned or not module.own(made)
            else add_argument(layer.call, "batch_first=True", "count the batch first"),
        )


def _is_last_step(item: syntax.Subscript) -> bool:
    """``[:, -1]``, with more behind it or not."""
    match item.index:
        case syntax.Collection(
            kind="tuple", elements=(syntax.Slice(lower=None, upper=None), syntax.Unary() as last, *_)
        ):
            return last.op == "-" and isinstance(last.operand, syntax.Literal) and last.operand.value == 1
    return False


def _output(module: ModuleClass, item: syntax.Subscript) -> syntax.Call | None:
    """The call whose first result the item is taken of: ``out, _ = self.rnn(x)``."""
    if not isinstance(item.value, syntax.Name):
        return None
    bindings = module.file.names.reaching(item.value)
    if len(bindings) != 1 or bindings[0].path != (0,) or not isinstance(bindings[0].value, syntax.Call):
        return None
    return bindings[0].value


def _layer(module: ModuleClass, call: syntax.Call, layers: dict[str | None, Layer]) -> Layer | None:
    """The recurrent layer that is called, where its attribute holds nothing else."""
    func = call.func
    if not isinstance(func, syntax.Attribute) or not isinstance(func.value, syntax.Name) or len(call.args) == 0:
        return None
    return layers.get(func.attr) if len(module.stored_at(func.attr)) == 1 else None
