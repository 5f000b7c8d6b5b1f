"""A comma behind a number makes a tuple of it.

`lr = 0.001,` is `lr = (0.001,)`: the comma makes the tuple, not the parentheses. It is left over when an argument of a
call becomes a line of its own. torch raises `TypeError: '<' not supported between instances of 'tuple' and 'float'`
where the value is used, which may be far away.

```python bad
import torch

lr = 0.001,  # HP140
optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
```

```python good
import torch

lr = 0.001
optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
```

```python bad
import torch


class Config:
    learning_rate = 3e-4,  # HP140
    dropout = 0.1
```

## Looks like it, is not

A tuple that is used as one is a tuple.

```python good
import torch

milestones = 30,
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones)
dropout = 0.1,
rates = list(dropout) + [0.2]
```

## References

- [Python reference: parenthesized forms](https://docs.python.org/3/reference/expressions.html#parenthesized-forms)
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Safety, as_number, hyperparameter_of, replace, rule, syntax, walk

SEQUENCES = (
    "betas", "milestones", "kernel-size", "stride", "padding", "class-weights", "hidden-layers-and-units",
    "lora-target-modules", "swa-start",
)  # fmt: skip
"""Hyperparameters that may be several numbers."""
SCALAR_OPERATORS = ("-", "/", "//", "**", "%", "*", "+")


@rule("HP140", "trailing-comma-tuple", level=Level.ERROR, topic="literals", since="0.1", subject=Files(","))
def trailing_comma_tuple(file: File) -> Iterator[Draft]:
    if not any(each.kind == "tuple" and len(each.elements) == 1 for each in file.every(syntax.Collection)):
        return
    for assign in file.all(syntax.Assign):
        value, target = assign.value, assign.targets[0]
        if (
            len(assign.targets) > 1
            or not isinstance(target, syntax.Name | syntax.Attribute)
            or not is_stray(file, assign)
        ):
            continue
        name = target.id if isinstance(target, syntax.Name) else target.attr
        row = hyperparameter_of(name)
        if row is None or row in SEQUENCES or used_as_tuple(file, name):
            continue
        assert isinstance(value, syntax.Collection)
        number = value.elements[0]
        sure = used_as_number(file, name)
        if not sure and (not isinstance(number, syntax.Literal) or as_number(number.value) is None):
            continue
        shown = file.source(number)
        yield Draft(
            value,
            f"`{name}` is a tuple: the comma behind `{shown}` makes `({shown},)` of it",
            fix=replace(value, shown, "remove the comma", Safety.SAFE),
            level=Level.ERROR if sure else Level.WARNING,
        )


def is_stray(file: File, assign: syntax.Assign) -> bool:
    """Whether the value is one element and a comma, without parentheses."""
    value = assign.value
    single = isinstance(value, syntax.Collection) and value.kind == "tuple" and len(value.elements) == 1
    if not single or value is None or isinstance(value.elements[0], syntax.Starred):  # type: ignore[union-attr]
        return False
    return file.source(value).endswith(",") and assign.end == value.end


def called(expr: syntax.Node) -> str | None:
    """The name that an expression reads: `lr` of `lr` and of `config.lr`."""
    return expr.id if isinstance(expr, syntax.Name) else expr.attr if isinstance(expr, syntax.Attribute) else None


def used_as_number(file: File, name: str) -> bool:
    """Whether the name is passed on as a hyperparameter that is one number, counted with, or compared."""
    for call in file.all(syntax.Call):
        if any(called(arg.value) == name and arg.keyword and hyperparameter_of(arg.keyword) for arg in call.args):
            return True
        if called(call.func) in ("range", "float", "int") and any(called(arg.value) == name for arg in call.args):
            return True
    operations = [each for each in file.all(syntax.Binary) if each.op in SCALAR_OPERATORS]
    return any(
        called(one) == name and isinstance(other, syntax.Literal)
        for each in operations
        for one, other in ((each.left, each.right), (each.right, each.left))
    )


def used_as_tuple(file: File, name: str) -> bool:
    """Whether the name is iterated over, indexed, unpacked or measured."""
    places: list[syntax.Node] = [each.value for each in file.all(syntax.Subscript)]
    places += [each.iter for each in file.all(syntax.For)]
    places += [each.value for each in file.all(syntax.Starred)]
    places += [generator.iter for each in file.all(syntax.Comprehension) for generator in each.generators]
    for call in file.all(syntax.Call):
        if called(call.func) in ("len", "list", "tuple", "zip", "enumerate", "sum", "max", "min", "isinstance"):
            places += [arg.value for arg in call.args]
        places += [arg.value for arg in call.args if arg.star]
    places += [
        each.value for each in file.all(syntax.Assign) if each.value and not isinstance(each.targets[0], syntax.Name)
    ]
    return any(called(part) == name for place in places for part in walk(place) if part is place)
