"""Targets that a loss takes without a word and that it is not meant for, and how it sums up."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Loss
from hplint.runtime.places import Place
from hplint.runtime.samples import has_shape, readable
from hplint.runtime.world import World

_LOOKS = 3
_DIFFERENCES = frozenset({"huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"})
_CLOSE = 0.01


class LossTargets(Check):
    """Looks at the first losses at each place."""

    rules = (
        "bce-target-out-of-range",
        "class-label-out-of-range",
        "cross-entropy-multi-hot-target",
        "kl-div-reduction-mean",
        "loss-broadcast",
    )

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._looked: dict[tuple[str, Place | None], int] = {}

    @on(Loss)
    def given(self, event: Loss) -> Iterator[Problem]:
        if not (has_shape(event.input) and has_shape(event.target) and event.input.requires_grad):
            return
        key = event.name, event.place
        self._looked[key] = self._looked.get(key, 0) + 1
        if event.place is None or self._looked[key] > _LOOKS:
            return
        if event.options.get("reduction", "mean") == "none" or event.options.get("reduce") is False:
            return
        if event.name in _DIFFERENCES:
            yield from self._broadcast(event)
        elif event.name == "kl_div":
            yield from self._mean(event)
        elif not readable(event.target):
            return
        elif event.name in ("cross_entropy", "nll_loss") and not event.target.is_floating_point():
            yield from self._class_range(event)
        elif event.name == "cross_entropy":
            yield from self._multi_hot(event)
        elif event.name == "binary_cross_entropy_with_logits":
            yield from self._range(event)

    def _broadcast(self, event: Loss) -> Iterator[Problem]:
        given, wanted = tuple(event.input.shape), tuple(event.target.shape)
        short, long = sorted((given, wanted), key=len)
        if long == (*short, 1) and short and short[-1] > 1:
            yield Problem(
                "loss-broadcast",
                f"an input of shape {given} is compared with a target of shape {wanted} by broadcasting, each with "
                "each: the network learns the mean of the targets",
                event.place,
            )

    def _mean(self, event: Loss) -> Iterator[Problem]:
        legacy = any(event.options.get(name) is not None for name in ("size_average", "reduce"))
        classes = event.input.shape[-1] if event.input.dim() > 1 else 1
        if event.options.get("reduction", "mean") == "mean" and not legacy and classes > 1:
            where = self.world.place_of(event.module) if event.module is not None else None
            yield Problem(
                "kl-div-reduction-mean",
                f"the divergence is divided by the number of all elements, {classes} times too much: "
                '`reduction="batchmean"` is what is defined',
                where or event.place,
                ((event.place, "the loss"),) if where is not None else (),
            )

    def _multi_hot(self, event: Loss) -> Iterator[Problem]:
        target = event.target
        if not target.is_floating_point() or target.shape != event.input.shape or target.dim() < 2:
            return
        labels = target.detach()
        if bool(((labels == 0) | (labels == 1)).all()) and bool((labels.sum(1) > 1).any()):
            yield Problem(
                "cross-entropy-multi-hot-target",
                f"the targets have up to {int(labels.sum(1).max())} labels an example, and cross-entropy is for one: "
                "the labels of an example compete",
                event.place,
            )

    def _class_range(self, event: Loss) -> Iterator[Problem]:
        """Labels that torch refuses when it computes: what has no numbers is not computed."""
        if readable(event.input) or event.target.numel() == 0:
            return
        classes = event.input.shape[0 if event.input.dim() == 1 else 1]
        labels = event.target.detach()
        wrong = labels[((labels < 0) | (labels >= classes)) & (labels != event.options.get("ignore_index", -100))]
        if wrong.numel():
            yield Problem(
                "class-label-out-of-range",
                f"a label is {int(wrong[0])}, and the model has {classes} outputs, for the labels 0 to {classes - 1}: "
                "the loss raises",
                event.place,
            )

    def _range(self, event: Loss) -> Iterator[Problem]:
        if event.options.get("weight") is not None or event.target.numel() == 0:
            return
        low, high = _limits(event.target)
        if low < -_CLOSE or high > 1 + _CLOSE:
            yield Problem(
                "bce-target-out-of-range",
                f"the targets lie between {low:g} and {high:g}, outside of 0 to 1: the loss has no least value",
                event.place,
            )


def _limits(target: Tensor) -> tuple[float, float]:
    low, high = torch.aminmax(target.detach().float())
    return float(low), float(high)
