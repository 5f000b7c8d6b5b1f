"""A hyperparameter is set twice, and nothing reads the first value.

The later value is used, whatever the first line says. Somebody who changes the first one, because it stands with the
others at the top, sees no effect: all runs of the comparison train with the same number. It comes from a value that was
tried out below and left there, or from two blocks of settings that were put together.

```python bad
import torch

lr = 0.1  # HP259
batch_size = 64
epochs = 90
lr = 1e-4

optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
```

```python bad
CONFIG = {
    "lr": 3e-4,  # HP259
    "weight_decay": 0.01,
    "epochs": 10,
    "lr": 1e-3,
}
```

```python good
import torch

lr = 1e-4
batch_size = 64
epochs = 90

optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
```

## Looks like it, is not

A value that is read, or may be read, before it is set again; a value that a condition replaces; two lines in a row, of
which one is being tried out.

```python good
lr = 0.1
warmup(lr)
lr = 0.01
train(lr)

epochs = 90
if quick:
    epochs = 1

batch_size = 64
batch_size = batch_size * 2

momentum = 0.9
momentum = 0.95
```

## References

- [The Python language reference: assignment statements](https://docs.python.org/3/reference/simple_stmts.html)
- ruff F601 and pylint W0109 tell of keys of dictionaries, whatever they stand for.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Overwritten, overwritten, rule


@rule(
    "HP259",
    "duplicate-hyperparameter",
    level=Level.WARNING,
    topic="literals",
    library="python",
    since="0.1",
    subject=Files(),
)
def duplicate_hyperparameter(file: File) -> Iterator[Draft]:
    found: Overwritten
    for found in overwritten(file):
        if file.cell_of(found.first) != file.cell_of(found.second):
            continue  # The cells of a notebook run in any order.
        yield Draft(
            found.first,
            f"`{found.label}` is {found.value} here and set to {found.later} before anything reads it",
            ((found.second, f"{found.later} is used"),),
            hyperparameter=found.row,
        )
