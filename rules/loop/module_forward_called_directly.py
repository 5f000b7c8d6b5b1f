"""`model.forward(x)` is called instead of `model(x)`.

A call of the model runs its hooks around `forward`. With `model.forward(x)` none of them runs: no forward hook sees the
activations, `DistributedDataParallel` does not get ready to average gradients, spectral and weight normalisation of the
old kind are not applied, a compiled model is not used. As long as there is nothing of the kind, both give the same.

```python bad
import torch

model = torch.nn.Linear(784, 10)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model.forward(x), y)  # HP212
    loss.backward()
    optimizer.step()
```

```python fixed
import torch

model = torch.nn.Linear(784, 10)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)  # HP212
    loss.backward()
    optimizer.step()
```

```python good
import torch

model = torch.nn.Linear(784, 10)
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

A class calls its own `forward`, or that of its base. Nobody can hang a hook on a module that is made in a function,
called there, and handed to nobody.

```python good
import torch


class Net(torch.nn.Sequential):
    def forward(self, x):
        return super().forward(x) + 1

    def predict(self, x):
        return self.forward(x).argmax(1)


def distance(x, y):
    measure = torch.nn.PairwiseDistance(p=1)
    return measure.forward(x, y)
```

## References

- [torch.nn.Module.forward](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.forward)
  says to call the instance, which takes care of the hooks.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, File, Files, Level, inside, is_test, made_by, rule, syntax

STAYS = frozenset({"forward", "eval", "train"})
"""Methods that a module may have called without leaving its function."""


@rule(
    "HP212",
    "module-forward-called-directly",
    level=Level.ADVICE,
    topic="loop",
    since="0.1",
    subject=Files(".forward("),
)
def module_forward_called_directly(file: File) -> Iterator[Draft]:
    if is_test(file) or "torch.jit" in file.text:
        return
    found = [
        call.func
        for call in file.all(syntax.Call)
        if isinstance(call.func, syntax.Attribute) and call.func.attr == "forward" and is_module(file, call.func.value)
        if not stays_here(file, call.func.value)
    ]
    if found:
        model = file.source(found[0].value)
        edits = tuple(DraftEdit(each.value.end, each.end, "") for each in found)
        message = f"`{model}.forward` leaves out the hooks of `{model}`, such as those of DistributedDataParallel"
        related = tuple((each, "here too") for each in found[1:5])
        yield Draft(found[0], message, related, DraftFix("call the model itself", edits))


def is_module(file: File, model: syntax.Expr) -> bool:
    """Whether an object is certainly a module of torch, or of a class of this file that derives from it."""
    made = made_by(file, model) if isinstance(model, syntax.Name | syntax.Attribute) else ()
    own = [file.definition(call.func) for call in made]
    names = [file.qualified(call.func) or "" for call in made]
    known = [module.node for module in file.modules]
    return bool(made) and all(
        each in known or name.startswith("torch.nn.") for each, name in zip(own, names, strict=True)
    )


def stays_here(file: File, model: syntax.Expr) -> bool:
    """Whether a module is made in this function and nothing is done with it but calls, so that it has no hooks."""
    if not isinstance(model, syntax.Name) or "_norm(" in file.text or "hook" in file.text:
        return False
    around = next((each for each in file.every(syntax.FunctionDef) if each.scope == model.scope), None)
    if around is None or file.assigned(model) is None:
        return False
    called = {
        id(call.func.value if isinstance(call.func, syntax.Attribute) and call.func.attr in STAYS else call.func)
        for call in file.every(syntax.Call)
    }
    stored = {id(target) for each in file.every(syntax.Assign) for target in each.targets}
    named = [each for each in file.every(syntax.Name) if each.id == model.id and inside(each, around)]
    return all(each.scope == model.scope and id(each) in called | stored for each in named)
