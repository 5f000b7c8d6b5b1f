"""Every process of a distributed run writes the same checkpoint file.

With `DistributedDataParallel` each process runs the whole script. Without a test of the rank all of them write to one
path at the same time: the file may hold parts of several, or be cut short, and `torch.load` says
`PytorchStreamReader failed reading zip archive` when the run is to be resumed, days later. Where nothing breaks, the
disk is written once for each GPU, and the slowest write holds up all others at the next all-reduce.

```python bad
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("nccl")
model = DistributedDataParallel(Net().cuda())
for epoch in range(10):
    train(model, epoch)
    torch.save(model.module.state_dict(), "last.pt")  # HP189
```

```python good
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("nccl")
model = DistributedDataParallel(Net().cuda())
for epoch in range(10):
    train(model, epoch)
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), "last.pt")
```

## Looks like it, is not

A file for each rank, as sharded states need; a function that returns early on all ranks but one.

```python good
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel


def save(model, rank):
    if rank != 0:
        return
    torch.save(model.module.state_dict(), "last.pt")


def main(rank):
    dist.init_process_group("nccl", rank=rank, world_size=4)
    model = DistributedDataParallel(Net().to(rank))
    train(model)
    save(model, rank)
    torch.save(torch.cuda.get_rng_state(), f"rng-{rank}.pt")
```

## References

- [Getting started with DistributedDataParallel](https://docs.pytorch.org/tutorials/intermediate/ddp_tutorial.html):
  save in one process, load in all.
- [torch.save](https://docs.pytorch.org/docs/stable/generated/torch.save.html)
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, rule, saved_by_all


@rule(
    "HP189",
    "save-on-every-rank",
    level=Level.ADVICE,
    topic="loop",
    since="0.1",
    subject=Files("init_process_group", "DistributedDataParallel"),
)
def save_on_every_rank(file: File) -> Iterator[Draft]:
    for call, path, joined in () if is_test(file) else saved_by_all(file):
        message = f"every process writes {file.source(path)} at once: no test of the rank is around `torch.save`"
        yield Draft(call, message, ((joined, "several processes run this"),))
        return
