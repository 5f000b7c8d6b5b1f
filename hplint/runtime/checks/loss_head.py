"""What a loss wants to be given, and what the graph says that it is given."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from hplint.model import Level
from hplint.runtime.calls import argument, the_one
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, Loss
from hplint.runtime.graph import made_by
from hplint.runtime.places import Place
from hplint.runtime.samples import has_shape, readable
from hplint.runtime.world import World

_LOOKS = 3
"""Losses at a place that are looked at."""
_CLOSE = 0.05
"""How far sums of probabilities in half precision may be from 1."""

_SOFTMAX: tuple[str, tuple[type[nn.Module], ...]] = ("softmax", (nn.Softmax, nn.Softmax2d))
_SIGMOID: tuple[str, tuple[type[nn.Module], ...]] = ("sigmoid", (nn.Sigmoid,))
_WRITTEN: dict[str, tuple[str, tuple[type[nn.Module], ...]]] = {
    "Softmax": _SOFTMAX,
    "Sigmoid": _SIGMOID,
    "LogSoftmax": ("log_softmax", (nn.LogSoftmax,)),
    "Relu": ("relu", (nn.ReLU,)),
    "Tanh": ("tanh", (nn.Tanh,)),
}
"""How operations are written: the name of the function and the classes of layers."""

_CONTRACTS: dict[tuple[str, str], tuple[str, str]] = {
    ("cross_entropy", "Softmax"): (
        "softmax-before-cross-entropy",
        "applies log-softmax itself and is given the output of a softmax: it cannot come near 0, and its gradients "
        "are small",
    ),
    ("cross_entropy", "Sigmoid"): (
        "sigmoid-softmax-task-mismatch",
        "is for classes of which one is right, applies a softmax itself and is given the output of a sigmoid",
    ),
    ("cross_entropy", "LogSoftmax"): (
        "log-softmax-before-cross-entropy",
        "applies log-softmax itself and is given the output of one: the same numbers, computed twice",
    ),
    ("cross_entropy", "Relu"): (
        "relu-or-dropout-on-output",
        "is given the output of a ReLU: a class whose score is cut to 0 gets no gradient",
    ),
    ("binary_cross_entropy_with_logits", "Sigmoid"): (
        "sigmoid-before-bce-with-logits",
        "applies the sigmoid itself and is given the output of one: no probability leaves 0.5 to 0.73",
    ),
    ("binary_cross_entropy_with_logits", "Softmax"): (
        "sigmoid-softmax-task-mismatch",
        "is for labels that hold each on its own, applies a sigmoid itself and is given the output of a softmax",
    ),
    ("binary_cross_entropy_with_logits", "Relu"): (
        "relu-or-dropout-on-output",
        "is given the output of a ReLU: no probability falls below one half",
    ),
    ("nll_loss", "Softmax"): (
        "nll-without-log-softmax",
        "wants log-probabilities and is given probabilities: the loss is negative and its gradient vanishes",
    ),
    ("nll_loss", "Sigmoid"): (
        "nll-without-log-softmax",
        "wants log-probabilities and is given probabilities: the loss is negative and its gradient vanishes",
    ),
    ("kl_div", "Softmax"): (
        "kl-div-input-not-log",
        "wants the logarithm of probabilities and is given probabilities: what it computes is no divergence",
    ),
    ("binary_cross_entropy", "Relu"): ("bce-loss-on-logits", "wants probabilities and is given the output of a ReLU"),
    ("binary_cross_entropy", "Tanh"): ("bce-loss-on-logits", "wants probabilities and is given the output of a tanh"),
}
"""The rule and what is said, by the loss and what its input was made by."""

_SCORES = frozenset({"Addmm", "Mm", "Bmm", "Convolution", "ThnnConv2D", "MkldnnConvolution"})
"""Operations whose results are not limited to any range."""


class LossHead(Check):
    """Looks at the first losses at each place that gradients are computed of."""

    rules = (*dict.fromkeys(rule for rule, _ in _CONTRACTS.values()), "softmax-over-one-unit")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._looked: dict[tuple[str, Place | None], int] = {}
        self._columns: dict[Place | None, int] = {}
        """How many losses at a place were given one column, -1 when one was given more."""

    @on(Loss)
    def given(self, event: Loss) -> Iterator[Problem]:
        if event.place is None or not has_shape(event.input) or not event.input.requires_grad:
            return
        self._one_column(event)
        key = event.name, event.place
        self._looked[key] = self._looked.get(key, 0) + 1
        if self._looked[key] > _LOOKS:
            return
        made = made_by(event.input)
        if made is None:
            return
        contract = _CONTRACTS.get((event.name, made))
        if contract is not None:
            rule, message = contract
            if rule == "nll-without-log-softmax" and readable(event.input) and _normalised(event.input):
                return
            yield self._problem(event, rule, message, made)
        elif made in _SCORES:
            yield from self._scores(event)

    def _scores(self, event: Loss) -> Iterator[Problem]:
        """Losses that want something other than the plain output of a layer."""
        if event.name == "nll_loss" and readable(event.input) and not _normalised(event.input):
            message = "wants log-probabilities and is given the plain output of a layer: the loss falls without end"
            yield Problem("nll-without-log-softmax", f"{_called(event)} {message}", event.place)
        elif event.name == "binary_cross_entropy":
            message = "wants probabilities and is given the plain output of a layer, which may be any number"
            yield Problem("bce-loss-on-logits", f"{_called(event)} {message}", event.place)

    def _problem(self, event: Loss, rule: str, message: str, made: str) -> Problem:
        name, kinds = _WRITTEN[made]
        written = the_one(self.world, (name,), kinds, event.place)
        message = f"{_called(event)} {message}"
        # Where a class is wrong for an example, others still teach it.
        level = Level.ADVICE if (event.name, made) == ("cross_entropy", "Relu") else None
        related = () if written is None else ((event.place, "the loss that it reaches"),)
        return Problem(rule, message, written or event.place, related, level)

    def _one_column(self, event: Loss) -> None:
        if event.name != "cross_entropy" or self._columns.get(event.place, 0) < 0:
            return
        shape = event.input.shape
        if len(shape) == 2 and shape[0] > 1 and shape[1] == 1 and made_by(event.input) in _SCORES:
            self._columns[event.place] = self._columns.get(event.place, 0) + 1
        else:
            self._columns[event.place] = -1

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for place, count in self._columns.items():
            if count > 1:
                message = "the cross-entropy of a single output is 0 whatever comes in: nothing is learnt"
                yield Problem("softmax-over-one-unit", message, argument(place, 0, "input") or place)


def _normalised(scores: Tensor) -> bool:
    """Whether numbers may be log-probabilities over the classes: their exponentials sum to 1."""
    if scores.dim() == 0 or scores.numel() == 0:
        return True
    sums = torch.logsumexp(scores.detach().float(), 0 if scores.dim() == 1 else 1)
    return bool((sums.abs() < _CLOSE).all())


def _called(event: Loss) -> str:
    return f"`{event.name if event.module is None else type(event.module).__name__}`"
