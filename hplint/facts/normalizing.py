"""``Normalize`` of torchvision where it certainly cannot work: before the tensor is made, or for other channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.augmentation import COMPOSES, composed
from hplint.facts.makers import made_by
from hplint.facts.syntax import Call, Expr
from hplint.facts.tree import argument
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_TRANSFORM = regex(r"torchvision\.transforms\.(?:v2\.)?(\w+)")
_MAKES_TENSOR = frozenset({"ToTensor", "PILToTensor", "ToImage", "ToImageTensor"})
_KEEPS_IMAGE = regex(
    r"Resize|Scale|CenterCrop|Pad|Random(Crop|SizedCrop|ResizedCrop|HorizontalFlip|VerticalFlip|Rotation|Affine|"
    r"Perspective|Grayscale|Invert|Posterize|Solarize|Equalize|AdjustSharpness|Autocontrast)|ColorJitter|GaussianBlur|"
    r"AutoAugment|RandAugment|TrivialAugmentWide|AugMix"
)
"""Transforms that give an image where they are given one, of as many channels."""
_ONE_CHANNEL = frozenset({"MNIST", "FashionMNIST", "KMNIST", "QMNIST", "EMNIST"})


@value_record
class Misfit:
    """A ``Normalize`` that raises. ``converts``: what makes the tensor, behind it.

    ``data``: a set of images of one channel, where it has ``channels`` means.
    """

    normalize: Call
    converts: Call | None = None
    data: Call | None = None
    channels: int = 0


def misfits(file: File) -> Iterator[Misfit]:
    """Those in the order of the text, first those before the tensor."""
    told: set[int] = set()
    for call in file.all(Call):
        if file.qualified(call.func) in COMPOSES[:2]:
            found = _before_tensor(file, call)
            if found is not None and found.normalize.start not in told:
                told.add(found.normalize.start)
                yield found
    for call in file.all(Call):
        library, _, name = (file.qualified(call.func) or "").rpartition(".")
        if library == "torchvision.datasets" and name in _ONE_CHANNEL:
            found = _more_channels(file, call)
            if found is not None and found.normalize.start not in told:
                told.add(found.normalize.start)
                yield found


def _before_tensor(file: File, compose: Call) -> Misfit | None:
    normalize: Call | None = None
    for element in composed(file, compose):
        name = _name(file, element)
        if normalize is None and name == "Normalize" and isinstance(element, Call):
            normalize = element
        elif name in _MAKES_TENSOR and isinstance(element, Call):
            return None if normalize is None else Misfit(normalize, converts=element)
        elif not _KEEPS_IMAGE.fullmatch(name):
            return None
    return None


def _more_channels(file: File, data: Call) -> Misfit | None:
    given = next((arg.value for arg in data.args if arg.keyword == "transform"), None)
    made = () if given is None else made_by(file, given)
    if len(made) != 1 or file.qualified(made[0].func) not in COMPOSES[:2]:
        return None
    for element in composed(file, made[0]):
        name = _name(file, element)
        if name == "Normalize" and isinstance(element, Call):
            mean = argument(element, 0, "mean")
            single = None if mean is None else _count(file, mean.value)
            return Misfit(element, data=data, channels=single) if single is not None and single > 1 else None
        if name not in _MAKES_TENSOR and not _KEEPS_IMAGE.fullmatch(name):
            return None
    return None


def _name(file: File, element: Expr) -> str:
    """The last part of what torchvision calls a transform; empty for any other."""
    known = _TRANSFORM.fullmatch(file.qualified(element.func) or "") if isinstance(element, Call) else None
    return "" if known is None else known[1]


def _count(file: File, mean: Expr) -> int | None:
    """How many means there are, where they are written out."""
    elements = getattr(mean, "elements", None)
    if elements is None:
        single = file.value(mean).single
        return len(single.constant) if single is not None and isinstance(single.constant, tuple) else None
    return len(elements)
