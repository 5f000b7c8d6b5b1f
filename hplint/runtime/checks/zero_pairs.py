"""Two matrices of 0 one behind the other, as of an adapter: neither ever gets a gradient."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor
from torch.nn import Module

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import StepStarts
from hplint.runtime.samples import any_set, readable, sample
from hplint.runtime.world import parameters_of

_STEPS = 3
"""Steps after which a single matrix that started at 0 has moved."""
_INNER = frozenset({"weight", "default"})
"""What the names of adapters end with, below the name of the matrix."""


class ZeroPairs(Check):
    """Two matrices of one owner, of sizes that fit, stay 0 over some steps, with gradients of 0; others learn."""

    rules = ("adapter-starts-at-zero",)

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Problem]:
        if event.record.steps != _STEPS or event.closure:
            return
        held = {id(each) for each in parameters_of(event.optimizer)}
        learns = False
        stuck: list[tuple[Module, str, Tensor]] = []
        for model in self.world.models():
            for name, parameter in model.named_parameters():
                if id(parameter) in held and parameter.grad is not None:
                    if parameter.ndim >= 2 and _is_zero(parameter) and not any_set([parameter.grad]):
                        stuck.append((model, name, parameter))
                    elif not learns:
                        learns = any_set([parameter.grad])
        owners: dict[tuple[int, str], list[tuple[Module, str, Tensor]]] = {}
        for each in stuck if learns else ():
            owners.setdefault((id(each[0]), ".".join(_path(each[1])[:-1])), []).append(each)
        for (model, first, one), (_, second, other), *more in (found for found in owners.values() if len(found) > 1):
            if not more and (one.shape[0] == other.shape[1] or one.shape[1] == other.shape[0]):
                yield self._problem(model, first, second)

    def _problem(self, model: Module, first: str, second: str) -> Problem:
        owner = model.get_submodule(".".join(_path(first)[:-1]))
        place = self.world.place_of(model.get_submodule(first.rpartition(".")[0])) or self.world.place_of(owner)
        message = (
            f"`{first}` and `{second}` are both 0 after {_STEPS} steps, and so are their gradients: each is multiplied "
            "by the other, so neither ever learns. One of the two must start at random numbers"
        )
        return Problem("adapter-starts-at-zero", message, place)


def _path(name: str) -> list[str]:
    parts = name.split(".")
    while len(parts) > 1 and parts[-1] in _INNER:
        parts.pop()
    return parts


def _is_zero(tensor: Tensor) -> bool:
    return readable(tensor) and tensor.numel() > 0 and not bool(sample(tensor).any()) and not any_set([tensor])
