"""Weight decay on the scales of norms, embeddings and biases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from torch import nn
from torch.nn import Module
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, StepStarts
from hplint.runtime.given import torch_name
from hplint.runtime.recorder import Record
from hplint.runtime.world import World
from hplint.thresholds import SHOWING_DECAY

_NORMS = ("LayerNorm", "RMSNorm", "GroupNorm")
"""Not batch norms: recipes for ResNets decay them with good results."""
_SPARED = ("norm", "embedding", "bias")
_SEVERAL = {"norm": "norms", "embedding": "embeddings", "bias": "biases", "matrix": "matrices"}


class DecayedNorms(Check):
    """One finding for an optimizer whose decay takes in matrices and what is better spared, by group."""

    rules = ("decay-on-norm-and-bias",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._judged: set[Record[Optimizer]] = set()

    @on(StepStarts)
    def first_step(self, event: StepStarts) -> Iterator[Problem]:
        if event.record not in self._judged:
            yield from self._judge(event.record, event.optimizer)

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, optimizer in self.world.optimizers.alive() if self.world.once else ():
            yield from self._judge(record, optimizer)

    def _judge(self, record: Record[Optimizer], optimizer: Optimizer) -> Iterator[Problem]:
        self._judged.add(record)
        if torch_name(optimizer) != "AdamW":
            return
        kinds = {id(each): kind for model in self.world.models() for each, kind in _kinds(model)}
        groups = []
        for number, group in enumerate(optimizer.param_groups):
            decay = group["weight_decay"]
            if not isinstance(decay, (int, float)) or decay < SHOWING_DECAY:
                continue
            counts = Counter(kinds.get(id(each), "other") for each in group["params"] if each.requires_grad)
            spared = {kind: counts[kind] for kind in _SPARED if counts[kind]}
            if counts["matrix"] and not spared.keys() <= {"bias"}:
                told = " and ".join(_told(kind, many) for kind, many in spared.items())
                where = f" of parameter group {number}" if len(optimizer.param_groups) > 1 else ""
                matrices = _told("matrix", counts["matrix"])
                groups.append(f"`weight_decay` {decay:g}{where} decays {told} as it does {matrices}")
        if groups:
            message = f"{'; '.join(groups)}: give those with `p.ndim < 2` a group of their own, with `weight_decay` 0.0"
            yield Problem("decay-on-norm-and-bias", message, record)


def _told(kind: str, number: int) -> str:
    return f"{number} {kind if number == 1 else _SEVERAL[kind]}"


def _kinds(model: Module) -> Iterator[tuple[nn.Parameter, str]]:
    for part in model.modules():
        name = type(part).__name__
        for own, parameter in part.named_parameters(recurse=False):
            if any(norm in name for norm in _NORMS):
                yield parameter, "norm"
            elif isinstance(part, nn.Embedding):
                yield parameter, "embedding"
            elif not is_lazy(parameter):
                yield parameter, "matrix" if parameter.ndim >= 2 else "bias" if "bias" in own else "other"
