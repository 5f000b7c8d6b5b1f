"""Layers whose activation function lets nothing through any more, and models that say the same of every sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import BackwardStarts, Finish, Forward
from hplint.runtime.graph import VIEWS, Activation, activations
from hplint.runtime.places import Place
from hplint.runtime.samples import readable, sample
from hplint.runtime.world import World

_LOOKS = frozenset({4, 5, 8, 9, 12, 13, 16, 17})
"""Backward passes whose graphs are looked through: in pairs, for programs in which two models take turns."""
_STEPS = range(4, 20)
"""Steps between which outputs are compared: a last layer that starts at 0 has moved by the first of them."""
_SURE = 3
"""Times that it must be seen, and nothing else."""
_UNITS = 4
_SAMPLES = 4
_FLAT = 1e-3
"""A derivative of a sigmoid or a tanh below this is none: it is 0.25 and 1 in the middle."""
_SAME = 1e-6


class DeadLayers(Check):
    """A layer all of whose units are at 0 behind a ReLU, or at the flat ends of a sigmoid or tanh, for all samples."""

    rules = ("dead-layer", "output-ignores-input")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._backwards = 0
        self._dead: Counter[tuple[int, str]] = Counter()
        self._alive: set[tuple[int, str]] = set()
        self._layers: dict[tuple[int, str], tuple[int, str, Place | None]] = {}
        """Dead layers that are certain: their models, names, and where they were built."""
        self._same: dict[int, tuple[int, str, Place | None, int]] = {}
        """Models that gave the same for all samples: the outermost ones, their classes, where they ran, how often."""
        self._differing: set[int] = set()

    @on(BackwardStarts)
    def differentiates(self, event: BackwardStarts) -> Iterator[Problem]:
        self._backwards += 1
        if self._backwards in _LOOKS:
            self._look(event.tensors)
        yield from ()

    def _look(self, tensors: Iterable[Tensor]) -> None:
        stopped = [(each.weight, each.function, _stopped(each)) for each in activations(tensors)]
        self._alive.update((id(weight), function) for weight, function, dead in stopped if dead is False)
        for weight, function in {
            (id(weight), function): (weight, function) for weight, function, _ in stopped
        }.values():
            key = id(weight), function
            if key not in self._alive and all(dead for each, _, dead in stopped if each is weight):
                self._dead[key] += 1
                if self._dead[key] == _SURE and (known := self.world.parameters().get(id(weight))) is not None:
                    name = known.name.rpartition(".")[0]
                    self._layers[key] = id(known.model), name, self.world.place_of(known.model.get_submodule(name))

    @on(Forward)
    def ran(self, event: Forward) -> Iterator[Problem]:
        module = event.module
        number = id(module)
        if event.step in _STEPS and event.training and event.grad_enabled and number not in self._differing:
            given, output = event.args[0] if event.args else None, event.output
            if isinstance(given, Tensor) and isinstance(output, Tensor) and _are_samples(given, output):
                if _all_same(given) or not _all_same(output):
                    self._differing.add(number)
                else:
                    times = self._same[number][-1] + 1 if number in self._same else 1
                    self._same[number] = id(self.world.root_of(module)), type(module).__name__, event.place, times
        yield from ()

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        certain = {key: found for key, found in self._layers.items() if key not in self._alive}
        for key, (_, name, place) in certain.items():
            function = key[1]
            what = "is 0" if function == "ReLU" else "is at one of the flat ends"
            message = (
                f"behind its {function}, every unit of `{name or 'the model'}` {what} for every sample of "
                f"{self._dead[key]} batches: nothing gets through it, and neither it nor what is before it learns"
            )
            yield Problem("dead-layer", message, place)
        blocked = {model for model, _, _ in certain.values()}
        for number, (model, kind, place, times) in self._same.items():
            if times >= _SURE and number not in self._differing and model not in blocked:
                message = (
                    f"`{kind}` gives the same output for all samples of a batch, in {times} batches after the first "
                    "steps: what it is given has no effect on it"
                )
                yield Problem("output-ignores-input", message, place)


def _stopped(each: Activation) -> bool | None:
    """Whether nothing gets through, for any unit and sample; None where there are too few to tell, or no numbers."""
    with suppress(RuntimeError):  # It was changed in place since, and backward is about to say so.
        result = each.result()
        if not readable(result) or result.dim() < 2 or len(each.weight) < _UNITS:
            return None
        if len(result) < _SAMPLES and result.numel() < _SAMPLES * len(each.weight):
            return None
        flat = _FLAT_WHERE[each.function]
        return flat(sample(result)) and flat(result)
    return None


def _zero(values: Tensor) -> bool:
    return not bool(values.any())


def _tanh_flat(values: Tensor) -> bool:
    return bool((1 - values.float().abs().min() ** 2) < _FLAT)


def _sigmoid_flat(values: Tensor) -> bool:
    return bool((0.5 - (values.float() - 0.5).abs().min()) < _FLAT)


_FLAT_WHERE: dict[str, Callable[[Tensor], bool]] = {"ReLU": _zero, "tanh": _tanh_flat, "sigmoid": _sigmoid_flat}


def _are_samples(given: Tensor, output: Tensor) -> bool:
    """Whether rows of both stand for samples, and the output is exact enough to tell them apart."""
    return (
        output.requires_grad
        and output.dtype in (torch.float32, torch.float64)
        and given.dim() >= 1
        and output.dim() >= 2
        and len(given) == len(output) >= _SAMPLES
        and output.numel() > 0
        and given.numel() > 0
        and readable(given)
        and readable(output)
        and (output[0].numel() > 1 or _is_plain(output))
    )


def _is_plain(output: Tensor) -> bool:
    """Whether a single output comes straight from a layer: a discriminator's sigmoid may be 1 for every sample."""
    node: Any = output.grad_fn
    while node is not None and (name := node.name().partition("Backward")[0]) in VIEWS:
        node = node.next_functions[0][0]
    return node is not None and name in ("Addmm", "Mm")


def _all_same(tensor: Tensor) -> bool:
    """Whether the rows of a tensor are the same."""
    rows = tensor.detach()
    if not rows.is_floating_point():
        return bool((rows == rows[:1]).all())
    if not bool(rows[0].sub(rows[-1]).abs().max() <= _SAME * rows[0].abs().max()):
        return False
    return bool((rows - rows[:1]).abs().max() <= _SAME * rows.abs().max())
