"""The training loader is not told a batch size, so each step sees a single sample.

`DataLoader` takes one sample at a time unless it is told otherwise. The gradient of one sample points anywhere: the
loss jumps from step to step, a learning rate that suits batches of 64 is far too high, and a GPU that could take a
hundred samples at once waits for the next one most of the time. `BatchNorm` over one sample raises `ValueError:
Expected more than 1 value per channel when training`, or, where the sample has many places, normalises each image by
itself.

```python bad
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

loader = DataLoader(MNIST("data", train=True, transform=ToTensor()), shuffle=True)  # HP249
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

loader = DataLoader(MNIST("data", train=True, transform=ToTensor()), batch_size=64, shuffle=True)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## Looks like it, is not

`batch_size=1` that is written down, a data set that gives whole batches, and options that may hold the size.

```python good
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

data = MNIST("data", train=True, transform=ToTensor())
one = DataLoader(data, batch_size=1, shuffle=True)
told = DataLoader(data, **options)
batched = DataLoader(data, batch_sampler=sampler)
for loader in (one, told, batched):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

## References

- [torch.utils.data.DataLoader](https://docs.pytorch.org/docs/stable/data.html): `batch_size` is 1 by default.
- Zhang, Cruz and others, Hyperparameter not explicitly set: a code smell of machine learning.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Presence, fed_to_training, gives_samples, is_test, rule


@rule(
    "HP249",
    "batch-size-default",
    level=Level.ADVICE,
    topic="data",
    hyperparameter="batch-size",
    since="0.1",
    subject=Files("DataLoader("),
)
def batch_size_default(file: File) -> Iterator[Draft]:
    suspects = [
        call
        for call in (() if is_test(file) else file.calls)
        if call.name == "torch.utils.data.DataLoader" and not call.inherited and call.via is None
        if all(call.argument(name).presence is Presence.ABSENT for name in ("batch_size", "batch_sampler"))
    ]
    fed = fed_to_training(file) if suspects else frozenset()
    for call in suspects:
        if call.node.start in fed and gives_samples(file, call):
            yield Draft(call.node, "`DataLoader` has no `batch_size`: each step of the training sees one sample")
            return
