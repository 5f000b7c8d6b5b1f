"""The loader reads its samples in the process that trains.

With `num_workers=0`, the default, each batch is read, decoded and augmented while the GPU waits, and the GPU computes
while the next batch waits. `nvidia-smi` shows a utilisation that jumps between 0 and 100 %, and an epoch takes as long
as both together. A few workers prepare batches ahead.

```python bad
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

loader = DataLoader(ImageFolder("data/train"), batch_size=64, shuffle=True)  # HP268
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
```

```python good
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

loader = DataLoader(ImageFolder("data/train"), batch_size=64, shuffle=True, num_workers=4)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
```

The rule is off by default: two thirds of loaders have no workers, and small data need none.

## Looks like it, is not

Tensors that lie in memory, for which workers cost more than they save.

```python good
import torch
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(inputs, targets), batch_size=64, shuffle=True)
other = DataLoader(read(), batch_size=64, shuffle=True, **options)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

## References

- [torch.utils.data: multi-process data loading](https://docs.pytorch.org/docs/stable/data.html)
- [Performance tuning guide](https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html)
- Stack Overflow 63654232; TorchFix TOR401 says it of every loader.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Presence, fed_to_training, is_test, reads_files, rule


@rule(
    "HP268",
    "no-workers",
    level=Level.PEDANTIC,
    topic="data",
    hyperparameter="num-workers",
    since="0.1",
    subject=Files("DataLoader("),
)
def no_workers(file: File) -> Iterator[Draft]:
    calls = () if is_test(file) else file.calls
    suspects = [call for call in calls if call.name == "torch.utils.data.DataLoader" and not call.inherited]
    suspects = [call for call in suspects if call.argument("num_workers").presence is Presence.ABSENT]
    fed = fed_to_training(file) if suspects else frozenset()
    for call in suspects:
        if call.node.start in fed and reads_files(file, call):
            message = "`DataLoader` has no `num_workers`: each batch is read while the device waits"
            yield Draft(call.node, message)
