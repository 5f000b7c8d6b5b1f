"""Whether a tensor has one dimension or is a column, told by the expressions that make it: ``(N,)``, ``(N, 1)``.

Said of predictions and targets only, where the two must agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from hplint.facts.constructed import made_from, torch_module
from hplint.facts.flow import Step, parts
from hplint.facts.operations import words
from hplint.facts.shapes import features
from hplint.facts.syntax import (
    Arg,
    Attribute,
    Binary,
    Binding,
    BindingKind,
    Call,
    Collection,
    Expr,
    FunctionDef,
    Literal,
    Name,
    Slice,
    Subscript,
    Unary,
)
from hplint.facts.tree import argument, last_name

if TYPE_CHECKING:
    from hplint.facts.file import File

FLAT, COLUMN = "(N,)", "(N, 1)"
_DEPTH = 12
_LOSS = re.compile(r"loss|crit|mse|l1|huber|objective|cost", re.IGNORECASE)
_SAME = words(
    """
    float double half bfloat16 to cuda cpu type type_as astype detach clone contiguous requires_grad_ Variable tensor
    as_tensor from_numpy FloatTensor DoubleTensor Tensor array asarray abs sqrt log exp sin cos tanh sigmoid relu pow
    square clamp numpy copy fit_transform transform to_list tolist list rand_like randn_like zeros_like ones_like data
    """
)
"""What leaves the shape of its tensor, or of its only argument, as it is."""
_MADE = words(
    """
    rand randn zeros ones full empty linspace arange normal uniform
    """
)
_RESHAPING = frozenset({"resize", "resize_", "resize_as_", "squeeze_", "t_", "transpose_", "unsqueeze_"})
"""Methods that change the shape of their object."""
_PICKS = frozenset(["max", "min", "amax", "amin"])
_SUMS = frozenset(["sum", "mean"])
_SHAPE = re.compile(r"\.(size\(\)|shape)$")
_FLAT_DATA = re.compile(
    r"load_(diabetes|boston)|fetch_california_housing|make_(friedman\d|regression|moons|classif\w+)"
)

Known: TypeAlias = "str | None"


def mismatches(file: File, functions: Mapping[str, str]) -> Iterator[tuple[Call, Call, Arg, str, Arg, str]]:
    """The calls of losses whose prediction and target have different shapes.

    ``functions``: the losses of ``torch.nn.functional`` with the classes that do the same. Each is given with the call
    that says how it is reduced, the prediction and its shape, the target and its shape.
    """
    for call in file.all(Call):
        given, target = argument(call, 0, "input"), argument(call, 1, "target")
        made = None if given is None or target is None else _loss(file, call, functions)
        wanted = None if made is None or target is None else shape(file, target.value)
        if wanted is None or made is None or given is None or target is None:
            continue
        known = shape(file, given.value)
        if known is None and wanted == FLAT and _single_column(file, call):
            known = COLUMN
        if known is not None and known != wanted:
            yield call, made, given, known, target, wanted


def _loss(file: File, call: Call, functions: Mapping[str, str]) -> Call | None:
    """The call itself for a function, the one that constructs it for an object; None for what is no such loss."""
    short = last_name(call.func)
    if short in functions:
        return call if file.qualified(call.func) == f"torch.nn.functional.{short}" else None
    if not isinstance(call.func, Call) and not _LOSS.search(short):
        return None
    made = [call.func] if isinstance(call.func, Call) else list(made_from(file, call.func))
    known = len(made) == 1 and torch_module(file, made[0]) in functions.values()
    return made[0] if known else None


def _single_column(file: File, call: Call) -> bool:
    """Whether the prediction is certainly the output of a layer with one unit."""
    uses = [use.input for use in file.flows.losses if use.node is call]
    every = [each for flow in uses for each in parts(flow)]
    sizes = [features(each) if isinstance(each, Step) else None for each in every]
    return bool(sizes) and all(size is not None and size[0] == 1 for size in sizes)


def shape(file: File, expr: Expr, depth: int = _DEPTH) -> Known:
    """``(N,)`` for what has one dimension and more than one element, ``(N, 1)`` for a column; None when unsure."""
    if depth <= 0:
        return None
    known: Known = None
    match expr:
        case Name():
            known = _of_name(file, expr, depth - 1)
        case Attribute(value=value, attr="data" | "T"):
            known = shape(file, value, depth - 1) if expr.attr == "data" else None
        case Attribute(value=Call(func=func) as inner, attr="values") if last_name(func) in _PICKS:
            known = _reduced(file, inner)
        case Attribute(value=value, attr="values"):
            known = _of_table(file, value)
        case Attribute(attr="target", value=value):
            made = file.assigned(value) if isinstance(value, Name) else value
            known = FLAT if isinstance(made, Call) and _FLAT_DATA.match(last_name(made.func)) else None
        case Subscript():
            known = _of_item(file, expr, depth - 1)
        case Call():
            known = _of_call(file, expr, depth - 1)
        case Binary(op="+" | "-" | "*" | "/" | "**", left=left, right=right):
            known = _combined(file, left, right, depth - 1)
        case Unary(op="-" | "+", operand=operand):
            known = shape(file, operand, depth - 1)
        case Collection(kind="list", elements=elements) if len(elements) > 1:
            if all(isinstance(each, Literal) or _is_negative(each) for each in elements):
                known = FLAT
            elif all(isinstance(each, Collection) and len(each.elements) == 1 for each in elements):
                known = COLUMN
    return known


def _is_negative(expr: Expr) -> bool:
    return isinstance(expr, Unary) and isinstance(expr.operand, Literal)


def _agreed(found: Iterable[Known]) -> Known:
    """What all of them are."""
    every = set(found)
    return every.pop() if len(every) == 1 else None


def _combined(file: File, left: Expr, right: Expr, depth: int) -> Known:
    one, other = shape(file, left, depth), shape(file, right, depth)
    if one is not None and other is not None:
        return one if one == other else None
    rest = right if other is None else left
    if FLAT in (one, other):
        return FLAT
    value = file.value(rest).single
    return COLUMN if COLUMN in (one, other) and value is not None and isinstance(value.constant, int | float) else None


# --- names


def _of_name(file: File, name: Name, depth: int) -> Known:
    if name.id in _reshaped(file):
        return None
    bindings = file.names.reaching(name)
    return _agreed(_of_binding(file, name, binding, depth) for binding in bindings) if bindings else None


def _reshaped(file: File) -> frozenset[str]:
    """The names of what a method gives another shape where it is."""
    calls = (call.func for call in file.every(Call))
    methods = (each for each in calls if isinstance(each, Attribute) and each.attr in _RESHAPING)
    return frozenset(each.value.id for each in methods if isinstance(each.value, Name))


def _of_binding(file: File, name: Name, binding: Binding, depth: int) -> Known:
    value, path = binding.value, binding.path
    if binding.kind is BindingKind.PARAMETER:
        return _of_parameter(file, name, depth)
    if value is None or path is None:
        return None
    if binding.kind is BindingKind.LOOP:
        if isinstance(value, Call) and last_name(value.func) in ("enumerate", "tqdm"):
            path = path[1:] if last_name(value.func) == "enumerate" else path
            value = value.args[0].value if value.args else value
        return _of_batch(file, value, path, depth)
    if binding.kind is BindingKind.ASSIGN and path == ():
        return shape(file, value, depth)
    if binding.kind is BindingKind.ASSIGN and len(path) == 1 and isinstance(value, Call):
        return _of_unpacked(file, value, path[0], depth)
    return None


def _of_unpacked(file: File, call: Call, position: int, depth: int) -> Known:
    """``a, b, c, d = train_test_split(x, y)`` and ``x, y = make_regression()``."""
    called = last_name(call.func)
    plain = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    if called == "train_test_split" and position // 2 < len(plain):
        return shape(file, plain[position // 2], depth)
    several = any(arg.keyword == "n_targets" for arg in call.args)
    return FLAT if position == 1 and not several and _FLAT_DATA.match(called) else None


def _of_batch(file: File, loader: Expr, path: tuple[int, ...], depth: int) -> Known:
    """What a loop takes from a loader over a ``TensorDataset``."""
    made = _made(file, loader, depth)
    if made is None or last_name(made.func) not in ("DataLoader", "TensorDataset") or len(path) != 1:
        return None
    if last_name(made.func) == "DataLoader":
        dataset = argument(made, 0, "dataset")
        made = None if dataset is None else _made(file, dataset.value, depth)
    if made is None or last_name(made.func) != "TensorDataset" or any(arg.star for arg in made.args):
        return None
    return shape(file, made.args[path[0]].value, depth) if path[0] < len(made.args) else None


def _made(file: File, expr: Expr, depth: int) -> Call | None:
    """The one call that makes an object, also one that this file hands to a function."""
    if isinstance(expr, Name) and depth > 0:
        bindings = file.names.reaching(expr)
        if len(bindings) == 1 and bindings[0].kind is BindingKind.PARAMETER:
            made = {_made(file, each, depth - 1) for each in _handed(file, expr)}
            return made.pop() if len(made) == 1 else None
        assigned = file.assigned(expr)
        return None if assigned is None else _made(file, assigned, depth - 1)
    return expr if isinstance(expr, Call) else None


def _of_parameter(file: File, name: Name, depth: int) -> Known:
    given = _handed(file, name)
    return _agreed(shape(file, each, depth) for each in given) if given else None


def _handed(file: File, name: Name) -> list[Expr]:
    """What the calls of a function in this file hand to a parameter; nothing when one of them is unclear."""
    found = file.names.lookup(name.id, name.scope)
    scope = None if found is None else found[0].number
    function = next((each for each in file.every(FunctionDef) if each.scope == scope), None)
    if function is None or file.class_around(function.scope) is not None:
        return []
    position = next((n for n, each in enumerate(function.parameters) if each.name == name.id), -1)
    given: list[Expr] = []
    for call in file.callers.by_name.get(function.name, ()):
        if file.definition(call.func) is function:
            arg = argument(call, position, name.id)
            if arg is None or arg.star:
                return []
            given.append(arg.value)
    return given


# --- items and calls


def _of_table(file: File, value: Expr) -> Known:
    """``frame["price"].values`` and ``frame[["price"]].values``."""
    if isinstance(value, Subscript):
        if isinstance(value.index, Literal) and isinstance(value.index.value, str):
            return FLAT
        if isinstance(value.index, Collection) and value.index.kind == "list" and len(value.index.elements) == 1:
            return COLUMN
        return _of_item(file, value, 1) if last_name(value.value) in ("iloc", "loc") else None
    return None


def _of_item(file: File, item: Subscript, depth: int) -> Known:
    index = item.index
    if isinstance(item.value, Call) and last_name(item.value.func) in _PICKS and isinstance(index, Literal):
        return _reduced(file, item.value) if index.value == 0 else None
    if isinstance(index, Slice):
        return shape(file, item.value, depth)
    if isinstance(index, Collection) and index.kind == "tuple" and len(index.elements) == 2:
        first, last = index.elements
        if isinstance(last, Literal) and last.value is None:
            return COLUMN
        if isinstance(first, Call) and last_name(first.func) in ("arange", "range"):
            return FLAT
        if last_name(item.value) == "iloc" and isinstance(first, Slice) and not isinstance(last, Slice):
            return FLAT if file.value(last).single is not None else None
    return None


def _of_call(file: File, call: Call, depth: int) -> Known:
    called = last_name(call.func)
    subject, rest = _subject(file, call)
    for names, ask in _CALLS:
        if called in names:
            return ask(file, call, subject, rest)
    if called in _PICKS or called in _SUMS:
        return _reduced(file, call)
    if called == "to_numpy" and subject is not None:
        return _of_table(file, subject)
    if called in _MADE:
        return _of_sizes(file, called, call, depth)
    if called in _SAME and subject is not None:
        return shape(file, subject, depth)
    return None


def _subject(file: File, call: Call) -> tuple[Expr | None, tuple[Arg, ...]]:
    """The tensor that a method or a function works on, and its other arguments."""
    function = call.func
    from_library = file.qualified(function) is not None or not isinstance(function, Attribute)
    if from_library or last_name(function) in ("fit_transform", "transform"):
        return (call.args[0].value, call.args[1:]) if call.args and not call.args[0].star else (None, ())
    assert isinstance(function, Attribute)
    return function.value, call.args


def _dimensions(file: File, args: tuple[Arg, ...]) -> list[object]:
    """The constants that arguments are, ``...`` for what is none."""
    found: list[object] = []
    for arg in args:
        value = None if arg.star else file.value(arg.value).single
        found.append(... if value is None else value.constant)
    return found


def _unsqueezed(file: File, call: Call, subject: Expr | None, rest: tuple[Arg, ...]) -> Known:
    return COLUMN if _dimensions(file, rest) in ([1], [-1]) else None


def _squeezed(file: File, call: Call, subject: Expr | None, rest: tuple[Arg, ...]) -> Known:
    return FLAT if _dimensions(file, rest) in ([], [1], [-1]) else None


def _viewed(file: File, call: Call, subject: Expr | None, rest: tuple[Arg, ...]) -> Known:
    sizes = _dimensions(file, rest)
    if len(sizes) == 1 and isinstance(sizes[0], tuple):
        sizes = list(sizes[0])
    if sizes == [-1]:
        return FLAT
    return COLUMN if len(sizes) == 2 and sizes[1] == 1 and sizes[0] != 1 else None


def _flattened(file: File, call: Call, subject: Expr | None, rest: tuple[Arg, ...]) -> Known:
    return FLAT if not rest else None


def _gathered(file: File, call: Call, subject: Expr | None, rest: tuple[Arg, ...]) -> Known:
    return COLUMN if _dimensions(file, rest)[:1] == [1] and len(rest) == 2 else None


_Ask: TypeAlias = "Callable[[File, Call, Expr | None, tuple[Arg, ...]], Known]"
_CALLS: tuple[tuple[tuple[str, ...], _Ask], ...] = (
    (("unsqueeze", "unsqueeze_"), _unsqueezed),
    (("squeeze", "squeeze_"), _squeezed),
    (("view", "reshape"), _viewed),
    (("flatten", "ravel"), _flattened),
    (("gather",), _gathered),
)


def _reduced(file: File, call: Call) -> Known:
    """What is left of a table of values after taking the best of each row, or its sum."""
    _, rest = _subject(file, call)
    by_row = (1, -1) if last_name(call.func) in _PICKS else (-1,)
    return FLAT if len(rest) == 1 and _dimensions(file, rest)[0] in by_row else None


def _of_sizes(file: File, called: str, call: Call, depth: int) -> Known:
    """``torch.zeros(n)``, ``torch.randn(n, 1)``, ``torch.rand(x.size())``."""
    args = [arg for arg in call.args if arg.keyword is None]
    if not (file.qualified(call.func) or "").startswith(("torch.", "numpy.")) or any(arg.star for arg in args):
        return None
    if called in ("linspace", "arange"):
        return FLAT
    if called in ("normal", "uniform") or not args:
        return None
    first = args[0].value
    if _SHAPE.search(file.source(first)):
        inner = first.func if isinstance(first, Call) else first
        return shape(file, inner.value, depth) if isinstance(inner, Attribute) else None
    if isinstance(first, Collection):
        sizes: list[Expr] = list(first.elements)
    else:
        sizes = [first] if called == "full" else [arg.value for arg in args]
    counts = [None if (value := file.value(each).single) is None else value.constant for each in sizes]
    if len(counts) == 1 and counts[0] != 1:
        # A single name may be a whole shape.
        return FLAT if isinstance(counts[0], int) or isinstance(first, Collection) else None
    return COLUMN if len(counts) == 2 and counts[1] == 1 and counts[0] != 1 else None
