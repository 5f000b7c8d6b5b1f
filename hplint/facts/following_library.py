"""Follows calls of torch and of Python's own functions: layers made and applied, functions on tensors, losses."""

from __future__ import annotations

import re

from hplint.facts import torch_roles as roles
from hplint.facts.flow import (
    UNKNOWN,
    Built,
    Const,
    Content,
    Flow,
    Frame,
    Given,
    Instance,
    Items,
    Kind,
    LossUse,
    Ref,
    Step,
    Super,
    Unknown,
    parts,
    several,
)
from hplint.facts.following_memory import Memory
from hplint.facts.module_reader import is_torch_module
from hplint.facts.operations import LOSS_OF_FUNCTION, function_kind, words
from hplint.facts.syntax import Call, Constant, FunctionDef
from hplint.regex import regex

_WRAPPERS = words(
    "DataParallel DistributedDataParallel compile DDP FullyShardedDataParallel FSDP deepcopy script "
    "convert_sync_batchnorm weight_norm spectral_norm parametrize"
)
"""Functions and classes of other modules that give the model that they are given."""
_UNROLLED = 12
_NOT_FOLLOWED = (Unknown, Ref)
_MODELS = (Built, Instance, Step)
_TENSORS = (Step, Items)
_DATA = regex(
    r"(Data|Dataset|Loader|Transforms?|Tokenizer|Logger|Writer|Sampler|Meter|Config|Parser|Scheduler|Optimi[sz]er|"
    r"Timer|Callback|Evaluator|Metric|Error|Args|Arguments)s?$"
)
_MODEL = regex(r"model|net|build|create|loss|criteri|train|forward", re.IGNORECASE)


class Libraries(Memory):
    """What is not of the project."""

    def library(self, name: str, given: Given, call: Call, frame: Frame) -> Flow:
        short = name.rpartition(".")[2]
        if name.startswith("builtins."):
            return self._builtin(short, given, call, frame)
        if short in _WRAPPERS and given.positional:
            return given.positional[0]
        if is_torch_module(name):
            return self._built(short, given, call, frame)
        if name.startswith("torch.nn.functional.") and short in LOSS_OF_FUNCTION:
            self._loss(LOSS_OF_FUNCTION[short], given, call, frame, None)
            return UNKNOWN
        kind = function_kind(name)
        if kind is not None:
            return self.function(kind, tensors(given) or given.positional[:1], given, call, frame)
        if short in ("OrderedDict", "deque") and len(given.positional) == 1:
            return self._ordered(given.positional[0], call)
        found = self.project_name(name, frame) if _may_matter(short, given) else UNKNOWN
        if not isinstance(found, _NOT_FOLLOWED):
            return several([self.apply(each, given, call, frame) for each in parts(found)])
        self.escaped(given)
        return UNKNOWN

    def _ordered(self, flow: Flow, call: Call) -> Flow:
        """``OrderedDict([("fc1", layer), …])``."""
        content = self.content(flow)
        if isinstance(flow, Items) and flow.kind == "dict":
            return flow
        pairs = None if content is None else [self.content(each) for _, each in content]
        found: list[tuple[Constant, Flow]] | None = []
        for pair in pairs if pairs is not None else (None,):
            known = pair is not None and len(pair) == 2 and isinstance(pair[0][1], Const)
            if found is None or pair is None or not known or not isinstance(pair[0][1], Const):
                found = None
                break
            found.append((pair[0][1].value, pair[1][1]))
        return self.holding("dict", call, None if found is None else tuple(found))

    def _builtin(self, short: str, given: Given, call: Call, frame: Frame) -> Flow:
        first = given.positional[0] if given.positional else UNKNOWN
        match short:
            case "super":
                return self._super(given, frame)
            case "list" | "tuple":
                return self.items(short, call, self.iterated(first) if given.positional else ())
            case "reversed":
                found = self.iterated(first)
                return self.items("list", call, None if found is None else found[::-1])
            case "enumerate":
                found = self.iterated(first)
                pairs = [self.items("tuple", call, (Const(n), flow)) for n, flow in enumerate(found or ())]
                return self.items("list", call, None if found is None else pairs)
            case "zip":
                columns = [self.iterated(each) for each in given.positional]
                if any(column is None for column in columns) or not columns:
                    return UNKNOWN
                rows = zip(*[column or () for column in columns], strict=False)
                return self.items("list", call, [self.items("tuple", call, row) for row in rows])
            case "range":
                return self._range(given, call, frame)
            case "len":
                content = self.content(first)
                return UNKNOWN if content is None else Const(len(content))
            case "getattr" if isinstance(first, Instance) and len(given.positional) > 1:
                name = given.positional[1]
                known = isinstance(name, Const) and isinstance(name.value, str)
                return self.attribute(first, name.value, frame) if known else UNKNOWN  # type: ignore[arg-type,union-attr]
            case "setattr" if isinstance(first, Instance) and len(given.positional) > 2:
                self.set_attribute(first, given.positional[1], given.positional[2])
            case "dict" if not given.positional and given.complete:
                return self.holding("dict", call, tuple(given.keywords.items()))
        return UNKNOWN

    def _range(self, given: Given, call: Call, frame: Frame) -> Flow:
        """Counted out while layers are made; a loop over epochs is not."""
        function = frame.function.node if frame.function is not None else None
        bounds = [each.value for each in given.positional if isinstance(each, Const)]
        numbers = [each for each in bounds if isinstance(each, int)]
        known = len(numbers) == len(given.positional) and 0 < len(numbers) <= 3 and 0 not in numbers[2:]
        if not known or not isinstance(function, FunctionDef) or function.name != "__init__":
            return UNKNOWN
        counted = range(*numbers)
        return self.items("list", call, map(Const, counted)) if len(counted) <= _UNROLLED else UNKNOWN

    def _super(self, given: Given, frame: Frame) -> Flow:
        here: Frame | None = frame
        while here is not None:
            function = here.function
            if function is not None and function.owner is not None and isinstance(here.first, Instance | Kind):
                return Super(function.owner, here.first)
            here = here.outer
        return UNKNOWN

    # --- layers and functions

    def _built(self, kind: str, given: Given, call: Call, frame: Frame) -> Flow:
        if kind not in roles.MODULE_CONTAINERS:
            return Built(kind, call, frame.file, self._options(given, call, frame), given.complete)
        held: Content = None
        if kind != "Sequential" or (len(given.positional) == 1 and isinstance(given.positional[0], Items)):
            flow = given.positional[0] if given.positional else UNKNOWN
            held = self.content(flow) if given.positional else ()
        elif given.complete:
            held = tuple(enumerate(given.positional))
        made = Built(kind, call, frame.file, {}, given.complete, self.holding("modules", call, held))
        self.sequence_made(made)
        return made

    def _options(self, given: Given, call: Call, frame: Frame) -> dict[str, Flow]:
        bound = frame.file.bound(call)
        if bound is None or bound.signature is None:
            return dict(given.keywords)
        found: dict[str, Flow] = {}
        for name, argument in bound.arguments.items():
            if argument.node is None:
                continue
            found[name] = given.nodes.get(id(argument.node.value), UNKNOWN)
        return found

    def function(self, kind: str, inputs: tuple[Flow, ...], given: Given, call: Call, frame: Frame) -> Step:
        options: dict[str, Flow] = dict(given.keywords)
        options |= {str(position): flow for position, flow in enumerate(given.positional)}
        return self.step(kind, call, frame.file, inputs, call=call, options=options)

    def layer(self, layer: Built, given: Given, call: Call, frame: Frame) -> Flow:
        if layer.kind in roles.LOSSES:
            return UNKNOWN
        if layer.kind in roles.MODULE_CONTAINERS:
            content = self.content(layer) if layer.kind == "Sequential" else None
            flow = given.get(0, "input")
            for _, each in content if content is not None else ():
                inner = Given((flow,), {}, True, {})
                flow = several(
                    [self.apply(p, inner, p.call if isinstance(p, Built) else call, frame) for p in parts(each)]
                )
            return UNKNOWN if content is None else flow
        inputs = given.positional or tensors(given)
        file = layer.file if call is layer.call else frame.file
        made = self.step(layer.kind, call, file, inputs, call=layer.call, layer=layer)
        if layer.kind in roles.RECURRENT:
            hidden: Flow = self.step("hidden", call, file, inputs, call=layer.call, layer=layer)
            if layer.kind == "LSTM":
                hidden = self.items("tuple", call, (hidden, hidden))
            return self.items("tuple", call, (made, hidden))
        return self.items("tuple", call, (made, UNKNOWN)) if layer.kind == "MultiheadAttention" else made

    # --- losses

    def loss_of(self, callee: Flow, call: Call, given: Given, frame: Frame) -> bool:
        """Note the call of a loss's object, where all that it may be are of one class; whether it is one."""
        if isinstance(callee, _NOT_FOLLOWED):
            return False
        losses = [each for each in parts(callee) if isinstance(each, Built) and each.kind in roles.LOSSES]
        if len(losses) < len(parts(callee)):
            return False
        if len({each.kind for each in losses}) == 1:
            self._loss(losses[0].kind, given, call, frame, losses[0])
        return True

    def _loss(self, kind: str, given: Given, call: Call, frame: Frame, criterion: Built | None) -> None:
        for position, arg in enumerate(call.args):
            if arg.star:
                return
            if arg.keyword == "input" or (position == 0 and arg.keyword is None):
                via = self.calls[-1] if self.calls else None
                flow = given.get(0, "input")
                self.losses.append(LossUse(kind, call, frame.file, arg.value, flow, via, criterion))
                return


def _may_matter(short: str, given: Given) -> bool:
    """Whether a name of another module may be a model, make one, or train the one that it is given."""
    if short[:1].isupper():
        return not _DATA.search(short)
    handed = (*given.positional, *given.keywords.values())
    return _MODEL.search(short) is not None or any(isinstance(each, _MODELS) for each in handed)


def tensors(given: Given) -> tuple[Flow, ...]:
    """The arguments that are tensors, or lists that may hold some."""
    every = (*given.positional, *given.keywords.values())
    return tuple(flow for flow in every if any(isinstance(each, _TENSORS) for each in parts(flow)))
