"""The last layer has another number of units than the dataset has classes.

With fewer units than classes the first label beyond them ends the run: `IndexError: Target 10 is out of bounds` on a
CPU, and on a GPU `CUDA error: device-side assert triggered`, reported at some later line. With more units nothing is
raised: the spare classes never occur, take a share of the probability until they have been unlearnt, and turn up in
confusion matrices. Often the dataset was exchanged and the network was not.

```python bad
import torch
from torch import nn
from torchvision import datasets, transforms

data = datasets.CIFAR100("data", transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 10))  # HP244
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn
from torchvision import datasets, transforms

data = datasets.CIFAR100("data", transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 100))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

Labels may be made anew, from several datasets or by a transform.

```python good
from torch import nn
from torchvision import datasets

data = datasets.MNIST("data", target_transform=lambda label: label % 2)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 2))
loss = nn.CrossEntropyLoss()(model(x), y)
```

## References

- [torchvision.datasets](https://pytorch.org/vision/stable/datasets.html): what each dataset holds.
- Stack Overflow 68166721 (the device-side assert is a label beyond the last unit) and 68807958.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import CLASSES_OF_DATASET, Draft, File, Files, Level, Place, features, regex, rule

_RELABELS = regex(
    r"target_transform|targets|\.labels|class_to_idx|remap|superclass|coarse|binary|subset|"
    r"(y|target|label)\w*\)? ?% ?\d|\[y\b"
)


@rule(
    "HP244",
    "class-count-off-by-one",
    level=Level.WARNING,
    topic="architecture",
    hyperparameter="hidden-layers-and-units",
    since="0.1",
    subject=Files("torchvision"),
)
def class_count_off_by_one(file: File) -> Iterator[Draft]:
    if not any(word in file.text for word in ("ross", "nll_loss", "NLLLoss")):
        return
    data = [call for call in file.calls if call.name.startswith("torchvision.datasets.")]
    names = {call.short for call in data}
    count = CLASSES_OF_DATASET.get(data[0].short) if len(names) == 1 else None
    if count is None or any(call.via is not None for call in data):
        return
    told = set()
    uses = [use for use in file.flows.losses if use.kind in ("CrossEntropyLoss", "NLLLoss")]
    sizes = [features(use.input) for use in uses]
    if len({None if size is None else size[0] for size in sizes}) > 1 or _RELABELS.search(file.text):
        return  # Heads of several sizes are for several kinds of labels.
    for use, known in zip(uses, sizes, strict=True):
        if known is None or known[0] == count or known[0] < 2 or known[1].layer is None:
            continue
        layer = known[1].layer
        if layer.file is not file or layer.call in told:
            continue
        told.add(layer.call)
        node = data[0].node
        harm = f"the first label beyond {known[0] - 1} ends the run" if known[0] < count else "some never occur"
        yield Draft(
            layer.call,
            f"`{file.source(layer.call)}` makes {known[0]} classes and `{data[0].short}` has {count}: {harm}",
            related=((Place(node.start, node.end), "the dataset"), (use.node, "the loss")),
        )
