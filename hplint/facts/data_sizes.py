"""How many samples a data set holds, where the code alone tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.makers import made_by
from hplint.facts.syntax import BindingKind, Call, Collection, Expr, Name
from hplint.facts.tree import argument, last_name

if TYPE_CHECKING:
    from hplint.facts.file import File

_STORED = {
    "MNIST": (60_000, 10_000),
    "FashionMNIST": (60_000, 10_000),
    "KMNIST": (60_000, 10_000),
    "CIFAR10": (50_000, 10_000),
    "CIFAR100": (50_000, 10_000),
}
"""Samples for training and for test, from the pages of torchvision.datasets."""
_FIRST_SIZE = frozenset({"randn", "rand", "zeros", "ones", "empty", "full"})
_DEPTH = 6


def size_of(file: File, expr: Expr, depth: int = _DEPTH) -> int | None:
    """The number of samples of a data set, None unless it is certain."""
    if depth == 0:
        return None
    if isinstance(expr, Name):
        bindings = file.names.reaching(expr)
        binding = bindings[0] if len(bindings) == 1 else None
        if binding is not None and binding.kind is BindingKind.PARAMETER:
            made = made_by(file, expr)
            return _of_call(file, made[0], depth) if len(made) == 1 else None
        if binding is None or binding.kind is not BindingKind.ASSIGN or binding.value is None:
            return None
        if binding.path == ():
            return size_of(file, binding.value, depth - 1)
        if binding.path is None or len(binding.path) != 1 or not isinstance(binding.value, Call):
            return None
        return _part(file, binding.value, binding.path[0])
    if isinstance(expr, Call):
        return _of_call(file, expr, depth)
    made = made_by(file, expr)
    return _of_call(file, made[0], depth) if len(made) == 1 else None


def _of_call(file: File, call: Call, depth: int) -> int | None:
    name = file.qualified(call.func) or ""
    library, _, short = name.rpartition(".")
    if library == "torchvision.datasets" and short in _STORED:
        return _stored(file, call, short)
    if name == "torch.utils.data.TensorDataset" and call.args and not call.args[0].star:
        return _first(file, call.args[0].value, depth - 1)
    if name == "torch.utils.data.Subset" and len(call.args) > 1:
        return _counted(file, call.args[1].value)
    return None


def _stored(file: File, call: Call, short: str) -> int | None:
    if any(arg.star for arg in call.args):
        return None
    train = argument(call, 1, "train")
    single = None if train is None else file.value(train.value).single
    if train is None:
        return _STORED[short][0]
    return None if single is None else _STORED[short][0 if single.constant else 1]


def _part(file: File, call: Call, index: int) -> int | None:
    """The size of one part of a split into parts of known sizes."""
    if file.qualified(call.func) != "torch.utils.data.random_split" or len(call.args) < 2:
        return None
    sizes = call.args[1].value
    sizes = (isinstance(sizes, Name) and file.assigned(sizes)) or sizes
    if not isinstance(sizes, Collection) or index >= len(sizes.elements):
        return None
    return _whole(file, sizes.elements[index])


def _first(file: File, expr: Expr, depth: int) -> int | None:
    """The size of the first dimension of a tensor."""
    if isinstance(expr, Name) and depth > 0:
        assigned = file.assigned(expr)
        return None if assigned is None else _first(file, assigned, depth - 1)
    if not isinstance(expr, Call) or not (file.qualified(expr.func) or "").startswith("torch."):
        return None
    name, plain = last_name(expr.func), [arg for arg in expr.args if arg.keyword is None]
    if any(arg.star for arg in expr.args) or not plain:
        return None
    if name == "arange":
        return _whole(file, plain[0].value) if len(plain) == 1 else None
    if name == "linspace":
        return _whole(file, plain[2].value) if len(plain) == 3 else None
    if name in _FIRST_SIZE:
        first = plain[0].value
        if isinstance(first, Collection):
            return _whole(file, first.elements[0]) if first.elements else None
        return _whole(file, first)
    size = argument(expr, 2, "size") if name == "randint" else None
    if size is not None and isinstance(size.value, Collection) and size.value.elements:
        return _whole(file, size.value.elements[0])
    return None


def _counted(file: File, expr: Expr) -> int | None:
    """The length of a range of indices."""
    if isinstance(expr, Call) and last_name(expr.func) == "list" and len(expr.args) == 1:
        expr = expr.args[0].value
    if not isinstance(expr, Call) or file.qualified(expr.func) != "builtins.range" or len(expr.args) > 2:
        return None
    ends = [_whole(file, arg.value) for arg in expr.args]
    if None in ends or not ends:
        return None
    first, last = (0, ends[0]) if len(ends) == 1 else (ends[0], ends[1])
    return None if first is None or last is None else max(last - first, 0)


def _whole(file: File, expr: Expr) -> int | None:
    single = file.value(expr).single
    found = None if single is None else single.constant
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
