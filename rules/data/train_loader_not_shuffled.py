"""The training data is given in the same order in every epoch.

`DataLoader` does not shuffle unless it is told to. Stored data has an order: `ImageFolder` lists one class after the
other, a CSV is sorted, photos of one day lie together. Then each batch holds a single kind of sample; the model learns
to say what the last batches were, batch normalisation keeps the statistics of one class, and the loss goes up and down
in a pattern that repeats every epoch. Even where the file is mixed, the same samples meet in the same batch for the
whole run.

```python bad
import torch
from torch.utils.data import DataLoader
from torchvision import datasets

train_set = datasets.ImageFolder("data/train", transform)
train_loader = DataLoader(train_set, batch_size=64, num_workers=4)  # HP162
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(90):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch.utils.data import DataLoader
from torchvision import datasets

train_set = datasets.ImageFolder("data/train", transform)
train_loader = DataLoader(train_set, batch_size=64, shuffle=True, num_workers=4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(90):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

It is reported where the loader is seen to feed a training loop (or can be for nothing else) and the data is seen to
come from a dataset with a stored order. `hplint run` looks at the labels: where they come class by class, it reports
the loader whatever its data set and its `shuffle` are.

## Looks like it, is not

A loader for evaluation, samplers, streams, series whose order carries the meaning, data that was mixed or drawn at
random before. `shuffle=False` says that it is meant.

```python good
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets

test_loader = DataLoader(datasets.MNIST("data", train=False), batch_size=1000)
balanced = DataLoader(datasets.ImageFolder("data/train"), batch_size=64, sampler=sampler)
toy = DataLoader(TensorDataset(torch.randn(1000, 3), torch.randn(1000)), batch_size=10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for loader in (balanced, toy):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

## References

- [torch.utils.data](https://docs.pytorch.org/docs/stable/data.html)
- Deci-AI/super-gradients#416, #581: all recipes trained without shuffling; joaoamcarvalho/mpd-public#6.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, File, Files, Level, is_test, rule, unshuffled


@rule(
    "HP162",
    "train-loader-not-shuffled",
    level=Level.WARNING,
    topic="data",
    hyperparameter="shuffle",
    since="0.1",
    runtime=True,
    subject=Files("DataLoader"),
)
def train_loader_not_shuffled(file: File) -> Iterator[Draft]:
    for loader in () if is_test(file) else unshuffled(file):
        node = loader.call.node
        fix = DraftFix("shuffle it", (DraftEdit(node.args[-1].end, node.args[-1].end, ", shuffle=True"),))
        yield Draft(
            node,
            "this `DataLoader` trains without `shuffle=True`: every epoch sees the samples in their stored order",
            () if loader.use is None else ((loader.use, "training goes over it here"),),
            fix if node.args else None,
        )
