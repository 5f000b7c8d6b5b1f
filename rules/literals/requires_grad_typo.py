"""`requires_grad` is misspelt, so that setting it does nothing.

`p.require_grad = False` gives the tensor a new attribute of that name. torch accepts it, and the parameter goes
on training: the backbone that was to be frozen moves, and memory is spent on its gradients. Nothing is reported. The
number of trainable parameters is what gives it away.

```python bad
import torch

for p in backbone.parameters():
    p.require_grad = False  # HP142
```

```python good
import torch

for p in backbone.parameters():
    p.requires_grad = False
```

Two more ways to say it and do nothing: `requires_grad_` is a method, and `==` compares.

```python bad
import torch

for p in backbone.parameters():
    p.requires_grad_ = False  # HP142
for p in head.parameters():
    p.requires_grad == True  # HP142
```

## Looks like it, is not

An attribute that the file reads again is its own.

```python good
import torch


class Layer:
    def __init__(self, require_grad):
        self.require_grad = require_grad

    def freeze(self, parameter):
        parameter.requires_grad_(self.require_grad)
```

## References

- TorchFix rule TOR002 looks for one of these spellings.
- nbei/Deep-Flow#18
"""

from collections.abc import Iterator
from functools import lru_cache

from hplint.rule import Draft, File, Files, Level, Place, closest, replace, rule, syntax

RIGHT = "requires_grad"
LETTERS = frozenset(RIGHT) - {"_"}
LONGER = ("require_gradient", "require_gradients", "requires_gradient", "requires_gradients")
OWN = ("self", "cls", "args", "cfg", "config", "opt", "hparams")


@rule("HP142", "requires-grad-typo", level=Level.ERROR, topic="literals", since="0.1", subject=Files("grad", "gard"))
def requires_grad_typo(file: File) -> Iterator[Draft]:
    values = {
        target: assign.value
        for assign in file.all(syntax.Assign)
        for target in assign.targets
        if isinstance(target, syntax.Attribute) and is_typo(target.attr)
    }
    targets = list(values)
    if targets:
        stores = {target.start for target in targets}
        read = {each.attr for each in file.every(syntax.Attribute) if each.start not in stores or each.attr == RIGHT}
        for target in targets:
            own = isinstance(target.value, syntax.Name) and target.value.id in OWN
            if target.attr in read or own:
                continue
            what = "replaces the method" if target.attr == RIGHT + "_" else "sets a new attribute"
            place = Place(target.end - len(target.attr), target.end)
            yield Draft(
                target,
                f"`{file.source(target)}` {what}: `{RIGHT}` stays as it is",
                fix=replace(place, RIGHT, f"write `{RIGHT}`"),
                level=Level.ADVICE if already(file, target.value, values[target]) else None,
            )
    if not any(each.ops == ("==",) for each in file.every(syntax.Compare)):
        return
    for statement in file.all(syntax.ExprStatement):
        test = statement.value
        if not isinstance(test, syntax.Compare) or test.ops != ("==",) or not isinstance(test.left, syntax.Attribute):
            continue
        if test.left.attr == RIGHT:
            between = Place(test.left.end, test.comparators[0].start)
            message = f"`{file.source(test)}` compares and throws the answer away: `{RIGHT}` stays as it is"
            yield Draft(test, message, fix=replace(between, " = ", "assign it"))


def already(file: File, tensor: syntax.Expr, wanted: syntax.Expr | None) -> bool:
    """Whether False is set on a new tensor, which needs no gradient anyway."""
    made = file.assigned(tensor) if isinstance(tensor, syntax.Name) else None
    while isinstance(made, syntax.Call) and isinstance(made.func, syntax.Attribute):
        if not isinstance(made.func.value, syntax.Call):
            break
        made = made.func.value  # `torch.zeros(4).float()`
    name = file.qualified(made.func) if isinstance(made, syntax.Call) else None
    off = isinstance(wanted, syntax.Literal) and wanted.value is False
    return off and name is not None and name.startswith("torch.") and name.count(".") == 1


@lru_cache(maxsize=1024)
def is_typo(attribute: str) -> bool:
    if attribute == RIGHT or attribute in LONGER:
        return attribute != RIGHT
    # Two slips lose two letters at most, and most attributes have hardly any of them.
    return len(LETTERS.intersection(attribute.lower())) >= len(LETTERS) - 2 and closest(attribute, (RIGHT,)) is not None
