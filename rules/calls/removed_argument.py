"""An argument that newer versions of torch no longer take.

Code that ran for years raises `TypeError: got an unexpected keyword argument` after an upgrade. The message names the
argument, not the version that dropped it. `verbose` of the learning-rate schedulers is the frequent case: deprecated in
torch 2.2, gone in 2.7. To print the rate, print `scheduler.get_last_lr()`.

```python bad
from torch.optim.lr_scheduler import ReduceLROnPlateau

scheduler = ReduceLROnPlateau(optimizer, mode="max", patience=3, verbose=True)  # HP102
```

```python good
from torch.optim.lr_scheduler import ReduceLROnPlateau

scheduler = ReduceLROnPlateau(optimizer, mode="max", patience=3)
print(scheduler.get_last_lr())
```

## Looks like it, is not

Other libraries have arguments of that name, and code may ask for the version first.

```python good
from lightning.pytorch.callbacks import EarlyStopping
from torch.optim.lr_scheduler import StepLR

stop = EarlyStopping("val_loss", patience=3, verbose=True)

try:
    scheduler = StepLR(optimizer, step_size=30, verbose=True)
except TypeError:
    scheduler = StepLR(optimizer, step_size=30)
```

## References

- pytorch/pytorch#111302: deprecation of `verbose`.
- gszfwsb/NCFM#11, scverse/scvi-tools#3297, microsoft/qlib#2095: programs that broke.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Safety,
    expected,
    for_argument,
    removed,
    rule,
    syntax,
)


@rule("HP102", "removed-argument", level=Level.WARNING, topic="calls", since="0.1", subject=Files())
def removed_argument(file: File) -> Iterator[Draft]:
    for call in file.calls:
        for argument in call.unexpected:
            gone = removed(call.name, argument.keyword or "")
            if gone is not None and not expected(file, call.node, "TypeError"):
                message = f"`{call.short}` has no `{gone.parameter}` from torch {gone.gone} on: it raises TypeError"
                fix = deleted(call, argument) if argument in call.node.args else None
                yield Draft(argument, message, fix=fix, hyperparameter=for_argument(call.name, gone.parameter))


def deleted(call: BoundCall, argument: syntax.Arg) -> DraftFix:
    """Take the argument away, with the comma before it, or the one behind it where it is the first."""
    position = call.node.args.index(argument)
    if position:
        edit = DraftEdit(call.node.args[position - 1].end, argument.end, "")
    elif len(call.node.args) > 1:
        edit = DraftEdit(argument.start, call.node.args[1].start, "")
    else:
        edit = DraftEdit(argument.start, argument.end, "")
    return DraftFix(f"delete `{argument.keyword}`", (edit,), Safety.SAFE)
