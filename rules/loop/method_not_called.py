"""A method is named and not called.

`optimizer.step` without parentheses is an expression that Python evaluates and throws away. Nothing happens, and
nothing is reported: gradients pile up without `zero_grad()`, the weights never move without `step()`, dropout and batch
normalisation stay in training mode during evaluation without `eval()`.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad  # HP123
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()

model.eval  # HP123
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()

model.eval()
```

## Looks like it, is not

What stands at the end of a notebook's cell is shown by the notebook: hplint says nothing there. Nor of an attribute
that is no method.

```python good
import torch

config.train
dataset.step
```

## References

- Stack Overflow 75012448
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Role, replace, role_of, rule, syntax

EVERYWHERE = ("zero_grad", "backward")
METHODS = {
    "step": (Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER, Role.ENGINE),
    "eval": (Role.MODULE,),
    "train": (Role.MODULE,),
    "update": (Role.SCALER,),
}
EFFECTS = {
    "zero_grad": "the gradients are not cleared",
    "backward": "no gradients are computed",
    "step": "nothing is updated",
    "eval": "the model stays in training mode",
    "train": "the mode of the model stays as it is",
    "update": "the scale is not adapted",
}


@rule("HP123", "method-not-called", level=Level.ERROR, topic="loop", since="0.1", subject=Files(*EVERYWHERE, *METHODS))
def method_not_called(file: File) -> Iterator[Draft]:
    for statement in file.all(syntax.ExprStatement):
        method = statement.value
        if not isinstance(method, syntax.Attribute) or method.attr not in EFFECTS or file.is_displayed(statement):
            continue
        roles = METHODS.get(method.attr)
        if roles is None or role_of(file, method.value) in roles:
            shown = file.source(method)
            yield Draft(
                method,
                f"`{shown}` is named and not called: {EFFECTS[method.attr]}",
                fix=None if takes_more(method) else replace(method, shown + "()", f"call it: `{shown}()`"),
            )


def takes_more(method: syntax.Attribute) -> bool:
    """Whether a call without arguments would raise, as `scaler.step()` does."""
    return (
        method.attr == "step" and isinstance(method.value, syntax.Name | syntax.Attribute) and "scaler" in name(method)
    )


def name(method: syntax.Attribute) -> str:
    value = method.value
    return (
        value.attr if isinstance(value, syntax.Attribute) else value.id if isinstance(value, syntax.Name) else ""
    ).lower()
