"""`Normalize` is given what it cannot take.

`Normalize` works on tensors. Before `ToTensor` it is given an image, and the first sample raises "TypeError: img should
be Tensor Image. Got <class 'PIL.Image.Image'>" (in `transforms.v2`: "Normalize() does not support PIL images."). With
three means for the one channel of MNIST it raises "RuntimeError: output with shape [1, 28, 28] doesn't match the
broadcast shape [3, 28, 28]". Either comes out of a worker of the loader, with a trace that ends inside torchvision.

```python bad
from torchvision import datasets, transforms

transform = transforms.Compose([
    transforms.Resize(32),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),  # HP263
    transforms.ToTensor(),
])
digits = datasets.MNIST("data", train=True, transform=transforms.Compose([
    transforms.ToTensor(),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),  # HP263
]))
```

```python good
from torchvision import datasets, transforms

transform = transforms.Compose([
    transforms.Resize(32),
    transforms.ToTensor(),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
])
digits = datasets.MNIST("data", train=True, transform=transforms.Compose([
    transforms.ToTensor(),
    transforms.Normalize((0.1307,), (0.3081,)),
]))
```

## Looks like it, is not

Transforms of one's own may make a tensor, or repeat the channel; one mean for three channels holds for each of them.

```python good
from torchvision import datasets, transforms

own = transforms.Compose([ReadTensor(), transforms.Normalize((0.5,), (0.5,)), transforms.ToPILImage()])
grey = transforms.Compose([
    transforms.Grayscale(3),
    transforms.ToTensor(),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
])
digits = datasets.MNIST("data", train=True, transform=grey)
same = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
pictures = datasets.CIFAR10("data", train=True, transform=same)
```

## References

- [torchvision.transforms.Normalize](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html)
- Cao et al., "DeepFD: automated fault diagnosis and localization for deep learning programs" (ICSE 2022): missing and
  wrong preprocessing among the faults that are met in practice.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, File, Files, Level, Misfit, Safety, is_test, misfits, rule


@rule(
    "HP263",
    "normalization-mismatch",
    level=Level.ERROR,
    topic="data",
    library="torchvision",
    since="0.1",
    subject=Files("Normalize("),
)
def normalization_mismatch(file: File) -> Iterator[Draft]:
    found: Misfit
    for found in () if is_test(file) else misfits(file):
        if found.converts is not None:
            later = file.source(found.converts.func)
            message = f"`Normalize` stands before `{later}` and is given an image: it raises TypeError"
            yield Draft(found.normalize, message, ((found.converts, "a tensor from here on"),), swapped(file, found))
        elif found.data is not None:
            name = file.source(found.data.func)
            message = f"`Normalize` has {found.channels} means, the images of `{name}` have one channel: it raises"
            yield Draft(found.normalize, message, ((found.data, "images of one channel"),))


def swapped(file: File, found: Misfit) -> DraftFix | None:
    """Both transforms exchanged, where they stand next to each other."""
    first, second = found.normalize, found.converts
    if second is None or file.text[first.end : second.start].strip() != ",":
        return None
    edits = ((first.start, first.end, file.source(second)), (second.start, second.end, file.source(first)))
    return DraftFix("exchange the two", tuple(DraftEdit(*edit) for edit in edits), Safety.SAFE)
