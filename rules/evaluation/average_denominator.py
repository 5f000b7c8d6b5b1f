"""The losses of batches are added up and divided by the wrong number.

A loss of torch is the mean over a batch. The sum of such means has one entry a batch: divided by `len(loader.dataset)`,
the number of samples, it is too small by about the batch size. With a batch size of 64 a cross-entropy of 2.3, no
better than chance, is printed as 0.036. The other way round, `loss.item() * x.size(0)` divided by `len(loader)` is too
large by the batch size. Nothing is wrong with the training; the numbers cannot be compared with any others, nor between
runs with different batch sizes.

```python bad
import torch

total = 0.0
for x, y in train_loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss.item()
print(total / len(train_loader.dataset))  # HP210
```

```python fixed
import torch

total = 0.0
for x, y in train_loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss.item()
print(total / len(train_loader))  # HP210
```

```python good
import torch

total = 0.0
for x, y in train_loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss.item() * x.size(0)
print(total / len(train_loader.dataset))
```

## Looks like it, is not

Losses that are summed over the batch, and hits that are counted.

```python good
import torch

total, hits = 0.0, 0
with torch.no_grad():
    for x, y in test_loader:
        output = model(x)
        total += torch.nn.functional.cross_entropy(output, y, reduction="sum").item()
        hits += (output.argmax(1) == y).sum().item()
print(total / len(test_loader.dataset), hits / len(test_loader.dataset))
```

## References

- udacity/deep-learning-v2-pytorch#74, #129 and #336; mahmoodlab/PathomicFusion#3, catalyst-team/catalyst#799
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, replace, rule, wrong_averages


@rule(
    "HP210",
    "average-denominator",
    level=Level.WARNING,
    topic="evaluation",
    since="0.1",
    subject=Files("oader.dataset)", "len("),
)
def average_denominator(file: File) -> Iterator[Draft]:
    if "loss" not in file.text or "+=" not in file.text:
        return
    for found in wrong_averages(file):
        shown, added = file.source(found.count), file.source(found.added.value)
        data = file.source(found.data)
        new = f"len({data})" if found.per_sample else f"len({data}.dataset)"
        what, wrong = ("the mean of a batch", "samples") if found.per_sample else ("a sum over samples", "batches")
        size = "small" if found.per_sample else "large"
        yield Draft(
            found.at,
            f"`{added}` is {what}, and their sum is divided by the number of {wrong}, `{shown}`: it is too {size} "
            "by the batch size",
            ((found.added, "added up here"),),
            replace(found.count, new, f"divide by `{new}`"),
        )
