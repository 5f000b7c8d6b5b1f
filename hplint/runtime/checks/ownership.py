"""Parameters that take gradients and that no optimizer will change."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from hplint.model import Level
from hplint.runtime.checking import Check, Problem, Where, on
from hplint.runtime.events import BackwardEnds, Finish, StepEnds, StepStarts
from hplint.runtime.graph import leaves
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record, WeakIds
from hplint.runtime.samples import readable
from hplint.runtime.world import NamedParameter, World, parameters_of

_LOOKS = 3
"""Steps of each optimizer at which the models are looked through."""
_WALKS = 6
"""Graphs that are looked through for models without an optimizer."""
_SAMPLE = 64
"""Values of a parameter that tell whether something changes it."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A parameter with a gradient that is in no optimizer."""

    name: str
    kind: str
    """The class of its model, or of the hidden module."""
    parameter: weakref.ref[Parameter]
    values: Tensor
    late: tuple[Place | None, int] | None
    """Where and when the part of the model that holds it was put there, if that was after its optimizer was built."""
    hidden: str
    """The attribute that hides its module from the model, empty if none does."""
    place: Place | None
    """Where its module was built."""
    model: int
    """The identity of its model, or of the hidden module."""
    known: bool
    """Whether an optimizer has any other parameter of its model, be it a frozen one."""
    total: int
    """How many trainable parameters its model has, of which ``held`` are in an optimizer."""
    held: int

    @property
    def changes(self) -> bool:
        """Whether the program changes it without an optimizer."""
        parameter = self.parameter()
        if parameter is None or not readable(parameter):
            return False  # Nobody knows of one without numbers: a step by hand is the exception.
        return not torch.equal(_sample(parameter), self.values)


class Ownership(Check):
    """Looks at the first steps and judges at the end, when all optimizers are there."""

    rules = ("trainable-params-not-in-optimizer", "modules-in-plain-container")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._suspects: dict[int, _Suspect] = {}
        self._strangers: dict[Record[Optimizer], int] = {}
        """How many parameters of an optimizer are in no model that ran."""
        self._owned: WeakIds[None] = WeakIds()
        """Parameters that an optimizer has trained, which may be gone by now."""
        self._together: set[int] = set()
        """Models without an optimizer that a backward has reached together with parameters that are in one."""
        self._walks = 0

    @on(BackwardEnds)
    def reached(self, event: BackwardEnds) -> Iterator[Problem]:
        alone = {number: each.model for number, each in self._suspects.items() if not each.known and not each.hidden}
        if self._walks < _WALKS and not self._together.issuperset(alone.values()):
            self._walks += 1
            found = leaves(event.tensors) or {}
            if any(each in self._owned for each in found.values()):
                self._together.update(model for number, model in alone.items() if number in found)
        yield from ()

    @on(StepEnds)
    def look(self, event: StepEnds) -> Iterator[Problem]:
        if event.record.steps <= _LOOKS:
            self._look(event.record, event.optimizer)
        yield from ()

    def _look(self, record: Record[Optimizer], optimizer: Optimizer) -> None:
        for each in parameters_of(optimizer):
            self._owned[each] = None
        held = self.world.held()
        for number, suspect in tuple(self._suspects.items()):
            if number in held or suspect.changes:
                del self._suspects[number]
        named = self.world.parameters()
        if record.steps == 1:
            self._strangers[record] = sum(id(each) not in named for each in parameters_of(optimizer))
        for found in self._unheld(named, held):
            self._suspects.setdefault(id(found.parameter()), found)

    def _unheld(self, named: dict[int, NamedParameter], held: dict[int, Record[Optimizer]]) -> Iterator[_Suspect]:
        trainable: dict[int, list[NamedParameter]] = {}
        for each in named.values():
            if each.parameter.requires_grad:
                trainable.setdefault(id(each.model), []).append(each)
        known = {id(each.model) for number, each in named.items() if number in held}
        for parameters in trainable.values():
            mine = [held[id(each.parameter)] for each in parameters if id(each.parameter) in held]
            built = max((record.moment for record in mine), default=self._first_moment())
            for each in parameters:
                parameter = each.parameter
                if parameter.grad is not None and id(parameter) not in held and parameter not in self._owned:
                    late = self._late(each, built)
                    yield self._suspect(each, late, "", None, id(each.model) in known, len(parameters), len(mine))
        for model in {id(each.model): each.model for each in named.values()}.values():
            yield from self._hidden(model, named, held)

    def _first_moment(self) -> int:
        return min((record.moment for record in self.world.optimizers), default=0)

    def _suspect(
        self,
        each: NamedParameter,
        late: tuple[Place | None, int] | None,
        hidden: str,
        place: Place | None,
        known: bool,
        *counts: int,
    ) -> _Suspect:
        kind = type(each.model).__name__
        values = _sample(each.parameter).clone()
        parameter = weakref.ref(each.parameter)
        return _Suspect(each.name, kind, parameter, values, late, hidden, place, id(each.model), known, *counts)

    def _late(self, each: NamedParameter, built: int) -> tuple[Place | None, int] | None:
        """The first part on the way to a parameter that came into the model after a moment."""
        at: Module = each.model
        for name in each.name.split(".")[:-1]:
            part = at._modules.get(name)
            if part is None:
                return None
            registered = self.world.registered.get(part)
            if registered is not None and registered.moment > built:
                return registered.place, registered.moment
            at = part
        return None

    def _hidden(
        self, model: Module, named: dict[int, NamedParameter], held: dict[int, Record[Optimizer]]
    ) -> Iterator[_Suspect]:
        """Parameters of modules that a model keeps in a plain list or dictionary."""
        for path, owner in model.named_modules():
            for attribute, value in vars(owner).items():
                if attribute.startswith("_") or not isinstance(value, (list, tuple, dict)):
                    continue
                for module in _modules_in(value):
                    for name, parameter in module.named_parameters():
                        if parameter.grad is None or id(parameter) in held or id(parameter) in named:
                            continue
                        each = NamedParameter(module, name, parameter)
                        where = f"{path}.{attribute}" if path else attribute
                        yield self._suspect(each, None, where, self.world.place_of(module), False, 0, 0)

    @on(Finish)
    def judge(self, event: Finish) -> Iterator[Problem]:
        held = self.world.held()
        left = [each for number, each in self._suspects.items() if number not in held and not each.changes]
        hidden: dict[str, list[_Suspect]] = {}
        models: dict[int, list[_Suspect]] = {}
        for each in left:
            if each.hidden:
                hidden.setdefault(each.hidden, []).append(each)
            elif each.known or each.model in self._together or any(self._strangers.values()):
                models.setdefault(each.model, []).append(each)
        for attribute, suspects in hidden.items():
            yield self._in_container(attribute, suspects)
        for suspects in models.values():
            yield self._in_no_optimizer(suspects[0].kind, suspects)

    def _in_container(self, attribute: str, suspects: Sequence[_Suspect]) -> Problem:
        message = (
            f"PyTorch does not find the `{suspects[0].kind}` in `{attribute}`, a plain list or dictionary: "
            f"{_count(suspects)} with gradients, never changed, moved or saved"
        )
        return Problem("modules-in-plain-container", message, suspects[0].place)

    def _in_no_optimizer(self, kind: str, suspects: Sequence[_Suspect]) -> Problem:
        optimizer = self._optimizer()
        late = min((each.late for each in suspects if each.late is not None), key=lambda each: each[1], default=None)
        strangers = self._strangers.get(optimizer, 0) if optimizer is not None else 0
        first = suspects[0]
        message = (
            f"{len(suspects)} of {first.total} trainable parameters of `{kind}` take gradients, are in no optimizer "
            f"and never change: {_names(suspects)}"
        )
        if late is not None:
            return Problem(
                "trainable-params-not-in-optimizer",
                f"{message}. They came into the model here, after the optimizer had been given its parameters",
                late[0],
                ((optimizer, "the optimizer is constructed here"),),
            )
        level = Level.ERROR if strangers else Level.ADVICE if first.held else Level.WARNING
        if strangers:
            message += f" ({strangers} that it holds {'is' if strangers == 1 else 'are'} in no model that ran)"
        return Problem("trainable-params-not-in-optimizer", message, optimizer, level=level)

    def _optimizer(self) -> Record[Optimizer] | None:
        """The optimizer to speak of: one that holds strangers, else the last that was built."""
        stepped = [record for record in self.world.optimizers if record.steps]
        return max(stepped, key=lambda record: (self._strangers.get(record, 0) > 0, record.moment), default=None)


class AllFrozen(Check):
    """An optimizer none of whose parameters can get a gradient."""

    rules = ("empty-or-frozen-params",)

    @on(StepStarts)
    def first_step(self, event: StepStarts) -> Iterator[Problem]:
        if event.record.steps == 0:
            parameters = list(parameters_of(event.optimizer))
            if parameters and not any(
                parameter.requires_grad or parameter.grad is not None for parameter in parameters
            ):
                kind = event.record.kind
                message = (
                    f"all {len(parameters)} parameters of `{kind}` have `requires_grad=False`: no step changes one"
                )
                where: Where = event.record
                yield Problem("empty-or-frozen-params", message, where)


def _modules_in(value: Iterable[object]) -> Iterator[Module]:
    """The modules in a list or dictionary, one level of nesting included."""
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, Module):
            yield each
        elif isinstance(each, (list, tuple)):
            yield from (inner for inner in each if isinstance(inner, Module))


def _sample(parameter: Tensor) -> Tensor:
    return parameter.detach().reshape(-1)[:_SAMPLE]


def _count(suspects: Sequence[_Suspect]) -> str:
    return "1 parameter" if len(suspects) == 1 else f"{len(suspects)} parameters"


def _names(suspects: Sequence[_Suspect]) -> str:
    named = ", ".join(f"`{each.name}`" for each in suspects[:_NAMED])
    return f"{named} and {len(suspects) - _NAMED} more" if len(suspects) > _NAMED else named
