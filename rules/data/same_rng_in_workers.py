"""Every worker of the loader has a copy of the same random generator.

A generator that is made in `__init__` is part of the data set, and each worker process starts with a copy of the data
set: the same state in all of them. With four workers, four samples in a row are cropped, flipped and masked by the same
random numbers. In the next epoch the workers are started anew from the same object, so epoch after epoch draws the same
numbers again: there are far fewer different augmentations than the code says. Nothing shows it but a larger gap between
training and validation; printing one random number with its index does.

```python bad
import numpy as np
from torch.utils.data import DataLoader, Dataset


class Noisy(Dataset):
    def __init__(self, x):
        self.x = x
        self.rng = np.random.default_rng(0)  # HP256

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i] + self.rng.normal(0, 0.1, self.x[i].shape)


loader = DataLoader(Noisy(x), batch_size=32, shuffle=True, num_workers=4)
```

```python good
import torch
from torch.utils.data import DataLoader, Dataset


class Noisy(Dataset):
    def __init__(self, x):
        self.x = x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i] + 0.1 * torch.randn(self.x[i].shape)


loader = DataLoader(Noisy(x), batch_size=32, shuffle=True, num_workers=4)
```

The global generators of torch, Python and (since torch 1.9) NumPy get a seed of their own in each worker and each
epoch. A generator of one's own can be made in a `worker_init_fn`, from `torch.utils.data.get_worker_info().seed`.

## Looks like it, is not

No workers, one worker, or a generator that is only used while the set is made.

```python good
import numpy as np
from torch.utils.data import DataLoader, Dataset


class Sampled(Dataset):
    def __init__(self, x):
        self.rng = np.random.default_rng(0)
        self.x = x[self.rng.permutation(len(x))[:1000]]

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i]


loader = DataLoader(Sampled(x), batch_size=32, shuffle=True, num_workers=4)
```

## References

- [torch.utils.data: randomness in multi-process data loading](https://docs.pytorch.org/docs/stable/data.html)
- xingyizhou/CenterNet#233, open-mmlab/OpenPCDet#886, facebookresearch/fairseq#1383, pytorch/pytorch#5059: the same
  numbers in all workers; TorchDSP/torchsig#343 and #361: with a generator in each object.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, rule, shared_streams


@rule(
    "HP256",
    "same-rng-in-workers",
    level=Level.WARNING,
    topic="data",
    hyperparameter="num-workers",
    since="0.1",
    runtime=True,
    subject=Files(
        "default_rng", "RandomState", "random.Random", "import Random", "torch.Generator", "random.Generator"
    ),
)
def same_rng_in_workers(file: File) -> Iterator[Draft]:
    for found in () if is_test(file) or "num_workers" not in file.text else shared_streams(file):
        where = f"`{found.owner.name}.{found.attribute}`"
        message = f"{where} is copied into each worker: all of them draw the same numbers, in every epoch anew"
        yield Draft(
            found.generator,
            message,
            ((found.use, "the samples draw from it here"), (found.loader.node, "the loader with several workers")),
        )
