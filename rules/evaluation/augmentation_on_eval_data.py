"""The data that a model is measured on are changed at random.

A transform such as `RandomResizedCrop` or `ColorJitter` makes training harder on purpose. On the samples of the
validation or test set it makes the task harder too: the accuracy that is measured lies below that of the same model on
the plain samples, and differs from one evaluation of the same weights to the next. Which epoch was best, when to stop
and which of two settings wins is then decided partly by chance. The training curve looks right; the tell-tale is a
validation accuracy that jumps about and changes when nothing was trained.

```python bad
from torchvision import datasets, transforms

transform = transforms.Compose([
    transforms.RandomResizedCrop(224),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
])
train_set = datasets.ImageFolder("data/train", transform=transform)
test_set = datasets.ImageFolder("data/test", transform=transform)  # HP251
```

```python good
from torchvision import datasets, transforms

train_transform = transforms.Compose([
    transforms.RandomResizedCrop(224),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
])
eval_transform = transforms.Compose([
    transforms.Resize(256),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
])
train_set = datasets.ImageFolder("data/train", transform=train_transform)
test_set = datasets.ImageFolder("data/test", transform=eval_transform)
```

A part that is split off a set keeps the transform of the whole:

```python bad
import torch
from torch.utils.data import random_split
from torchvision import datasets, transforms

augment = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.ToTensor()])
data = datasets.CIFAR10("data", train=True, transform=augment)  # HP251
train_set, val_set = random_split(data, [45000, 5000], generator=torch.Generator().manual_seed(0))
```

Two sets over the same files, one with each transform, and one list of indices for both avoid that.

## Looks like it, is not

Averaging over several random views of a test sample ("test-time augmentation") is meant, as is measuring a
self-supervised loss. A transform may be chosen, or exchanged later.

```python good
from torchvision import datasets, transforms


def build(train):
    steps = [transforms.RandomHorizontalFlip()] if train else []
    return transforms.Compose([*steps, transforms.ToTensor()])


train_set = datasets.CIFAR10("data", train=True, transform=build(True))
test_set = datasets.CIFAR10("data", train=False, transform=build(False))
views = {"transform": transforms.RandomHorizontalFlip()}
other_test_set = datasets.CIFAR10("data", train=False, **views)
```

## References

- [torchvision.transforms](https://docs.pytorch.org/vision/stable/transforms.html)
- zoogzog/chexnet#27, mrdbourke/pytorch-deep-learning#1352, shigen-StoneRoot/FFPN#2: one transform for both sets.
- gpleiss/efficient_densenet_pytorch#51: the validation part was split off the augmented training set.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Located, augmented_evaluation, is_test, rule


@rule(
    "HP251",
    "augmentation-on-eval-data",
    level=Level.WARNING,
    topic="evaluation",
    since="0.1",
    subject=Files("Random", "ColorJitter", "AutoAugment", "RandAugment", "TrivialAugment"),
)
def augmentation_on_eval_data(file: File) -> Iterator[Draft]:
    for found in () if is_test(file) else augmented_evaluation(file):
        what = f"`{file.source(found.random.func)}`"
        told: tuple[tuple[Located, str], ...] = ((found.random, "random here"),)
        if found.split is None:
            message = f"`{found.name}` is changed at random by {what}: the same weights score differently each time"
        else:
            message = f"`{found.name}` is a part of this set and is changed at random by {what} when it is measured"
            told = (*told, (found.split, "split off here"))
        yield Draft(found.given, message, told)
