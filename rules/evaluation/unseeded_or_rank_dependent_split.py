"""Data are split at random, anew in each process or each run.

`random_split` and `train_test_split` draw from the global generator of torch, or of NumPy, which starts at another
place in every process unless it is seeded. So one split is drawn by each rank of a distributed run, and another one
when a stored model is trained on or measured later. Nothing raises. The validation set of one draw lies mostly in the
training set of another: with 80 % for training, four in five of the samples that the model is "validated" on were
trained on. The validation loss follows the training loss down, overfitting is not seen, and the accuracy falls only on
data of another source.

```python bad
import torch
from torch.distributed import init_process_group
from torch.utils.data import DataLoader, DistributedSampler, random_split


def main():
    init_process_group("nccl")
    train_set, val_set = random_split(dataset, [0.8, 0.2])  # HP250
    loader = DataLoader(train_set, batch_size=64, sampler=DistributedSampler(train_set))
    train(loader, val_set)
```

```python good
import torch
from torch.distributed import init_process_group
from torch.utils.data import DataLoader, DistributedSampler, random_split


def main():
    init_process_group("nccl")
    train_set, val_set = random_split(dataset, [0.8, 0.2], generator=torch.Generator().manual_seed(0))
    loader = DataLoader(train_set, batch_size=64, sampler=DistributedSampler(train_set))
    train(loader, val_set)
```

A seed that depends on the rank splits differently in each process too:

```python bad
import torch
from torch.distributed import get_rank, init_process_group
from torch.utils.data import random_split


def main(seed):
    init_process_group("nccl")
    torch.manual_seed(seed + get_rank())
    train_set, val_set = random_split(dataset, [0.8, 0.2])  # HP250
    train(train_set, val_set)
```

## Looks like it, is not

A seed that all processes share gives them the same split, as long as each has drawn as many numbers before. A script
that runs once, in one process, is only hard to repeat.

```python good
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch.utils.data import random_split

accelerator = Accelerator()
set_seed(0)
train_set, val_set = random_split(dataset, [0.8, 0.2])
```

```python good
import torch
from torch.utils.data import random_split

train_set, val_set = random_split(dataset, [0.8, 0.2], **options)
train(train_set, val_set)
```

## References

- [torch.utils.data.random_split](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split),
  [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html)
- TensorAuto/OpenTau#498: each rank's validation samples were among the training samples of another rank.
- talmolab/sleap-nn#600, Lightning-AI/lightning-bolts#140, lm-sys/FastChat#1522; kekmodel/FixMatch-pytorch#41: the
  accuracy was too high after a resumed run.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, Drawn, File, Files, Level, Split, is_test, rule, unstable_splits

WHAT = {
    Drawn.PROCESSES: "has no seed: each process draws its own split, and validates on what the others train on",
    Drawn.BY_RANK: "draws after a seed that differs between ranks: each validates on what the others train on",
    Drawn.RESUMED: "has no seed: a resumed run draws another split, and validates on samples it was trained on",
    Drawn.LATER: "has no seed: this split is not the one of the training, the model has seen samples of each part",
}
EVIDENCE = {
    Drawn.PROCESSES: "the processes are started or joined here",
    Drawn.BY_RANK: "the seed of one rank",
    Drawn.RESUMED: "training is resumed here",
    Drawn.LATER: "the trained model is loaded here",
}


@rule(
    "HP250",
    "unseeded-or-rank-dependent-split",
    level=Level.WARNING,
    topic="evaluation",
    hyperparameter="seed",
    since="0.1",
    subject=Files("random_split", "train_test_split", "KFold", "ShuffleSplit"),
)
def unseeded_or_rank_dependent_split(file: File) -> Iterator[Draft]:
    for split in () if is_test(file) else unstable_splits(file):
        yield Draft(
            split.call.node,
            f"`{split.call.short}` {WHAT[split.drawn]}",
            ((split.evidence, EVIDENCE[split.drawn]),),
            seeded(file, split),
        )


def seeded(file: File, split: Split) -> DraftFix | None:
    """A generator of its own for the split."""
    end = split.call.node.args[-1].end if split.call.node.args else None
    if end is None:
        return None
    if split.call.short != "random_split":
        return DraftFix("give it a seed", (DraftEdit(end, end, ", random_state=0"),))
    if file.names.lookup("torch", split.call.node.scope) is None:
        return None
    return DraftFix("give it a seed", (DraftEdit(end, end, ", generator=torch.Generator().manual_seed(0)"),))
