"""Sizes of tensors, as far as constants and layers tell: how many features, how many channels, how many dimensions."""

from __future__ import annotations

import re
from types import EllipsisType

from hplint.facts import torch_roles as roles
from hplint.facts.flow import Const, Flow, Items, Step, Unknown, parts
from hplint.facts.operations import KEEPS_SHAPE
from hplint.facts.syntax import Constant
from hplint.regex import regex

_DEPTH = 60
_CONV = regex(r"(Lazy)?Conv(Transpose)?([123])d")
_POOL = regex(r"(Adaptive|Fractional)?(Avg|Max|LP)Pool[123]d|Upsample.*|(adaptive_)?(avg|max)_pool[123]d")
_PAD = regex(r"\w+Pad[123]d")
_RESHAPED = ("view", "reshape")


def constant(step: Step, *names: str) -> Constant | EllipsisType:
    """An argument that is certainly one constant, by one of its names or its position (``"0"``); ``...`` if it is not.

    An argument that is not given is ``...`` too: see :func:`is_given`.
    """
    name = next((name for name in names if name in step.options), None)
    flow = ... if name is None else step.options[name]
    if isinstance(flow, Const):
        return flow.value
    if isinstance(flow, Unknown) and name is not None and step.call is not None:
        file = step.file if step.layer is None else step.layer.file
        single = None
        if name.isdigit():
            arg = step.call.args[int(name)] if int(name) < len(step.call.args) else None
            single = None if arg is None or arg.star else file.value(arg.value).single
        else:
            bound = file.bound(step.call)
            argument = None if bound is None else bound.arguments.get(name)
            single = None if argument is None else argument.value.single
        if single is not None:
            return single.constant
    return ...


def is_given(step: Step, *names: str) -> bool:
    """Whether an argument is written, or may be."""
    return (step.layer is not None and not step.layer.complete) or any(name in step.options for name in names)


def number(step: Step, *names: str) -> int | None:
    """An argument that is certainly a whole number."""
    value = constant(step, *names)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def rank(flow: Flow, depth: int = _DEPTH) -> int | None:
    """How many dimensions a tensor has, the batch's among them."""
    if not isinstance(flow, Step) or depth <= 0:
        return None
    kind = flow.kind
    conv = _CONV.fullmatch(kind)
    if conv is not None:
        return int(conv[3]) + 2
    if kind == "Flatten" and not flow.options.keys() - {"start_dim"}:
        return 2 if number(flow, "start_dim") in (None, 1) else None
    if kind == "flatten":
        start = number(flow, "1", "start_dim") if _is_function(flow) else number(flow, "0", "start_dim")
        return start + 1 if start is not None and start >= 0 and len(flow.options) <= 2 else None
    if kind in _RESHAPED:
        return _reshaped_rank(flow)
    if kind in roles.RECURRENT:
        return 3
    if kind == "Embedding":
        inner = _of(flow, rank, depth)
        return None if inner is None else inner + 1
    if kind == "Linear" or kind in KEEPS_SHAPE or _POOL.fullmatch(kind) or _PAD.fullmatch(kind):
        return _of(flow, rank, depth)
    return None


def features(flow: Flow, depth: int = _DEPTH) -> tuple[int, Step] | None:
    """The size of the last dimension, and the step that it is known from."""
    if not isinstance(flow, Step) or depth <= 0:
        return None
    kind = flow.kind
    if kind == "Linear":
        return _known(number(flow, "out_features"), flow)
    if kind in roles.RECURRENT:
        return _recurrent(flow)
    if kind == "Embedding":
        return _known(number(flow, "embedding_dim"), flow)
    if kind in KEEPS_SHAPE:
        inner = flow.inputs[0] if flow.inputs else None
        return None if inner is None else _every(inner, features, depth)
    if (kind == "Flatten" and not flow.options) or (kind == "flatten" and rank(flow) == 2):
        return _flattened(flow, depth)
    if kind in _RESHAPED:
        return _reshaped(flow, depth)
    return None


def channels(flow: Flow, depth: int = _DEPTH) -> tuple[int, Step] | None:
    """The size of dimension 1 of what convolutions work on, and the step that it is known from."""
    if not isinstance(flow, Step) or depth <= 0:
        return None
    kind = flow.kind
    if _CONV.fullmatch(kind):
        return _known(number(flow, "out_channels"), flow)
    if kind in KEEPS_SHAPE or _POOL.fullmatch(kind) or _PAD.fullmatch(kind):
        inner = flow.inputs[0] if flow.inputs else None
        return None if inner is None else _every(inner, channels, depth)
    return features(flow, depth) if kind == "Linear" and rank(flow) == 2 else None


def softmax_size(step: Step) -> tuple[int, Step] | None:
    """The size of the dimension that a softmax works along, and the step that it is known from."""
    flow = step.inputs[0] if step.inputs else None
    names = ("dim",) if step.layer is not None else ("dim", "1" if _is_function(step) else "0")
    dimension = constant(step, *names)
    dimensions = rank(flow) if isinstance(flow, Step) else None
    if flow is None or not isinstance(flow, Step) or isinstance(dimension, bool):
        return None
    if dimensions == 2 and (dimension in (1, -1, None) or not is_given(step, *names)):
        return features(flow)
    if dimension == -1:
        return features(flow)
    return channels(flow) if dimension == 1 and dimensions is not None and dimensions > 2 else None


EXPECTED = {
    "Linear": "in_features",
    "RNN": "input_size",
    "LSTM": "input_size",
    "GRU": "input_size",
    "LayerNorm": "normalized_shape",
    "GroupNorm": "num_channels",
}
"""The argument of a layer that must be the size of what it is given."""


def expected_size(step: Step) -> tuple[str, int] | None:
    """The argument of a layer that tells which size it takes, and that size."""
    kind = step.kind
    norm = re.fullmatch(r"(Batch|Instance)Norm[123]d|SyncBatchNorm", kind)
    name = "num_features" if norm else "in_channels" if _CONV.fullmatch(kind) else EXPECTED.get(kind)
    size = None if name is None or step.layer is None else number(step, name)
    return None if size is None or name is None else (name, size)


def given_size(step: Step) -> tuple[int, Step] | None:
    """The size, counted where the layer looks, of what it is given, and the step that it is known from."""
    flow = step.inputs[0] if step.inputs else None
    if flow is None:
        return None
    ask = features if step.kind in EXPECTED and step.kind != "GroupNorm" else channels
    return _every(flow, ask, _DEPTH)


def _of(flow: Step, ask: object, depth: int) -> int | None:
    assert callable(ask)
    alternatives = parts(flow.inputs[0]) if flow.inputs else ()
    every = {ask(each, (depth - 1) // len(alternatives)) for each in alternatives}
    only = every.pop() if len(every) == 1 else None
    return only if isinstance(only, int) else None


def _every(flow: Flow, ask: object, depth: int) -> tuple[int, Step] | None:
    """The same for all that it may be, or nothing."""
    assert callable(ask)
    found: tuple[int, Step] | None = None
    alternatives = parts(flow)
    for each in alternatives:
        known = ask(each, (depth - 1) // len(alternatives))  # shared out, so that the whole work is bounded
        if known is None or (found is not None and found[0] != known[0]):
            return None
        found = known
    return found


def _known(size: int | None, step: Step) -> tuple[int, Step] | None:
    return None if size is None or size < 1 else (size, step)


def _is_function(flow: Step) -> bool:
    """Whether the tensor is an argument: ``torch.flatten(x, 1)``, not ``x.flatten(1)``."""
    return any(option is flow.inputs[0] for option in flow.options.values()) if flow.inputs else False


def _recurrent(flow: Step) -> tuple[int, Step] | None:
    size = number(flow, "proj_size") or number(flow, "hidden_size")
    both = constant(flow, "bidirectional") if is_given(flow, "bidirectional") else False
    return None if size is None or not isinstance(both, bool) else _known(size * (2 if both else 1), flow)


def _sizes(flow: Step) -> list[str] | None:
    """The positions of what ``x.view(...)`` is given, one for each new dimension."""
    found = sorted((key for key in flow.options if key.isdigit()), key=int)
    if len(found) != len(flow.options) or len(found) < 2 or _is_function(flow):
        return None
    return None if any(isinstance(flow.options[key], Items) for key in found) else found


def _reshaped_rank(flow: Step) -> int | None:
    sizes = _sizes(flow)
    return None if sizes is None else len(sizes)


def _reshaped(flow: Step, depth: int) -> tuple[int, Step] | None:
    sizes = _sizes(flow)
    last = None if sizes is None else number(flow, sizes[-1])
    if sizes is None or last is None:
        return None
    if last != -1:
        return _known(last, flow)
    return _flattened(flow, depth) if len(sizes) == 2 and number(flow, sizes[0]) is None else None


def _flattened(flow: Step, depth: int) -> tuple[int, Step] | None:
    """What is left of everything behind the batch: known after a pooling to a fixed size, and for what is flat."""
    inner = flow.inputs[0] if flow.inputs else None
    if not isinstance(inner, Step):
        return None
    if rank(inner) == 2:
        return features(inner, depth - 1)
    pool = re.fullmatch(r"Adaptive(?:Avg|Max)Pool([12])d|adaptive_(?:avg|max)_pool([12])d", inner.kind)
    if pool is None:
        return None
    dimensions = int(pool[1] or pool[2])
    size = constant(inner, "output_size", "1")
    sides = size if isinstance(size, tuple) else (size,) * dimensions
    known = channels(inner, depth - 1)
    if known is None or len(sides) != dimensions:
        return None
    total = known[0]
    for side in sides:
        if not isinstance(side, int) or isinstance(side, bool) or side < 1:
            return None
        total *= side
    return total, known[1]
