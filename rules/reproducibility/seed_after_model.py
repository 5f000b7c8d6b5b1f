"""The seed is set after the model is made.

`torch.manual_seed` fixes the numbers that are drawn from then on. The weights of a model are drawn when it is
constructed: a seed that comes later leaves them to chance. Two runs with the same seed then start from other weights
and end at another accuracy, and a comparison "with the same seed" compares two initialisations: the losses differ at
the first step already.

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
torch.manual_seed(0)  # HP258
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

## Looks like it, is not

A second seed for the order of the data, weights that are loaded or initialised after the seed.

```python good
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
torch.manual_seed(1)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
```

## References

- [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html)
- [torch.manual_seed](https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html)
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, rule, seeded_too_late


@rule(
    "HP258",
    "seed-after-model",
    level=Level.WARNING,
    topic="reproducibility",
    hyperparameter="seed",
    since="0.1",
    subject=Files("manual_seed"),
)
def seed_after_model(file: File) -> Iterator[Draft]:
    for seeding, model in () if is_test(file) else seeded_too_late(file):
        if file.cell_of(seeding) != file.cell_of(model):
            continue  # Cells are run in any order, and again.
        message = (
            f"the seed comes after `{file.source(model.func)}`: its weights are drawn before and differ in each run"
        )
        yield Draft(seeding, message, ((model, "the weights are drawn here"),))
