"""An optimizer is given nothing that it can train.

Parameters with `requires_grad=False` get no gradient, so an optimizer that holds only such parameters changes nothing.
torch accepts them without a word. If nothing else in the program records gradients, `loss.backward()` raises `element 0
of tensors does not require grad and does not have a grad_fn`; if something does, training runs and the weights stay as
they were: the loss wanders around its first value and the accuracy stays at guessing.

With a filter on `requires_grad` nothing is left at all, and a module without parameters, a loss or an activation, gives
nothing: `ValueError: optimizer got an empty parameter list`. A tensor that is computed from others is no leaf of the
graph: `ValueError: can't optimize a non-leaf Tensor`. This happens to `torch.randn(n, requires_grad=True) * 0.01`, and
to `.cuda()` behind it, where the product and the copy are new tensors.

```python bad
import torch
from torch import nn

for parameter in model.parameters():
    parameter.requires_grad = False
frozen = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)  # HP166

criterion = nn.CrossEntropyLoss()
nothing = torch.optim.SGD(criterion.parameters(), lr=0.01, momentum=0.9)  # HP166

weight = torch.randn(784, 10, requires_grad=True) / 28
bias = torch.zeros(10)
no_leaf = torch.optim.SGD([weight, bias], lr=0.01)  # HP166
```

```python good
import torch
from torch import nn

for parameter in model.parameters():
    parameter.requires_grad = False
model.fc = nn.Linear(512, 10)
head = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

weight = (torch.randn(784, 10) / 28).requires_grad_()
bias = torch.zeros(10, requires_grad=True)
leaves = torch.optim.SGD([weight, bias], lr=0.01)
```

## Looks like it, is not

A part of the model is frozen, or some of it is thawed later.

```python good
import torch


def first_stage(model):
    model.backbone.requires_grad_(False)
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def second_stage(model, optimizer):
    for parameter in model.backbone.parameters():
        parameter.requires_grad = True
```

## References

- [Autograd mechanics: setting requires_grad](https://docs.pytorch.org/docs/stable/notes/autograd.html#setting-requires-grad)
- TrainCheck (OSDI 2025), its case pytorch-forum-84911: `requires_grad=False` on all that is trained.
- Lightning-AI/pytorch-lightning#2282, pytorch/examples#277, mikeizbicki/cmc-csci181#7: an empty parameter list.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    expected,
    frozen_before,
    is_test,
    optimizers,
    owner_of_parameters,
    plain_tensors,
    rule,
    site_of,
    without_parameters,
)


@rule(
    "HP166",
    "empty-or-frozen-params",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def empty_or_frozen_params(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else optimizers(file):
        node = call.argument("params").node
        if node is None or call.via is not None or expected(file, call.node, "ValueError"):
            continue
        owner = owner_of_parameters(file, node.value)
        site = site_of(file, call.node)
        seen = None if owner is None else site.seen(owner)
        frozen = None if seen is None else frozen_before(file, site.call, seen)
        empty = None if owner is None else without_parameters(file, owner)
        if owner is not None and frozen is not None:
            message = f"all parameters of `{file.source(owner)}` are frozen: `{call.short}` never changes one"
            yield Draft(node, message, ((frozen, "frozen here"),))
        elif owner is not None and empty is not None:
            shown = file.source(owner)
            yield Draft(node, f"`{shown}` is a `{empty}`, which has no parameters: `{call.short}` raises ValueError")
        for tensor, computed in plain_tensors(file, node.value):
            name = file.source(tensor)
            if computed:
                yield Draft(node, f"`{name}` is computed from another tensor, so `{call.short}` raises ValueError")
                break
            if not any(given for _, given in plain_tensors(file, node.value)):
                yield Draft(node, f"`{name}` records no gradients (`requires_grad`): `{call.short}` never changes it")
                break
