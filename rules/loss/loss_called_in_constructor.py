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
    Draft,
    File,
    Files,
    Level,
    Safety,
    becomes_number,
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


@rule("HP203", "loss-called-in-constructor", level=Level.ERROR, topic="loss", since="0.1", subject=Files("Loss"))
def loss_called_in_constructor(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.short in torch_roles.LOSSES and call.name.startswith("torch.nn.") and len(call.node.args) > 1:
            yield from given_tensors(file, call)


def given_tensors(file: File, call: BoundCall) -> Iterator[Draft]:
    """The finding, where what a loss is constructed with are tensors, or what is constructed is taken for a number."""
    if call.inherited or call.via or call.subclass:
        return
    first, second = call.node.args[:2]
    if any(each.star or each.keyword or isinstance(each.value, syntax.Literal) for each in (first, second)):
        return
    predicted = isinstance(first.value, syntax.Call) or is_prediction_name(first.value)
    if not (predicted and is_target_name(second.value)) and not becomes_number(file, call.node):
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
