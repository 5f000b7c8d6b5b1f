"""Whether a file trains on data that it makes up: drawn by a generator, computed, or written out in the text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts.constructed import module_class, torch_module, unwrapped
from hplint.facts.makers import given_for, made_by, returned_by, run_by
from hplint.facts.syntax import (
    Attribute,
    Binary,
    Binding,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Compare,
    Comprehension,
    Conditional,
    Expr,
    Literal,
    Name,
    Slice,
    Starred,
    Subscript,
    Unary,
)
from hplint.facts.tree import last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_MAKES = regex(
    r"(torch\.(Tensor\.)?|numpy\.random\.|numpy\.|random\.|sklearn\.datasets\.)"
    r"(randn?|randint|rand_like|randn_like|normal|uniform|random|choice|standard_normal|gauss|linspace|logspace|arange|"
    r"ones|zeros|ones_like|zeros_like|eye|full|make_\w+)"
)
"""Functions that make data out of sizes."""
_COMPUTES = regex(r"(torch|numpy|math|builtins|sklearn\.(model_selection|preprocessing))\..*")
_READS = regex(r"(^|_)(load|read|open|fetch|input)|memmap|fromfile|from_?file|genfromtxt|loadtxt|getattr|vars")
_HANDS_ON = frozenset({"DataLoader", "TensorDataset", "Subset", "random_split", "tqdm"})
_WORK = 400
"""Expressions that one question may look at."""
_DEPTH = 40


class _Unknown(Exception):
    """A part of the way is not in view, or read from somewhere."""


def made_up(file: File) -> frozenset[str] | None:
    """The functions that make all data which the losses of a file are computed from; None when that is not certain.

    Empty where all of it is written out. Models and losses count for nothing, what they are given does. Class numbers
    that ``randint`` draws may stand for the labels of real data: of themselves they can only be learned by heart.
    """
    return _made_up(file)


@lru_cache(maxsize=1)
def _made_up(file: File) -> frozenset[str] | None:
    calls = [call for call in file.callers.by_name.get("backward", ()) if isinstance(call.func, Attribute)]
    search = _Search(file)
    try:
        for call in calls:
            assert isinstance(call.func, Attribute)
            search.follow(call.func.value, _DEPTH)
    except _Unknown:
        return None
    return frozenset(search.makers) if calls else None


class _Search:
    def __init__(self, file: File) -> None:
        self._file = file
        self._seen: set[int] = set()
        self.makers: set[str] = set()

    def follow(self, expr: Expr, depth: int) -> None:
        """Go back to all that an expression is made of."""
        if id(expr) in self._seen:
            return
        self._seen.add(id(expr))
        if depth == 0 or len(self._seen) > _WORK:
            raise _Unknown
        for part in self._parts(expr):
            self.follow(part, depth - 1)

    def _parts(self, expr: Expr) -> tuple[Expr, ...]:
        """What an expression is made of."""
        match expr:
            case Literal() | Slice():
                return ()
            case Name():
                return self._of_name(expr)
            case Attribute():
                return self._of_attribute(expr)
            case Subscript(value=value) | Starred(value=value) | Unary(operand=value):
                return (value,)
            case Call():
                return self._of_call(expr)
            case Binary(left=left, right=right):
                return (left, right)
            case Compare(left=left, comparators=comparators):
                return (left, *comparators)
            case Conditional(body=body, orelse=orelse):
                return (body, orelse)
            case Collection(elements=elements):
                return elements
            case Comprehension(element=element):
                return (element,)
            case _:
                raise _Unknown

    def _of_name(self, name: Name) -> tuple[Expr, ...]:
        bindings = self._file.names.reaching(name)
        if not bindings:
            raise _Unknown
        return tuple(part for binding in bindings for part in self._of_binding(binding))

    def _of_binding(self, binding: Binding) -> tuple[Expr, ...]:
        if binding.kind is BindingKind.PARAMETER:
            given = given_for(self._file, binding)
            if not given:
                raise _Unknown
            return given
        known = (BindingKind.ASSIGN, BindingKind.AUGMENTED, BindingKind.LOOP)
        if binding.kind not in known or binding.value is None:
            raise _Unknown
        return (binding.value,)

    def _of_attribute(self, expr: Attribute) -> tuple[Expr, ...]:
        if (self._file.qualified(expr) or "").startswith(("math.", "numpy.", "torch.")):
            return ()
        stored = [value for target, value in self._file.holders.attribute_stores if target.attr == expr.attr]
        if not stored:
            return (expr.value,)
        if any(value is None for value in stored):
            raise _Unknown
        return tuple(value for value in stored if value is not None)

    def _of_call(self, call: Call) -> tuple[Expr, ...]:
        name = self._file.qualified(call.func) or ""
        short = last_name(call.func)
        if _MAKES.fullmatch(name):
            self.makers.add(short)
            return ()
        if short in _HANDS_ON:
            return tuple(arg.value for arg in call.args if arg.keyword in (None, "dataset"))
        if any(arg.star for arg in call.args):
            raise _Unknown
        given = tuple(arg.value for arg in call.args if arg.keyword is None)
        if _COMPUTES.fullmatch(name):
            if _READS.search(short) or name.startswith(("torch.utils.", "torch.nn.Module")):
                raise _Unknown
            return given
        if self._is_layer(call.func):
            return given
        function = run_by(self._file, call)
        if function is not None:
            returned = returned_by(self._file, function)
            if isinstance(self._file.definition(call.func), ClassDef) or not returned:
                raise _Unknown
            return returned
        if name or not isinstance(call.func, Attribute) or _READS.search(short):
            raise _Unknown
        # A method of something: `x.unsqueeze(1)`.
        return (call.func.value, *(given if short == "scale" else ()))

    def _is_layer(self, func: Expr) -> bool:
        """Whether this is a model or a loss of torch, or a model of the file."""
        made = [unwrapped(each) for each in ((func,) if isinstance(func, Call) else made_by(self._file, func))]
        return bool(made) and all(
            module_class(self._file, each) is not None or torch_module(self._file, each) is not None for each in made
        )
