"""Functions that users give to schedulers: which of them may be called once more without anybody noticing."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

_WRITES = frozenset(
    {"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"}
)
_TELLING = frozenset(
    {
        "print",
        "input",
        "open",
        "next",
        "write",
        "log",
        "debug",
        "info",
        "warning",
        "add_scalar",
        "append",
        "extend",
        "pop",
        "popitem",
        "update",
        "insert",
        "add",
        "remove",
        "setdefault",
        "setattr",
        "send",
        "random",
        "randint",
        "uniform",
        "choice",
        "randn",
        "rand",
        "normal",
        "perf_counter",
        "time",
        "sleep",
    }
)
"""Names that something is told, changed or drawn by."""
_HEAVY = (Tensor, Module, Optimizer, DataLoader, Dataset)
_DEPTH = 3


def functions_of(scheduler: Any) -> Iterator[Callable[..., Any]]:
    """The functions of the user's in a scheduler."""
    for part in (scheduler, *getattr(scheduler, "_schedulers", ())):
        for name in ("lr_lambdas", "_scale_fn_custom"):
            given = getattr(part, name, None)
            for function in given if isinstance(given, (list, tuple)) else (given,):
                if function is not None:
                    yield function


def is_harmless(function: Callable[..., Any], *, keep: bool) -> bool:
    """Whether calls of a function change nothing, as far as its code tells; ``keep``: and it holds no model."""
    if isinstance(function, functools.partial):
        given = (*function.args, *function.keywords.values())
        return is_harmless(function.func, keep=keep) and not (keep and any(_is_heavy(each) for each in given))
    if isinstance(function, types.MethodType):
        return is_harmless(function.__func__, keep=keep) and not (keep and _is_heavy(function.__self__))
    if not isinstance(function, types.FunctionType):
        called = next((vars(kind)["__call__"] for kind in type(function).__mro__ if "__call__" in vars(kind)), None)
        if not isinstance(called, types.FunctionType):
            return isinstance(function, types.BuiltinFunctionType)
        return is_harmless(called, keep=keep) and not (keep and _is_heavy(function))
    if keep and any(_is_heavy(_content(cell)) for cell in function.__closure__ or ()):
        return False
    return _only_computes(function.__code__)


def _only_computes(code: types.CodeType) -> bool:
    if not _TELLING.isdisjoint(code.co_names):
        return False
    for each in dis.get_instructions(code):
        if each.opname in _WRITES or (each.opname == "STORE_DEREF" and each.argval in code.co_freevars):
            return False
    return all(_only_computes(inner) for inner in code.co_consts if isinstance(inner, types.CodeType))


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_heavy(value: object, depth: int = _DEPTH) -> bool:
    """Whether something is or has a model, data or the like."""
    if isinstance(value, _HEAVY):
        return True
    if depth == 0 or isinstance(value, (type, types.ModuleType, types.FunctionType, str, bytes)):
        return False
    inner: list[object] = []
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, (list, tuple, set)):
        inner = list(value)
    elif hasattr(value, "__dict__"):
        inner = list(vars(value).values())
    return any(_is_heavy(each, depth - 1) for each in inner[:200])
