"""Parameters that an optimizer holds and that no loss reaches."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from hplint.model import Level
from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish, StepStarts
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.world import World, parameters_of

_STEPS = 3


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer without gradients."""

    place: Place | None
    kind: str
    name: str
    named: bool
    """Whether its owner has its name in some method."""
    numbers: frozenset[int]


class Unused(Check):
    """Layers that have had no gradient at any step. A warning where their class never names them, else advice."""

    rules = ("layer-defined-but-unused",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._without: dict[Record[Optimizer], dict[int, weakref.ref[Tensor]]] = {}
        """Parameters that had no gradient at any step of their optimizer so far."""
        self._layers: dict[Record[Optimizer], list[_Layer]] = {}

    @on(StepStarts)
    def steps(self, event: StepStarts) -> Iterator[Problem]:
        record = event.record
        if event.closure or self._without.get(record) == {}:
            return
        known = self._without.get(record)
        if known is None:
            parameters = [each for each in parameters_of(event.optimizer) if each.requires_grad]
            if all(each.grad is None for each in parameters):
                return
            known = {id(each): weakref.ref(each) for each in parameters}
        left = {key: ref for key, ref in known.items() if (each := ref()) is not None and each.grad is None}
        self._without[record] = left
        if left and record.steps + 1 == _STEPS:
            self._layers[record] = [each for model in self.world.models() for each in self._inside(model, "", left)]
        yield from ()

    def _inside(self, module: Module, path: str, left: Collection[int]) -> Iterator[_Layer]:
        """The outermost layers none of whose parameters has had a gradient."""
        for name, part in module.named_children():
            full = f"{path}.{name}" if path else name
            numbers = frozenset(map(id, part.parameters()))
            if numbers and all(number in left for number in numbers):
                named = _names(module, name)
                yield _Layer(self.world.place_of(part), type(part).__name__, full, named, numbers)
            elif any(number in left for number in numbers):
                yield from self._inside(part, full, left)

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        for record, layers in self._layers.items():
            for layer in layers:
                if layer.numbers <= self._without[record].keys():
                    message = (
                        f"`{layer.name}`, a `{layer.kind}`, is in `{record.kind}` and no loss reaches it: it has "
                        f"had no gradient in {record.steps} steps"
                    )
                    level = Level.ADVICE if layer.named else Level.WARNING
                    related = ((record, "the optimizer"),)
                    yield Problem("layer-defined-but-unused", message, layer.place, related, level)


def _names(owner: Module, name: str) -> bool:
    """Whether the class of a module may use one of its parts: some method but the constructor has its name."""
    kinds = [kind for kind in type(owner).__mro__ if not kind.__module__.startswith(("torch.", "builtins"))]
    if not kinds or not name.isidentifier():
        return True
    values = [value for kind in kinds for key, value in vars(kind).items() if key != "__init__"]
    functions = [getattr(each, "fget", getattr(each, "__func__", each)) for each in values]
    return any(isinstance(each, FunctionType) and _mentions(each.__code__, name) for each in functions)


def _mentions(code: CodeType, name: str) -> bool:
    """Whether a function has a name, or walks over parts by other names than their own."""
    walks = {"children", "modules", "named_children", "named_modules", "getattr", "_modules", "__dict__", "vars"}
    if name in code.co_names or name in code.co_consts or not walks.isdisjoint(code.co_names):
        return True
    return any(isinstance(each, CodeType) and _mentions(each, name) for each in code.co_consts)
