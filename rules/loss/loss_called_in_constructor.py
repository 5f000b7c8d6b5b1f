"""A loss class is given the predictions and the targets.

`nn.CrossEntropyLoss(output, target)` constructs a loss: the predictions are taken for class weights, the targets for
the old option `size_average`. With more than one element this raises
`RuntimeError: Boolean value of Tensor with more than one value is ambiguous`; with one element there is a module where
a number was expected, and `.backward()` raises `AttributeError`. A loss is constructed first and then called.

```python bad
from torch import nn

for x, y in loader:
    output = model(x)
    loss = nn.CrossEntropyLoss(output, y)  # HP203
    loss.backward()
```

```python fixed
from torch import nn

for x, y in loader:
    output = model(x)
    loss = nn.CrossEntropyLoss()(output, y)  # HP203
    loss.backward()
```

```python good
from torch import nn

criterion = nn.CrossEntropyLoss()
for x, y in loader:
    output = model(x)
    loss = criterion(output, y)
    loss.backward()
```

## Looks like it, is not

Options may be variables, and be given by position.

```python good
from torch import nn


def build(weight, size_average, margin, p):
    return nn.CrossEntropyLoss(weight, size_average), nn.TripletMarginLoss(margin, p), nn.CrossEntropyLoss(weight)
```

## References

- [torch.nn.CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
- Tried on torch 2.13.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Calls,
    Draft,
    Level,
    Safety,
    is_prediction_name,
    is_target_name,
    replace,
    rule,
    syntax,
    torch_roles,
)

DATA = frozenset(
    {"output", "outputs", "out", "pred", "preds", "prediction", "predictions", "logits", "y_pred", "y_hat"}
)


@rule("HP203", "loss-called-in-constructor", level=Level.ERROR, topic="loss", since="0.1", subject=Calls("torch.nn.*"))
def loss_called_in_constructor(call: BoundCall) -> Iterator[Draft]:
    if call.short not in torch_roles.LOSSES or call.inherited or call.via or call.subclass or len(call.node.args) < 2:
        return
    first, second = call.node.args[:2]
    if any(each.star or each.keyword for each in (first, second)) or not is_target_name(second.value):
        return
    if not isinstance(first.value, syntax.Call) and not is_prediction_name(first.value):
        return
    keywords = any(each.keyword or each.star for each in call.node.args)
    func = call.node.func
    place = syntax.Node(func.end, func.end)
    yield Draft(
        call.node,
        f"`{call.short}` is constructed with predictions and targets, which it takes for its options: it raises "
        "RuntimeError, and is no loss",
        fix=None if keywords else replace(place, "()", f"construct it first: `{call.short}()(…)`", Safety.SAFE),
    )
