"""Deterministic algorithms are asked for, and cuDNN is told to choose by timing.

With `torch.backends.cudnn.benchmark = True` cuDNN times several algorithms for each new shape and keeps the fastest.
Which one wins depends on what else the GPU is doing, so two runs with the same seed may add up in another order, and
drift apart within a few hundred steps. `deterministic = True` beside it only shortens the list of candidates: runs are
slower, and are still not the same.

```python bad
import torch


def make_reproducible(seed):
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = True  # HP257
```

```python good
import torch


def make_reproducible(seed):
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
```

## Looks like it, is not

One of two ways is taken; either of them is set by a variable.

```python good
import torch


def setup(reproducible):
    if reproducible:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    else:
        torch.backends.cudnn.deterministic = False
        torch.backends.cudnn.benchmark = True


def set_up(reproducible, fast):
    torch.backends.cudnn.deterministic = reproducible
    torch.backends.cudnn.benchmark = fast
```

## References

- [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html): disabling the benchmark makes cuDNN
  choose an algorithm deterministically, `deterministic` makes the chosen algorithm deterministic.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, branches, replace, rule, syntax

BENCHMARK = "torch.backends.cudnn.benchmark"
DETERMINISTIC = "torch.backends.cudnn.deterministic"


@rule(
    "HP257",
    "cudnn-flags-conflict",
    level=Level.WARNING,
    topic="reproducibility",
    hyperparameter="seed",
    since="0.1",
    subject=Files("benchmark"),
)
def cudnn_flags_conflict(file: File) -> Iterator[Draft]:
    fast = [each for each in file.all(syntax.Assign) if sets(file, each, BENCHMARK)]
    strict = [each for each in file.all(syntax.Assign) if fast and sets(file, each, DETERMINISTIC)]
    for flag in last_of_each_block(file, fast):
        for other in last_of_each_block(file, strict):
            same = scope(flag) == scope(other) and branches(file, flag) == branches(file, other)
            if same and is_true(flag) and is_true(other):
                message = "`benchmark` lets cuDNN choose by timing, so runs differ although `deterministic` is set"
                assert flag.value is not None
                fix = replace(flag.value, "False", "switch `benchmark` off")
                yield Draft(flag, message, ((other, "deterministic here"),), fix)
                break


def sets(file: File, statement: syntax.Assign, name: str) -> bool:
    """Whether a statement assigns a flag alone."""
    return len(statement.targets) == 1 and file.qualified(statement.targets[0]) == name


def scope(statement: syntax.Assign) -> int | None:
    """The scope that a statement stands in, told by the name that its target starts with."""
    target = statement.targets[0]
    while isinstance(target, syntax.Attribute):
        target = target.value
    return target.scope if isinstance(target, syntax.Name) else None


def is_true(statement: syntax.Assign) -> bool:
    return isinstance(statement.value, syntax.Literal) and statement.value.value is True


def last_of_each_block(file: File, statements: list[syntax.Assign]) -> list[syntax.Assign]:
    """What a flag is at the end of each block that assigns it."""
    return list({(scope(each), branches(file, each)): each for each in statements}.values())
