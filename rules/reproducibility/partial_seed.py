"""Torch is seeded, and the data are split or shuffled by a generator that is not.

torch, NumPy and Python have generators of their own. `torch.manual_seed` fixes the weights and the order that a
`DataLoader` shuffles in; `np.random.permutation`, `random.shuffle` and the functions of scikit-learn still begin at
another place in each run. So each run trains and validates on other samples although "the seed is fixed": results of
the same seed differ by as much as those of two seeds, and a difference between two settings may be the split's.

```python bad
import torch
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
train_x, val_x, train_y, val_y = train_test_split(x, y, test_size=0.2)  # HP265
for epoch in range(10):
    optimizer.zero_grad()
    criterion(model(train_x), train_y).backward()
    optimizer.step()
```

```python good
import torch
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
train_x, val_x, train_y, val_y = train_test_split(x, y, test_size=0.2, random_state=0)
for epoch in range(10):
    optimizer.zero_grad()
    criterion(model(train_x), train_y).backward()
    optimizer.step()
```

## Looks like it, is not

Numbers that only choose what is shown; the workers of a loader, for which torch seeds NumPy and Python too; a function
that seeds everything.

```python good
import numpy as np
import torch

torch.manual_seed(0)
generator = np.random.default_rng(0)
order = generator.permutation(len(x))
for epoch in range(10):
    optimizer.zero_grad()
    criterion(model(x[order]), y[order]).backward()
    optimizer.step()


def show_some(images):
    for index in np.random.permutation(len(images))[:9]:
        draw(images[index])
```

## References

- [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html): seed torch, Python and NumPy.
- [scikit-learn: controlling randomness](https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness)
- Stack Overflow 64964537
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, HalfSeeded, Level, half_seeded, insert_line, is_test, rule, syntax

NAMES = {"numpy": "NumPy", "python": "Python"}


@rule(
    "HP265",
    "partial-seed",
    level=Level.WARNING,
    topic="reproducibility",
    hyperparameter="seed",
    since="0.1",
    subject=Files("manual_seed"),
)
def partial_seed(file: File) -> Iterator[Draft]:
    found: HalfSeeded
    for found in () if is_test(file) else half_seeded(file):
        name = file.source(found.draw.func)
        message = f"`{name}` draws from {NAMES[found.library]}'s generator, which is not seeded as torch's is"
        yield Draft(found.draw, message, ((found.seed, "torch is seeded here"),), also(file, found))


def also(file: File, found: HalfSeeded) -> DraftFix | None:
    """The same seed for the other generator, under the name by which the file calls its module."""
    func = found.draw.func
    seed = None if found.given is None else file.source(found.given)
    if seed is None or not isinstance(func, syntax.Attribute) or not file.source(func.value).endswith("random"):
        return None
    line = f"{file.source(func.value)}.seed({seed})"
    return insert_line(file, found.seed, line, f"call `{file.source(func.value)}.seed` too", after=True)
