"""The options of every parameter group of an optimizer, those too that torch checks only as constructor arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, StepStarts
from hplint.runtime.given import is_torchs_own, torch_name
from hplint.runtime.recorder import Record
from hplint.runtime.world import World

if TYPE_CHECKING:
    from hplint.runtime.options import Remark

_DIVIDE_BY_EPS = frozenset({"Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RMSprop"})
"""Optimizers for which a gradient of 0 is 0 / 0 where ``eps``, in the type of the parameter, is 0 (tried each)."""

_FUSED_IN_FLOAT32 = frozenset({"Adam", "AdamW"})
"""Optimizers whose fused kernel keeps ``eps`` in float32 whatever the type of the parameters (tried)."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Some of the parameter groups of an optimizer, by number, for a message."""

    numbers: tuple[int, ...]
    groups: int

    def __str__(self) -> str:
        if self.groups == 1:
            return ""
        if len(self.numbers) == self.groups:
            return f" in all {self.groups} parameter groups"
        if len(self.numbers) == 1:
            return f" in parameter group {self.numbers[0]}"
        return f" in parameter groups {', '.join(map(str, self.numbers[:-1]))} and {self.numbers[-1]}"


class GroupValues(Check):
    """Judges the options of an optimizer as they are at its first step, or at the end where it makes none."""

    rules = (
        "betas-invalid",
        "eps-rounds-to-zero",
        "lr-implausible",
        "momentum-out-of-range",
        "param-group-unknown-key",
        "unchecked-group-value",
        "weight-decay-implausible",
    )

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._judged: set[Record[Optimizer]] = set()

    @on(StepStarts)
    def first_step(self, event: StepStarts) -> Iterator[Problem]:
        if event.record not in self._judged:
            yield from self._problems(event.record, event.optimizer)

    @on(Finish)
    def never_stepped(self, event: Finish) -> Iterator[Problem]:
        for record, optimizer in self.world.optimizers.alive():
            if record not in self._judged:
                yield from self._problems(record, optimizer)

    def _problems(self, record: Record[Optimizer], optimizer: Optimizer) -> Iterator[Problem]:
        self._judged.add(record)
        for problem in optimizer_problems(optimizer, self._options_of_wrappers(optimizer)):
            yield replace(problem, at=record)

    def _options_of_wrappers(self, optimizer: Optimizer) -> frozenset[str]:
        """The options of other optimizers that have the same groups, as a wrapper for sharpness-aware steps has."""
        groups = set(map(id, optimizer.param_groups))
        return frozenset(
            key
            for _, other in self.world.optimizers.alive()
            if other is not optimizer and any(id(group) in groups for group in other.param_groups)
            for key in other.defaults
        )


def optimizer_problems(optimizer: Optimizer, known: frozenset[str]) -> Iterator[Problem]:
    """One problem for each remark, however many groups it holds for. ``known``: keys that somebody else reads."""
    places: dict[Remark, list[int]] = {}
    for number, group in enumerate(optimizer.param_groups):
        for remark in _remarks(optimizer, group):
            if remark.rule != "param-group-unknown-key" or known.isdisjoint(remark.options):
                places.setdefault(remark, []).append(number)
    for remark, numbers in places.items():
        where = _Place(tuple(numbers), len(optimizer.param_groups))
        message = f"{remark.subject}{where}{remark.consequence}"
        yield Problem(remark.rule, message, level=remark.level, hyperparameter=remark.hyperparameter)


def _remarks(optimizer: Optimizer, group: Mapping[str, object]) -> Iterator[Remark]:
    # Signatures are read when the first optimizer is judged, not when a program starts.
    from hplint.runtime.options import option_remarks, refused_options, unknown_options

    name = torch_name(optimizer)
    options = {key: _plain(value) for key, value in group.items() if key != "params"}
    refused = list(refused_options(name, options))
    yield from refused
    # What torch itself calls invalid needs no second opinion.
    silent = {option for remark in refused for option in remark.options}
    others = (*option_remarks(name, options), *_eps_remarks(name, options, group))
    yield from (remark for remark in others if silent.isdisjoint(remark.options))
    if is_torchs_own(optimizer):
        yield from unknown_options(name, options, optimizer.defaults)


def _plain(value: object) -> object:
    """A value as Python has it; tensors with one element are options too."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        return value.detach().cpu().item()
    if isinstance(value, (tuple, list)):
        return tuple(_plain(each) for each in value)
    return value


def _eps_remarks(name: str, options: Mapping[str, object], group: Mapping[str, object]) -> Iterator[Remark]:
    """``eps`` keeps a weight whose gradients were all 0 from becoming 0 / 0; that it does only while it is not 0."""
    from hplint.runtime.options import Remark

    eps, params = options.get("eps"), group["params"]
    if name not in _DIVIDE_BY_EPS or not isinstance(eps, (int, float)):
        return
    fused = bool(options.get("fused")) and name in _FUSED_IN_FLOAT32
    assert isinstance(params, list)
    kinds = {torch.float32 if fused else param.dtype for param in params if param.dtype.is_floating_point}
    vanished = sorted(str(kind) for kind in kinds if torch.tensor(eps, dtype=kind).item() == 0.0)
    if vanished:
        rounded = "" if eps == 0 else f", which {vanished[0]} rounds to 0"
        consequence = f"{rounded}: a weight whose gradient is 0 becomes NaN"
        yield Remark("eps-rounds-to-zero", ("eps",), f"`eps` is {eps!r}", consequence)
