"""What one call or assignment does to the mode of a model: training or evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

from hplint.facts import torch_roles as roles
from hplint.facts.constructed import unwrapped
from hplint.facts.definitions import class_of
from hplint.facts.effects import Effect, Effects
from hplint.facts.events import Event, EventKind, Role
from hplint.facts.receivers import Receivers, role_by_name, words
from hplint.facts.summaries import Summaries
from hplint.facts.syntax import Assign, Attribute, AugAssign, Call, ClassDef, Expr, FunctionDef, Literal, Name
from hplint.facts.tree import last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_BACKWARD = ("backward", "manual_backward")
_PRETRAINED = regex(r"torchvision\.models\.(\w+\.)*[a-z]\w*|timm\.create_model|timm\.models\.create_model")
"""Functions that give a model in training mode."""
_LEAVES_THE_MODE = regex(
    r"save|log|print|count|num|params?|parameters|watch|prepare|summary|copy|deepcopy|isinstance|wrap|ema|len|optim\w*|"
    r"compile|type|id|hasattr|getattr|setattr|load|register|init\w*|device|parallel|model|freeze|unfreeze|ddp|fsdp"
)
"""Words in the names of functions that are given a model and do not switch its mode."""


@lru_cache(maxsize=1)
def modes_of(file: File) -> Summaries:
    """What happens to the modes of models in the file that is being checked, which several facts ask for."""
    return Summaries(file, ModeEffects)


class ModeEffects(Effects):
    """Tells which calls switch the mode of a model, call it, or may do so unseen."""

    WORDS: ClassVar[tuple[str, ...]] = (".eval(", ".train(", "backward", "no_grad", "inference_mode")

    def __init__(self, file: File, receivers: Receivers) -> None:
        super().__init__(file, receivers)
        self._named: dict[str, bool] = {}

    def stores(self) -> Iterator[Assign | AugAssign]:
        for statement in self._file.all(Assign):
            for target in statement.targets:
                if isinstance(target, Name | Attribute) and self._concerns(target, statement):
                    yield statement
                    break

    def of_store(self, target: Expr, statement: Assign | AugAssign) -> Effect | None:
        """A new model is in training mode, whatever else is assigned to its name is in some mode."""
        if not isinstance(statement, Assign) or not self._concerns(target, statement):
            return None
        if isinstance(target, Attribute) and target.attr == "training":
            return self._mode(EventKind.UNKNOWN, target.value, statement)
        value = statement.value
        name = self._receivers.text(target)
        if value is None or not isinstance(value, Call) or self._receivers.text(value) == name:
            return None
        if any(self._receivers.text(arg.value) == name for arg in value.args) and self._keeps_the_mode(value):
            return None
        switched = isinstance(value.func, Attribute) and value.func.attr == "eval"
        new = not switched and (self.makes_model(value) or self._imports_model(value))
        return self._mode(
            EventKind.EVAL if switched else EventKind.TRAIN if new else EventKind.UNKNOWN, target, statement
        )

    def acting(self, calls: Mapping[str, Sequence[Call]]) -> Iterator[Call]:
        for name, same in calls.items():
            if name in ("eval", "train", "forward", "apply", *_BACKWARD) or self.names_model(name):
                yield from same
            else:
                yield from (call for call in same if call.args and self._handed(call))

    def of_call(self, call: Call) -> Effect | None:
        func = call.func
        if isinstance(func, Attribute):
            if func.attr in _BACKWARD:
                return Effect(Event(EventKind.BACKWARD, None, call))
            if func.attr == "eval":
                return None if call.args else self._mode(EventKind.EVAL, func.value, call)
            if func.attr == "train":
                return self._mode(self._of_train(call), func.value, call)
            if func.attr == "apply" and not re.search(r"init|weight|reset", _given(call)):
                return self._mode(EventKind.UNKNOWN, func.value, call)
        model = self.called_model(call)
        if model is not None:
            return self._mode(EventKind.FORWARD, model, call)
        handed = self._handed(call)
        return None if handed is None else self._mode(EventKind.UNKNOWN, handed, call)

    def called_model(self, call: Call) -> Expr | None:
        """The model that a call runs."""
        func = call.func
        if isinstance(func, Attribute) and func.attr == "forward":
            func = func.value
        if not isinstance(func, Name | Attribute) or not self.names_model(last_name(func)):
            return None
        called = isinstance(self._file.definition(func), FunctionDef | ClassDef)
        return None if called or self._is_class(func) or self._receivers.role(func) not in (Role.MODULE, None) else func

    def _is_class(self, func: Expr) -> bool:
        """Whether this is a class that a module brings, `torch.Generator`, or any object of a library."""
        name = self._file.qualified(func) or ""
        return name.startswith(("torch.", "builtins.", "numpy.")) or ("." in name and last_name(func)[:1].isupper())

    def makes_model(self, value: Expr) -> bool:
        """Whether an expression constructs a model, which is then in training mode."""
        call = unwrapped(value)
        if not isinstance(call, Call):
            return False
        name = self._file.qualified(call.func) or ""
        if _PRETRAINED.fullmatch(name):
            return True
        if name.startswith("torch.nn."):
            return name.rpartition(".")[2] in roles.PARAMETRIC | roles.MODULE_CONTAINERS
        own = self._file.definition(call.func)
        return isinstance(own, ClassDef) and any(module.node is own for module in self._file.modules)

    def _imports_model(self, value: Expr) -> bool:
        """Whether an expression constructs a model whose class stands in another module of the project."""
        call = unwrapped(value)
        found = class_of(self._file, call.func) if isinstance(call, Call) else None
        return found is not None and any(module.node is found[1] for module in found[0].modules)

    @cached_property
    def _models(self) -> frozenset[str]:
        """The last parts of the names that are assigned a new model."""
        stores = [each for each in self._file.every(Assign) if isinstance(each.value, Call)]
        made = (each.targets for each in stores if each.value is not None and self.makes_model(each.value))
        return frozenset(last_name(target) for targets in made for target in targets)

    def names_model(self, name: str) -> bool:
        """Whether this is what a model is called: it is assigned one, or its words say so."""
        known = self._named.get(name)
        if known is None:
            spoken = role_by_name(name) is Role.MODULE and not name.endswith("s")
            known = self._named[name] = spoken or name in self._models
        return known

    def _concerns(self, target: Expr, statement: Assign) -> bool:
        if isinstance(target, Attribute) and target.attr == "training":
            return True
        return (
            isinstance(target, Name | Attribute)
            and isinstance(statement.value, Call)
            and (self.names_model(last_name(target)))
        )

    def _of_train(self, call: Call) -> EventKind:
        assert isinstance(call.func, Attribute)
        if self._receivers.role(call.func.value) is Role.OTHER:
            return EventKind.UNKNOWN
        if not call.args:
            return EventKind.TRAIN
        mode = self._file.value(call.args[0].value).single if len(call.args) == 1 else None
        if mode is None or not isinstance(mode.constant, bool):
            return EventKind.UNKNOWN
        return EventKind.TRAIN if mode.constant else EventKind.EVAL

    def _handed(self, call: Call) -> Expr | None:
        """The model that is given to a call which may switch its mode."""
        for arg in call.args:
            given = arg.value
            if isinstance(given, Name | Attribute) and self.names_model(last_name(given)):
                return None if self._keeps_the_mode(call) else given
        return None

    def _keeps_the_mode(self, call: Call) -> bool:
        name = self._file.qualified(call.func) or ""
        if name.startswith(("torch.", "builtins.", "copy.")):
            return True
        return any(_LEAVES_THE_MODE.fullmatch(word) for word in words(last_name(call.func)))

    def _mode(self, kind: EventKind, model: Expr, node: Call | Assign) -> Effect:
        return Effect(Event(kind, self._receivers.text(model), node, role=Role.MODULE))


def _given(call: Call) -> str:
    """The name of the function that ``apply`` is given."""
    first = call.args[0].value if call.args else Literal(call.start, call.end, None)
    return last_name(first)
