"""A training script seeds nothing.

Weights, dropout and the order of the data come out differently in each run. For a single run that does no harm; two
runs that differ in one setting differ by the seed as well, and a run that failed cannot be repeated to find out why.
With one seed a bug comes back on the second try, and several seeds show which differences are larger than chance.

```python bad
import torch
from torch import nn

model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # HP267
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

The rule is off by default: two thirds of public training scripts have no seed.

## Looks like it, is not

Modules that others import, which seed; scripts that call a function for it.

```python good
import torch
from torch import nn


def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
```

## References

- [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html)
- Zhang et al., "The prevalence of code smells in machine learning projects" (2021) and Cruz et al.: randomness that is
  not controlled is among the smells that are met most often.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, never_seeds, optimizers, rule, syntax


@rule(
    "HP267",
    "no-seed",
    level=Level.PEDANTIC,
    topic="reproducibility",
    hyperparameter="seed",
    since="0.1",
    subject=Files("backward("),
)
def no_seed(file: File) -> Iterator[Draft]:
    script = any(isinstance(each, syntax.For) for each in file.code.body) or "__main__" in file.text
    if is_test(file) or not script or not never_seeds(file):
        return
    start = next(optimizers(file), None)
    if start is not None:
        name = file.source(start.node.func)
        yield Draft(start.node, f"nothing is seeded before `{name}` or after it: no run of this script can be repeated")
