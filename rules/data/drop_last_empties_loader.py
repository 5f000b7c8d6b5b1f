"""The loader drops its only batch, because the batch is larger than the data.

`drop_last=True` leaves the last batch out when it is not full. With fewer samples than `batch_size` there is no full
batch at all: `len(loader)` is 0, the loop over it does nothing, and torch says nothing. An epoch takes no time and the
weights stay as they were initialised; where the mean loss is taken, `ZeroDivisionError` or `nan` shows it, else a loss
that is 0 or an accuracy at chance.

```python bad
import torch
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(100, 8), torch.randn(100, 1))
loader = DataLoader(data, batch_size=128, shuffle=True, drop_last=True)  # HP253
```

```python good
import torch
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(100, 8), torch.randn(100, 1))
loader = DataLoader(data, batch_size=32, shuffle=True, drop_last=True)
```

It is reported only where the number of samples is seen in the code: made-up tensors, parts of a split with known
sizes, the sets of torchvision.

## Looks like it, is not

Without `drop_last` the one batch is smaller, and that is all.

```python good
import torch
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(100, 8), torch.randn(100, 1))
whole = DataLoader(data, batch_size=128, shuffle=True)
chosen = DataLoader(data, batch_size=128, shuffle=True, **options)
```

## References

- [torch.utils.data.DataLoader](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader)
- Tried on torch 2.13: 10 samples with `batch_size=20, drop_last=True` give `len(loader) == 0` and no error.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, rule, size_of


@rule(
    "HP253",
    "drop-last-empties-loader",
    level=Level.ERROR,
    topic="data",
    hyperparameter="batch-size",
    since="0.1",
    runtime=True,
    subject=Files("drop_last"),
)
def drop_last_empties_loader(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else file.calls:
        if call.name != "torch.utils.data.DataLoader" or call.inherited or "drop_last" not in call.arguments:
            continue
        data, given = call.argument("dataset").node, call.argument("batch_size")
        drops, batch = call.argument("drop_last").value.single, given.value.single
        if data is None or given.node is None or drops is None or drops.constant is not True or batch is None:
            continue
        samples = size_of(file, data.value)
        if isinstance(batch.constant, int) and samples is not None and batch.constant > samples:
            message = (
                f"`batch_size` is {batch.constant}, the data hold {samples} samples: with `drop_last` no batch is left"
            )
            yield Draft(given.node, message, ((data, f"{samples} samples"),))
