"""Labels of data, and whether they come class by class."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from hplint.runtime.samples import readable

MOST = 512
"""Labels that are looked at, at even distances."""
_FEWEST = 12
_CHANCE = 1e-4
"""How likely it may be that an order came about by chance."""
_NAMES = ("targets", "labels")
_KEYS = ("label", "labels", "target", "targets", "y")


def by_class(labels: Sequence[int]) -> bool:
    """Whether each label stands in one stretch, and that is no chance."""
    if len(labels) < _FEWEST:
        return False
    counts: dict[int, int] = {}
    stretches = 0
    before: int | None = None
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
        stretches += label != before
        before = label
    if len(counts) < 2 or stretches > len(counts):
        return False
    ways = math.lgamma(len(labels) + 1) - sum(math.lgamma(count + 1) for count in counts.values())
    return ways - math.lgamma(len(counts) + 1) > -math.log(_CHANCE)


def stored(data: Any) -> list[int] | None:
    """The labels that a data set keeps as a list or tensor, in its order; None where it keeps none."""
    size = _size(data)
    if not size:
        return None
    positions = range(size) if size <= MOST else range(0, size, -(-size // MOST))
    found = [_stored_at(data, position) for position in positions]
    known = [label for label in found if label is not None]
    return known if len(known) == len(found) else None


def read(data: Any, most: int = 48) -> list[int] | None:
    """The labels of a few samples that the data set makes for it, at even distances."""
    size = _size(data)
    found: list[int] = []
    for position in range(0, size or 0, max(-(-(size or 0) // most), 1)):
        label = _single(data[position])
        if label is None:
            return None
        found.append(label)
    return found or None


def of_batch(batch: Any) -> list[int] | None:
    """The labels of a batch: whole numbers, one a sample."""
    at = _labels_in(batch)
    if readable(at) and at.dim() == 1 and at.device.type == "cpu" and not at.is_floating_point():
        return [int(each) for each in at.tolist()]
    return None


def _labels_in(sample: Any) -> object:
    if isinstance(sample, dict):
        return next((sample[key] for key in _KEYS if key in sample), None)
    return sample[-1] if isinstance(sample, (tuple, list)) and len(sample) > 1 else None


def _single(sample: Any) -> int | None:
    label = _labels_in(sample)
    if readable(label) and label.numel() == 1 and not label.is_floating_point() and not label.is_complex():
        return int(label.item())
    return _whole(label)


def _whole(label: object) -> int | None:
    if isinstance(label, int):
        return int(label)
    if type(label).__module__ == "numpy" and type(label).__name__.startswith(("int", "uint")):
        return int(label)  # type: ignore[call-overload, no-any-return]
    return None


def _size(data: Any) -> int:
    try:
        return len(data)
    except Exception:
        return 0


def _stored_at(data: Any, position: int) -> int | None:
    """One stored label, without asking the data set for the sample."""
    if isinstance(data, Subset):
        return _stored_at(data.dataset, int(data.indices[position]))
    if isinstance(data, ConcatDataset):
        for part in data.datasets:
            if position < len(part):  # type: ignore[arg-type]
                return _stored_at(part, position)
            position -= len(part)  # type: ignore[arg-type]
        return None
    if isinstance(data, TensorDataset):
        return _at(data.tensors[-1], position) if len(data.tensors) > 1 else None
    if isinstance(data, (list, tuple)):
        return _single(data[position])
    held = vars(data) if hasattr(data, "__dict__") else {}
    return next((_at(held[name], position) for name in _NAMES if name in held), None)


def _at(labels: object, position: int) -> int | None:
    if isinstance(labels, Tensor):
        if not readable(labels) or labels.dim() != 1 or labels.device.type != "cpu" or labels.is_floating_point():
            return None
        return int(labels[position].item())
    if isinstance(labels, (list, tuple)) or type(labels).__name__ == "ndarray":
        return _whole(labels[position])  # type: ignore[index]
    return None


def sizes_of(batch: Any) -> Iterable[int]:
    """The first dimension of each tensor in a batch."""
    for each in batch.values() if isinstance(batch, dict) else batch if isinstance(batch, (tuple, list)) else [batch]:
        if isinstance(each, Tensor) and each.dim():
            yield each.shape[0]
