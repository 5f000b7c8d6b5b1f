"""The sampler of a distributed run is never told which epoch it is.

`DistributedSampler` shuffles with a generator that it seeds anew for each epoch, with `seed + epoch`. The epoch is 0
until `set_epoch` is called, so without that call every epoch has the same order: the same samples meet in the same
batches on the same ranks for the whole run. Nothing raises, and the training loss looks fine or better than it should;
what is lost is part of the noise that helps a model generalise, and batch statistics that never change partners.

```python bad
import torch
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

train_sampler = DistributedSampler(train_set)  # HP264
train_loader = DataLoader(train_set, batch_size=64, sampler=train_sampler)
for epoch in range(90):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

```python good
import torch
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

train_sampler = DistributedSampler(train_set)
train_loader = DataLoader(train_set, batch_size=64, sampler=train_sampler)
for epoch in range(90):
    train_sampler.set_epoch(epoch)
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

It is reported only where the sampler, its loader and the loop over epochs are all in one file, and no module of the
project that the file imports calls `set_epoch`.

## Looks like it, is not

Samplers for evaluation, `shuffle=False`, loaders that are handed to a framework: Lightning, Accelerate and the trainer
of transformers call `set_epoch` themselves.

```python good
import torch
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

sampler = DistributedSampler(train_set, shuffle=False)
train_loader = DataLoader(train_set, batch_size=64, sampler=sampler)
other = DataLoader(train_set, batch_size=64, sampler=DistributedSampler(train_set, **options))
fit(model, DataLoader(train_set, batch_size=64, sampler=DistributedSampler(train_set)))
for epoch in range(90):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

## References

- [torch.utils.data.distributed.DistributedSampler](https://docs.pytorch.org/docs/stable/data.html)
- pytorch/pytorch#31771, huggingface/transformers#4398, kan-bayashi/ParallelWaveGAN#177, lucidrains/DALLE-pytorch#230,
  Spijkervet/SimCLR#26: trained with one order.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, SameOrder, insert_line, is_test, rule, same_orders, syntax


@rule(
    "HP264",
    "distributed-sampler-no-set-epoch",
    level=Level.WARNING,
    topic="data",
    hyperparameter="shuffle",
    since="0.1",
    runtime=True,
    subject=Files("DistributedSampler"),
)
def distributed_sampler_no_set_epoch(file: File) -> Iterator[Draft]:
    found: SameOrder
    for found in () if is_test(file) else same_orders(file):
        what = f"`{found.name}`" if found.name else "`DistributedSampler`"
        message = f"`set_epoch` of {what} is never called: every epoch has the same order"
        related = ((found.epochs, "the loop over epochs"), (found.loader, "the loader"))
        yield Draft(found.sampler, message, related, told(file, found))


def told(file: File, found: SameOrder) -> DraftFix | None:
    """A call of `set_epoch` at the start of each epoch."""
    epochs = found.epochs
    counter = epochs.target if isinstance(epochs, syntax.For) else None
    if found.name is None or not isinstance(counter, syntax.Name):
        return None
    line = f"{found.name}.set_epoch({counter.id})"
    return insert_line(file, epochs.body[0], line, f"call `{found.name}.set_epoch`")
