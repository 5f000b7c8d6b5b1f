"""The batch size is the result of a true division.

`/` gives a float even where it comes out even: `256 / 8` is `32.0`. `DataLoader` takes whole numbers only and raises
"ValueError: batch_size should be a positive integer value, but got batch_size=32.0", as soon as the line is reached:
often only on the machine with several GPUs, for which the division was written.

```python bad
from torch.utils.data import DataLoader


def make_loader(data, batch_size, gpus):
    return DataLoader(data, batch_size=batch_size / gpus, shuffle=True)  # HP255
```

```python good
from torch.utils.data import DataLoader


def make_loader(data, batch_size, gpus):
    return DataLoader(data, batch_size=batch_size // gpus, shuffle=True)
```

Sizes whose value is known (`64 / 2`, `"64"`, `0`, `True`) are told by `call-will-raise`.

## Looks like it, is not

A quotient that is made whole again.

```python good
from torch.utils.data import DataLoader


def make_loader(data, batch_size, gpus):
    per_gpu = batch_size / gpus
    per_gpu = int(per_gpu)
    return DataLoader(data, batch_size=per_gpu, shuffle=True)


def other_loader(data, batch_size, gpus, **options):
    return DataLoader(data, batch_size=round(batch_size / gpus), shuffle=True, **options)
```

## References

- [torch.utils.data.DataLoader](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader)
- Tried on torch 2.13: `batch_size=32.0` raises the ValueError.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, Safety, expected, followed, replace, rule, syntax


@rule(
    "HP255",
    "batch-size-type",
    level=Level.ERROR,
    topic="data",
    hyperparameter="batch-size",
    since="0.1",
    subject=Files("batch_size"),
)
def batch_size_type(file: File) -> Iterator[Draft]:
    for call in file.calls:
        given = call.arguments.get("batch_size") if call.name == "torch.utils.data.DataLoader" else None
        if given is None or given.node is None or given.value.possible:
            continue
        quotient = followed(file, given.node.value)
        if isinstance(quotient, syntax.Binary) and quotient.op == "/" and not expected(file, call.node, "ValueError"):
            shown = file.source(quotient)
            related = () if given.node.value is quotient else ((quotient, "divided here"),)
            message = f"`batch_size` is `{shown}`, a float: `DataLoader` raises ValueError"
            yield Draft(given.node, message, related, floor(file, quotient))


def floor(file: File, quotient: syntax.Binary) -> DraftFix | None:
    """A whole division, where only one sign stands between the operands."""
    between = syntax.Node(quotient.left.end, quotient.right.start)
    operands = (quotient.left, quotient.right)
    plain = all(isinstance(each, syntax.Name | syntax.Attribute | syntax.Literal | syntax.Call) for each in operands)
    whole = all(not isinstance(each.constant, float) for side in operands for each in file.value(side).possible)
    if file.source(between).strip() != "/" or not plain or not whole:
        return None
    return replace(between, file.source(between).replace("/", "//"), "divide whole numbers with `//`", Safety.SAFE)
