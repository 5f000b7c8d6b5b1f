"""Where the objects of a training script come from: the calls that may have made what an expression stands for.

An optimizer is built in one function, kept in an attribute, and stepped in a third place. This follows names,
attributes of ``self``, what helpers of the file return, and what their callers give them, backwards to the calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    Binding,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Comprehension,
    Conditional,
    Dict,
    Expr,
    FunctionDef,
    Literal,
    Name,
    Node,
    Return,
    Subscript,
)
from hplint.facts.tree import inside, is_self, last_name

if TYPE_CHECKING:
    from hplint.facts.file import File

_DEPTH = 10
_WORK = 300
"""Expressions that one question may look at."""
_CALLERS = 20
"""Calls of one function that are looked at; one that is called more often is a library of its own."""
_GIVES_BACK = frozenset({"prepare", "prepare_optimizer", "prepare_scheduler"}) | frozenset(
    {"setup", "setup_dataloaders", "setup_optimizers"}
)
"""Methods of Accelerate and Fabric that give back what they are given, in its order."""
_PASSES = frozenset({"list", "tuple", "reversed", "sorted", "tqdm", "trange", "iter", "track"})
_PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod", "property", "cached_property", "no_grad"})


class _Unknown(Exception):
    """A part of the way is not in view."""


def made_by(file: File, expr: Expr) -> tuple[Call, ...]:
    """The calls one of which has made the object that an expression stands for; empty when there may be others.

    ``None`` does not count: ``scheduler = None`` before an ``if`` hides nothing.
    """
    return _makers(file).made_by(expr)


def elements_of(file: File, expr: Expr) -> tuple[Call, ...]:
    """The same for the elements of a list, tuple or comprehension."""
    return _makers(file).elements_of(expr)


def calls_of(file: File, function: FunctionDef) -> tuple[Call, ...]:
    """The calls of this file that certainly run a function or method of it."""
    return _makers(file).calls_of(function)


def parameter_given(file: File, function: FunctionDef, call: Call, arg: Arg) -> str | None:
    """The name that a function knows an argument of a call by, None when that is not certain."""
    given = _makers(file).bound(function, call)
    return next((name for name, expr in given.items() if expr is arg.value), None)


def given_to(file: File, function: FunctionDef, call: Call) -> dict[str, Expr]:
    """What a call gives a function of this file, by its parameters."""
    return _makers(file).bound(function, call)


def run_by(file: File, call: Call) -> FunctionDef | None:
    """The function of this file that a call runs; for a class its ``__init__``."""
    return _makers(file).run_by(call)


def given_for(file: File, binding: Binding) -> tuple[Expr, ...]:
    """All that the callers of a function give for a parameter, empty when that is not known."""
    try:
        return tuple(_makers(file).given(binding))
    except _Unknown:
        return ()


def returned_by(file: File, function: FunctionDef) -> tuple[Expr, ...]:
    """All that a function of the file gives back, empty when that is not known."""
    try:
        return tuple(_makers(file).returned(function))
    except _Unknown:
        return ()


@lru_cache(maxsize=1)
def _makers(file: File) -> _Makers:
    """For the file that is being checked, which several rules ask about."""
    return _Makers(file)


class _Makers:
    def __init__(self, file: File) -> None:
        self._file = file
        self._receivers = file.receivers
        self._callers = file.callers
        self._known: dict[int, tuple[Call, ...]] = {}
        self._left = 0

    def made_by(self, expr: Expr) -> tuple[Call, ...]:
        key = id(expr)
        if key not in self._known:
            self._left = _WORK
            try:
                self._known[key] = _distinct(self._made(expr, (), _DEPTH))
            except _Unknown:
                self._known[key] = ()
        return self._known[key]

    def elements_of(self, expr: Expr) -> tuple[Call, ...]:
        self._left = _WORK
        try:
            return _distinct(self._elements(expr, (), _DEPTH))
        except _Unknown:
            return ()

    # --- backwards

    def _made(self, expr: Expr, path: tuple[int, ...], depth: int) -> Iterator[Call]:
        self._left -= 1
        if depth == 0 or self._left < 0:
            raise _Unknown
        match expr:
            case Literal(value=None):
                return
            case Call():
                yield from self._of_call(expr, path, depth - 1)
            case Conditional():
                yield from self._made(expr.body, path, depth - 1)
                yield from self._made(expr.orelse, path, depth - 1)
            case Collection() if path and path[0] < len(expr.elements):
                yield from self._made(expr.elements[path[0]], path[1:], depth - 1)
            case Name():
                bindings = self._file.names.reaching(expr)
                if not bindings or len(bindings) > _CALLERS:
                    raise _Unknown
                for binding in bindings:
                    yield from self._of_binding(binding, path, depth - 1)
            case Attribute():
                for value, place in self._stored(expr):
                    yield from self._made(value, (*place, *path), depth - 1)
            case Subscript(index=Literal(value=key)):
                for value in self._items(expr.value, key, depth - 1):
                    yield from self._made(value, path, depth - 1)
            case _:
                raise _Unknown

    def _of_binding(self, binding: Binding, path: tuple[int, ...], depth: int) -> Iterator[Call]:
        if binding.path is None:
            raise _Unknown
        if binding.kind in (BindingKind.ASSIGN, BindingKind.WITH):
            if binding.value is not None:
                yield from self._made(binding.value, (*binding.path, *path), depth)
        elif binding.kind is BindingKind.LOOP and binding.value is not None:
            yield from self._elements(binding.value, (*binding.path, *path), depth)
        elif binding.kind is BindingKind.PARAMETER and binding.parameter is not None:
            for value in self.given(binding):
                yield from self._made(value, path, depth)
        else:
            raise _Unknown

    def _of_call(self, call: Call, path: tuple[int, ...], depth: int) -> Iterator[Call]:
        function = self.run_by(call)
        if function is not None and not isinstance(self._file.definition(call.func), ClassDef):
            for value in self.returned(function):
                yield from self._made(value, path, depth)
        elif last_name(call.func) in _GIVES_BACK and isinstance(call.func, Attribute):
            place = path[0] if path else 0
            if place >= len(call.args) or (not path and len(call.args) > 1):
                raise _Unknown
            yield from self._made(call.args[place].value, path[1:], depth)
        elif path:
            raise _Unknown
        else:
            yield call

    def _elements(self, expr: Expr, path: tuple[int, ...], depth: int) -> Iterator[Call]:
        """What the elements of a list are made by."""
        self._left -= 1
        if depth == 0 or self._left < 0:
            raise _Unknown
        match expr:
            case Collection():
                for element in expr.elements[:_CALLERS]:
                    yield from self._made(element, path, depth - 1)
            case Comprehension(kind="list" | "generator"):
                yield from self._made(expr.element, path, depth - 1)
            case Call(args=(first, *_)):
                name = last_name(expr.func)
                if name == "zip" and path and path[0] < len(expr.args):
                    yield from self._elements(expr.args[path[0]].value, path[1:], depth - 1)
                elif name == "enumerate" and path[:1] == (1,):
                    yield from self._elements(first.value, path[1:], depth - 1)
                elif name in _PASSES:
                    yield from self._elements(first.value, path, depth - 1)
                else:
                    raise _Unknown
            case Name() | Attribute():
                for value in self._containers(expr, depth - 1):
                    yield from self._elements(value, path, depth - 1)
                for value in self._appended(expr):
                    yield from self._made(value, path, depth - 1)
            case _:
                raise _Unknown

    def _containers(self, expr: Expr, depth: int) -> Iterator[Expr]:
        """The displays of lists or dictionaries that an expression may be."""
        self._left -= 1
        if depth == 0 or self._left < 0:
            raise _Unknown
        found: list[Expr] = []
        if isinstance(expr, Name):
            for binding in self._file.names.reaching(expr):
                if binding.kind is BindingKind.PARAMETER:
                    found += self.given(binding)
                elif binding.kind is BindingKind.ASSIGN and binding.path == () and binding.value is not None:
                    found.append(binding.value)
                else:
                    raise _Unknown
        elif isinstance(expr, Attribute):
            stored = list(self._stored(expr))
            if any(place for _, place in stored):
                raise _Unknown
            found = [value for value, _ in stored]
        elif isinstance(expr, Call | Dict | Collection | Comprehension):
            yield expr
        else:
            raise _Unknown
        for value in found:
            yield from self._containers(value, depth - 1)

    def _appended(self, container: Expr) -> Iterator[Expr]:
        text = self._file.source(container)
        for call in self._callers.by_name.get("append", ()):
            if isinstance(call.func, Attribute) and call.args and self._file.source(call.func.value) == text:
                yield call.args[0].value

    def _items(self, container: Expr, key: object, depth: int) -> Iterator[Expr]:
        """What a dictionary or list holds under a key."""
        found = False
        for value in self._containers(container, depth):
            if isinstance(value, Dict):
                for name, item in value.items:
                    if isinstance(name, Literal) and name.value == key:
                        found = True
                        yield item
            elif isinstance(value, Collection) and isinstance(key, int) and 0 <= key < len(value.elements):
                found = True
                yield value.elements[key]
        text = self._file.source(container)
        for target, value, place in self._stores:
            if place or not isinstance(target, Subscript) or not isinstance(target.index, Literal):
                continue
            if target.index.value == key and self._file.source(target.value) == text:
                found = True
                yield value
        if not found:
            raise _Unknown

    # --- attributes

    @cached_property
    def _stores(self) -> tuple[tuple[Expr, Expr, tuple[int, ...]], ...]:
        """Attributes and items that are assigned, with the value and the place in it that they get."""
        return tuple(
            found
            for statement in self._file.all(Assign)
            if statement.value is not None
            for target in statement.targets
            for found in _unpacked(target, statement.value, ())
        )

    def _stored(self, attribute: Attribute) -> Iterator[tuple[Expr, tuple[int, ...]]]:
        """What an attribute is assigned: in the classes that the object may be of, or else under the same text."""
        base = attribute.value
        own = is_self(base)
        owner = self._receivers.enclosing_class(attribute) if own else self._receivers.class_of(base)
        getter = None if owner is None else self._receivers.method(owner, attribute.attr)
        if getter is not None and any(last_name(each) in _PLAIN_DECORATORS for each in getter.decorators):
            for value in self.returned(getter):
                yield value, ()
            return
        text = self._file.source(attribute)
        found = False
        for target, value, place in self._stores:
            if not isinstance(target, Attribute) or target.attr != attribute.attr:
                continue
            of_self = is_self(target.value)
            in_class = of_self and owner is not None and self._related(target, owner)
            if in_class or (not (own and owner is not None) and self._file.source(target) == text):
                found = True
                yield value, place
        if not found:
            raise _Unknown

    def _related(self, node: Node, owner: ClassDef) -> bool:
        """Whether a record stands in a class, in a base of it or in a class that derives from it."""
        around = self._receivers.enclosing_class(node)
        return around is not None and (self._derives(owner, around, 5) or self._derives(around, owner, 5))

    def _derives(self, owner: ClassDef, base: ClassDef, depth: int) -> bool:
        if owner is base or not depth:
            return owner is base
        parents = [self._file.definition(each.value) for each in owner.bases if not each.keyword]
        return any(isinstance(each, ClassDef) and self._derives(each, base, depth - 1) for each in parents)

    # --- functions

    def run_by(self, call: Call) -> FunctionDef | None:
        defined = self._file.definition(call.func)
        if isinstance(defined, FunctionDef):
            return defined
        if isinstance(defined, ClassDef):
            return self._receivers.method(defined, "__init__")
        func = call.func
        if not isinstance(func, Attribute):
            return None
        if isinstance(func.value, Call) and last_name(func.value.func) == "super":
            owner = self._receivers.enclosing_class(call)
            bases = [] if owner is None else [self._file.definition(each.value) for each in owner.bases]
            return next((self._receivers.method(b, func.attr) for b in bases if isinstance(b, ClassDef)), None)
        own = is_self(func.value)
        owner = self._receivers.enclosing_class(call) if own else self._receivers.class_of(func.value)
        return self._receivers.method(owner, func.attr)

    def calls_of(self, function: FunctionDef) -> tuple[Call, ...]:
        names = [function.name]
        if function.name == "__init__":
            owner = self._receivers.enclosing_class(function)
            names += [each.name for each in self._file.all(ClassDef) if owner and self._derives(each, owner, 5)]
        calls = [call for name in names for call in self._callers.by_name.get(name, ())]
        return tuple(call for call in calls[: 5 * _CALLERS] if self.run_by(call) is function)

    def bound(self, function: FunctionDef, call: Call) -> dict[str, Expr]:
        """What a call gives a function, by its parameters; nothing after a ``*`` and for what ``**`` brings."""
        positional = [p.name for p in function.parameters if p.kind in ("positional", "positional-only")]
        static = any(last_name(decorator) == "staticmethod" for decorator in function.decorators)
        around = self._receivers.enclosing_class(function)
        if around is not None and function in around.body and not static and positional:
            positional.pop(0)
        names = {parameter.name for parameter in function.parameters}
        found: dict[str, Expr] = {}
        for arg in call.args:
            if arg.star == "*":
                positional = []
            elif arg.keyword is not None and arg.keyword in names:
                found[arg.keyword] = arg.value
            elif arg.keyword is None and not arg.star and positional:
                found[positional.pop(0)] = arg.value
        return found

    def given(self, binding: Binding) -> Iterator[Expr]:
        """What the callers of a function give for a parameter."""
        parameter = binding.parameter
        function = self._of_parameter.get(id(parameter))
        calls = () if function is None else self.calls_of(function)
        if function is None or parameter is None or not 0 < len(calls) <= _CALLERS:
            raise _Unknown
        for call in calls:
            given = self.bound(function, call).get(parameter.name)
            if given is not None:
                yield given
            elif parameter.default is None or any(arg.star for arg in call.args):
                raise _Unknown
            else:
                yield parameter.default

    @cached_property
    def _of_parameter(self) -> dict[int, FunctionDef]:
        return {id(parameter): each for each in self._file.all(FunctionDef) for parameter in each.parameters}

    def returned(self, function: FunctionDef) -> Iterator[Expr]:
        known = all(last_name(_called(each)) in _PLAIN_DECORATORS for each in function.decorators)
        inner = [each for each in self._file.all(FunctionDef) if each is not function and inside(each, function)]
        values = [
            each.value
            for each in self._file.all(Return)
            if each.value is not None and inside(each, function) and not any(inside(each, other) for other in inner)
        ]
        if not known or not values:
            raise _Unknown
        yield from values


def _called(expr: Expr) -> Expr:
    return expr.func if isinstance(expr, Call) else expr


def _unpacked(target: Expr, value: Expr, place: tuple[int, ...]) -> Iterator[tuple[Expr, Expr, tuple[int, ...]]]:
    if isinstance(target, Attribute | Subscript):
        yield target, value, place
    elif isinstance(target, Collection):
        for index, element in enumerate(target.elements):
            yield from _unpacked(element, value, (*place, index))


def _distinct(calls: Iterator[Call]) -> tuple[Call, ...]:
    return tuple({call.start: call for call in calls}.values())
