"""What of a model behaves in another way in evaluation than in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts import torch_roles as roles
from hplint.facts.constructed import module_class, project_module, torch_module, unwrapped
from hplint.facts.definitions import class_of
from hplint.facts.models import ModuleClass
from hplint.facts.syntax import Attribute, Call, FunctionDef
from hplint.facts.tree import argument, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_PRETRAINED = regex(
    r"torchvision\.models\.(\w+\.)*(resnet|resnext|wide_resnet|vgg|alexnet|densenet|mobilenet|googlenet|inception|"
    r"squeezenet|shufflenet|mnasnet|efficientnet|regnet|convnext|swin|fcn_|deeplab|lraspp)\w*"
)
"""Functions of torchvision whose models hold dropout, batch normalisation or stochastic depth."""
_BASES = 10
"""Classes that derive from each other."""
_TRANSFORMERS = frozenset({"Transformer", "TransformerEncoderLayer", "TransformerDecoderLayer"})


def switched_layers(file: File, made: Call, seen: frozenset[int] = frozenset()) -> tuple[str, ...] | None:
    """The layers of a model that a call constructs which training mode switches on; None when not all is in view."""
    call = unwrapped(made)
    if not isinstance(call, Call) or call.start in seen:
        return None
    name = file.qualified(call.func) or ""
    if _PRETRAINED.fullmatch(name):
        return (name.rpartition(".")[2],)
    kind = torch_module(file, call)
    if kind is not None:
        return _of_layers(file, [part for part in walk(call) if isinstance(part, Call)], seen)
    module = module_class(file, call) or project_module(file, call)
    return None if module is None else _of_module(module, seen | {call.start})


def calls_its_own_way(file: File, made: Call) -> bool:
    """Whether a call constructs a class of the project with a ``__call__`` of its own, which may switch the mode."""
    call = unwrapped(made)
    first = class_of(file, call.func) if isinstance(call, Call) else None
    pending = [] if first is None else [first]
    for home, definition in pending:
        if any(isinstance(each, FunctionDef) and each.name == "__call__" for each in definition.body):
            return True
        for base in definition.bases if len(pending) <= _BASES else ():
            above = None if base.keyword is not None else class_of(home, base.value)
            if above is not None and all(above[1] is not known for _, known in pending):
                pending.append(above)
    return False


def _of_module(module: ModuleClass, seen: frozenset[int]) -> tuple[str, ...] | None:
    file = module.file
    found = _of_layers(file, [layer.call.node for layer in module.layers], seen)
    if found:
        return found
    for use in module.uses:
        if use.attr == "training":
            return ("self.training",)
    calls = (part for method in module.reached_from("__init__") for part in walk(method) if isinstance(part, Call))
    whole = module.known and not module.dynamic and all(_in_view(file, call) for call in calls)
    return found if whole else None


def _in_view(file: File, call: Call) -> bool:
    """Whether a call in a constructor is of something known: a layer of torch, a class of this file, a function."""
    if torch_module(file, call) is not None or module_class(file, call) is not None:
        return True
    name = file.qualified(call.func)
    if name is None:
        return isinstance(call.func, Attribute)
    return name.startswith(("builtins.", "math.", "numpy.", "collections.", "torch.")) and not name.startswith(
        "torch.hub."
    )


def _of_layers(file: File, calls: list[Call], seen: frozenset[int]) -> tuple[str, ...] | None:
    """The switched ones of some constructed layers; None when there are none so far and some are not known."""
    unknown = False
    for call in calls:
        kind = torch_module(file, call)
        if kind is None:
            inner = switched_layers(file, call, seen)
            if inner:
                return inner
            unknown = unknown or inner is None
        elif kind in roles.DROPOUT:
            if not _is_zero(file, call, 0, "p", 0.5):
                return (file.source(call.func),)
        elif kind in roles.BATCH_NORMS or kind == "RReLU":
            return (file.source(call.func),)
        elif kind in _TRANSFORMERS:
            if argument(call, 99, "dropout") is None and len(call.args) < 4:
                return (f"{file.source(call.func)} (dropout 0.1)",)
            unknown = unknown or not _is_zero(file, call, 99, "dropout", 0.1)
        elif kind in roles.RECURRENT or kind == "MultiheadAttention":
            unknown = unknown or not _is_zero(file, call, 99, "dropout", 0.0)
        elif kind in roles.INSTANCE_NORMS:
            unknown = unknown or argument(call, 99, "track_running_stats") is not None
    return None if unknown else ()


def _is_zero(file: File, call: Call, position: int, keyword: str, default: float) -> bool:
    """Whether a rate is certainly 0."""
    given = argument(call, position, keyword)
    if given is None:
        return default == 0 and not any(arg.star for arg in call.args)
    known = file.value(given.value).single
    return known is not None and known.constant == 0
