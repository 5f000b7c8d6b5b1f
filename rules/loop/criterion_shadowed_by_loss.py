"""The loss function is overwritten by the loss.

`loss = loss(prediction, target)` gives the name of the function to its result. In a loop the second batch calls a
tensor: `TypeError: 'Tensor' object is not callable`. Inside a function, where the assignment makes the name local,
already the first batch raises `UnboundLocalError`.

```python bad
import torch
from torch import nn

loss = nn.CrossEntropyLoss()
for x, y in loader:
    optimizer.zero_grad()
    loss = loss(model(x), y)  # HP124
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn

criterion = nn.CrossEntropyLoss()
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

A function that is made anew for every batch is not missed.

```python good
import torch
from torch import nn

for x, y in loader:
    loss = nn.CrossEntropyLoss(weight=weights_of(y))
    loss = loss(model(x), y)
    loss.backward()
```

## References

- Stack Overflow 63204176
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, inside, rule, syntax, torch_roles


@rule(
    "HP124", "criterion-shadowed-by-loss", level=Level.ERROR, topic="loop", since="0.1", subject=Files("loss", "crit")
)
def criterion_shadowed_by_loss(file: File) -> Iterator[Draft]:
    loops: list[syntax.For | syntax.While] = [*file.all(syntax.For), *file.all(syntax.While)]
    for assign in file.all(syntax.Assign):
        target = assign.targets[0]
        call = assign.value
        if (
            not isinstance(call, syntax.Call)
            or not isinstance(target, syntax.Name)
            or not isinstance(call.func, syntax.Name)
        ):
            continue
        if len(assign.targets) > 1 or call.func.id != target.id or not call.args:
            continue
        found = file.names.lookup(target.id, target.scope)
        if found is None:
            continue
        scope, bindings = found
        others = [each for each in bindings if each.start != target.start]
        around = max(
            (loop for loop in loops if inside(assign, loop) and loop.start >= scope.start), key=start, default=None
        )
        if scope.kind == "function" and not others and outer_loss(file, scope, target.id):
            message = (
                f"assigning to `{target.id}` makes it local to `{scope.name}`: calling it raises UnboundLocalError"
            )
        elif around is None or any(inside(each, around) for each in others) or leaves(around, assign):
            continue
        elif others and all(is_loss(file, each) for each in others):
            message = f"`{target.id}` is the loss from here on: the next batch calls a tensor and raises TypeError"
        else:
            continue
        yield Draft(assign, message, tuple((each, "the loss function") for each in others[:1]))


def start(node: syntax.Node) -> int:
    return node.start


def outer_loss(file: File, scope: syntax.Scope, name: str) -> bool:
    """Whether the scopes around a function know the name as a loss function."""
    outer = None if scope.parent is None else file.names.lookup(name, scope.parent)
    return outer is not None and bool(outer[1]) and all(is_loss(file, each) for each in outer[1])


def is_loss(file: File, binding: syntax.Binding) -> bool:
    """Whether a binding makes the name a loss function: one of torch's, or a parameter that is called like one."""
    if binding.parameter is not None:
        return "loss" in binding.name.lower() or "crit" in binding.name.lower()
    if binding.value is None or binding.path != ():
        return binding.definition is not None
    value = binding.value
    if isinstance(value, syntax.Call):
        made = file.qualified(value.func) or ""
        return made.startswith("torch.nn.") and made.rpartition(".")[2] in torch_roles.LOSSES
    return (file.qualified(value) or "").startswith("torch.nn.functional.")


def leaves(loop: syntax.For | syntax.While, assign: syntax.Assign) -> bool:
    """Whether the loop always ends after the assignment, so that it runs once."""
    if assign not in loop.body:
        return False
    rest = loop.body[loop.body.index(assign) + 1 :]
    return any(
        isinstance(each, syntax.Return) or (isinstance(each, syntax.Simple) and each.kind == "break") for each in rest
    )
