"""Each process decides by the metric of its own share of the validation data.

A `DistributedSampler` gives each process another part of the data, so each computes another loss. A
`ReduceLROnPlateau` that is told this loss lowers the learning rate in one process and not in another: from then on the
copies of the model take different steps with the same gradients and drift apart, and nothing raises. With early
stopping one process leaves the loop and the others wait for it at the next all-reduce, until NCCL gives up after ten
minutes or more: the job hangs with all GPUs at 100 %. Average the number over the processes first.

```python bad
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

dist.init_process_group("nccl")
val_loader = DataLoader(val_set, batch_size=64, sampler=DistributedSampler(val_set, shuffle=False))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)


def validate():
    losses = [criterion(model(x), y).item() for x, y in val_loader]
    return sum(losses) / len(losses)


for epoch in range(10):
    train(model, optimizer)
    val_loss = validate()
    scheduler.step(val_loss)  # HP246
```

```python good
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

dist.init_process_group("nccl")
val_loader = DataLoader(val_set, batch_size=64, sampler=DistributedSampler(val_set, shuffle=False))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)


def validate():
    losses = [criterion(model(x), y).item() for x, y in val_loader]
    total = torch.tensor([sum(losses), len(losses)], device="cuda")
    dist.all_reduce(total)
    return (total[0] / total[1]).item()


for epoch in range(10):
    train(model, optimizer)
    val_loss = validate()
    scheduler.step(val_loss)
```

## Looks like it, is not

Every process evaluates on all of the data, and all come to the same number.

```python good
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

dist.init_process_group("nccl")
sampler = DistributedSampler(train_set)
train_loader = DataLoader(train_set, batch_size=64, sampler=sampler)
val_loader = DataLoader(val_set, batch_size=64)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
for epoch in range(10):
    sampler.set_epoch(epoch)
    train(model, optimizer)
    scheduler.step(validate(val_loader))
```

## References

- [torch.distributed: collective functions](https://docs.pytorch.org/docs/stable/distributed.html)
- [Lightning: `sync_dist`](https://lightning.ai/docs/pytorch/stable/visualize/logging_advanced.html)
- Stack Overflow 64499294, 70623377
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, OwnNumber, decided_alone, is_test, rule


@rule(
    "HP246",
    "unsynced-metrics",
    level=Level.ADVICE,
    topic="evaluation",
    since="0.1",
    subject=Files("DistributedSampler("),
)
def unsynced_metrics(file: File) -> Iterator[Draft]:
    found: OwnNumber
    for found in () if is_test(file) else decided_alone(file):
        metric = file.source(found.metric)
        end = "one stops and the others wait for it" if found.stops else "their learning rates differ from then on"
        message = f"`{metric}` is another number in each process: {end}"
        yield Draft(found.at, message, ((found.sampler, "divides the data among the processes"),))
        return
