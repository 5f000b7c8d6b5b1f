"""An argument that newer versions of torch no longer take.

Code that ran for years raises `TypeError: got an unexpected keyword argument` after an upgrade. The message names the
argument, not the version that dropped it. `verbose` of the learning-rate schedulers is the frequent case: deprecated in
torch 2.2, gone in 2.7. To see the rate, print `scheduler.get_last_lr()`.

```python bad
from torch.optim.lr_scheduler import ReduceLROnPlateau

scheduler = ReduceLROnPlateau(optimizer, mode="max", patience=3, verbose=True)  # HP102
```

```python good
from torch.optim.lr_scheduler import ReduceLROnPlateau

scheduler = ReduceLROnPlateau(optimizer, mode="max", patience=3)
print(scheduler.get_last_lr())
```

It is a warning where the code may be run with either. Where the requirements of the project, or `target-versions` in
`[tool.hplint]`, allow no version that takes the argument (`torch>=2.7`) it is an error, and where all that they allow
take it (`torch==1.13.1`, `torch<2.7`) it is not reported.

`Sampler` of `torch.utils.data` never used the data source that its constructor was given, and takes none any more:

```python bad
from torch.utils.data import Sampler


class InOrder(Sampler):
    def __init__(self, source):
        super().__init__(source)  # HP102
        self.source = source
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
- pytorch/pytorch#163134: `data_source` of `Sampler`.
- gszfwsb/NCFM#11, scverse/scvi-tools#3297, microsoft/qlib#2095: programs that broke.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Removed,
    Versions,
    as_version,
    delete_argument,
    expected,
    following,
    handed_on,
    removals,
    rule,
)


@rule("HP102", "removed-argument", level=Level.ERROR, topic="calls", since="0.1", subject=Files())
def removed_argument(file: File) -> Iterator[Draft]:
    for call in file.calls:
        for argument in (*call.unexpected, *call.surplus[:1]):
            # A positional argument too many is the one that was taken away.
            gone = next((g for g in removals(call.name) if argument.keyword in (g.parameter, None)), None)
            if gone is not None and not expected(file, call.node, "TypeError"):
                level = judged(gone, file.versions("torch"))
                if level is None:
                    continue
                message = f"`{call.short}` has no `{gone.parameter}` from torch {gone.gone} on: it raises TypeError"
                yield Draft(argument, message, handed_on(call), delete_argument(call, argument), level)


def judged(gone: Removed, versions: Versions) -> Level | None:
    """An error where every version that the code is written for refuses the argument, nothing where each takes it."""
    if versions.all_reach(as_version(gone.gone)):
        return Level.ERROR
    return Level.WARNING if versions.may_reach(following(as_version(gone.last))) else None
