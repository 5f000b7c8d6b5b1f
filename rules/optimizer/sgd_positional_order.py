"""An option is passed by position to an optimizer that has another option there.

The order after the learning rate differs: `SGD` goes on with `momentum`, then `dampening`, then `weight_decay`;
`RMSprop` with `alpha`, `Adam` with `betas` and `eps`. `SGD(params, lr, weight_decay)` therefore trains with a momentum
of 5e-4 and no decay at all. Nothing raises: training is slower than it should be, and the gap between training and
validation grows as if the decay had been forgotten, because it has.

```python bad
import torch


def build(params, lr, weight_decay):
    return torch.optim.SGD(params, lr, weight_decay)  # HP107
```

```python good
import torch


def build(params, lr, weight_decay):
    return torch.optim.SGD(params, lr, weight_decay=weight_decay)
```

A number tells as well: nobody means a momentum of 5e-4 or a dampening of 1e-4.

```python bad
from torch import optim

slow = optim.SGD(model.parameters(), 0.1, 5e-4)  # HP107
damped = optim.SGD(model.parameters(), 0.1, 0.9, 1e-4)  # HP107
```

The same happens in a subclass:

```python bad
import torch


class PolyOptimizer(torch.optim.SGD):
    def __init__(self, params, lr, weight_decay, max_step):
        super().__init__(params, lr, weight_decay)  # HP107
        self.max_step = max_step
```

## Looks like it, is not

Options in their own places are fine, by position too.

```python good
from torch import optim

first = optim.SGD(model.parameters(), 0.1, 0.9)
second = optim.SGD(model.parameters(), 0.1, momentum, 0, weight_decay)
third = optim.RMSprop(model.parameters(), 1e-3, 0.9)
fourth = optim.SGD(model.parameters(), *settings)
```

## References

- <https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html>
- jiwoon-ahn/psa passes `weight_decay` third in `tool/torchutils.py`; the effect is confirmed in YudeWang/SEAM#21.
"""

from collections.abc import Iterator

from hplint.rule import (
    OPTION_ALIASES,
    Argument,
    BoundCall,
    Calls,
    Draft,
    DraftEdit,
    DraftFix,
    Level,
    rule,
    settings,
    syntax,
)

DECAY_LIKE = 0.01
"""A momentum or dampening up to this is a weight decay in the wrong place."""


@rule(
    "HP107",
    "sgd-positional-order",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="weight-decay",
    since="0.1",
    subject=Calls("torch.optim.*"),
)
def sgd_positional_order(call: BoundCall) -> Iterator[Draft]:
    if call.signature is None:
        return
    options = {parameter.name for parameter in call.signature.parameters} - {"params"}
    for argument in call.arguments.values():
        node, name = argument.node, argument.parameter
        if node is None or node.keyword is not None or node.star or name not in options:
            continue
        named = OPTION_ALIASES.get(called(node.value), called(node.value))
        if named in options and named != name:
            message = f"`{call.short}` takes `{name}` here, so `{called(node.value)}` is used as its {name}"
            yield Draft(node, message, fix=by_keyword(call, argument, named))
        elif call.short == "SGD" and name in ("momentum", "dampening") and small(call, name):
            message = f"`SGD` takes `{name}` here, where a number this small looks like a `weight_decay`"
            yield Draft(node, message, fix=by_keyword(call, argument, "weight_decay"), level=Level.WARNING)


def small(call: BoundCall, parameter: str) -> bool:
    return any(0 < (setting.number or 0.0) <= DECAY_LIKE for setting in settings(call, parameter))


def called(value: syntax.Expr) -> str:
    """The word that an argument is called by: ``wd`` of ``args.wd`` and of ``config["wd"]``."""
    if isinstance(value, syntax.Subscript):
        index = value.index
        return index.value if isinstance(index, syntax.Literal) and isinstance(index.value, str) else ""
    if isinstance(value, syntax.Attribute):
        return value.attr
    return value.id if isinstance(value, syntax.Name) else ""


def by_keyword(call: BoundCall, argument: Argument, option: str) -> DraftFix | None:
    """Name the option, where that leaves no positional argument behind it and gives none twice."""
    node = argument.node
    assert node is not None
    followed = any(arg.start > node.start and arg.keyword is None for arg in call.node.args)
    if followed or option in call.arguments:
        return None
    return DraftFix(f"pass it as `{option}`", (DraftEdit(node.start, node.start, f"{option}="),))
