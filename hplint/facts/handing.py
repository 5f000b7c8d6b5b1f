"""Functions of the project that hand their parameters on to a library: what a call of one gives the library.

``build(model, lr=30.0)`` with ``def build(model, lr): return SGD(model.parameters(), lr=lr)`` in another file gives
``SGD`` its ``lr``. Only what certainly arrives counts: the parameter is handed on unchanged, is tested nowhere, and the
inner call stands in no branch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from hplint.facts.calls import Argument, BoundCall, Parts, Presence
from hplint.facts.certain import certain_calls
from hplint.facts.definitions import constructor, defined
from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    AugAssign,
    Binary,
    BindingKind,
    Call,
    ClassDef,
    Compare,
    Conditional,
    Expr,
    ExprStatement,
    For,
    FunctionDef,
    If,
    Literal,
    Name,
    Node,
    Simple,
    While,
)
from hplint.facts.tree import is_self, walk
from hplint.facts.values import Origin, OriginKind
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

N = TypeVar("N", bound=Node)
_DEPTH = 4
"""Functions that a value is handed on through."""
_MOST = 40
"""Different calls that one function hands its parameters on to."""
_SEEN = 400
"""Calls of one function that are looked at."""
_IN_ALL = 5000
"""Calls of the library that are told of in one file."""


@value_record
class Handing:
    """A call of the library that a function makes with its own parameters.

    ``pairs``: a parameter of the function, the parameter that the library's callable knows it by, and the argument.
    ``rest``: what the function's ``**`` collects is handed on too.
    """

    inner: BoundCall
    path: str
    pairs: tuple[tuple[str, str, Arg], ...]
    rest: bool

    @property
    def summary(self) -> object:
        """What two calls that mean the same to a caller have in common."""
        return self.inner.name, tuple((own, name) for own, name, _ in self.pairs), self.rest


class Handings:
    """What functions that a file calls hand on."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._known: dict[tuple[int, int], tuple[Handing, ...]] = {}
        self._left = _IN_ALL

    def derived(self, call: Call) -> Iterator[BoundCall]:
        """What a call of a function or class of the project gives the library."""
        if not call.args or self._left == 0:
            return
        target = _target(self._file, call)
        if target is None:
            return
        home, function, owner = target
        handings = home.handings.of(function, owner, _DEPTH)
        if not handings:
            return
        given, rest = _given(function, call.args, skip=function.name == "__init__")
        for handing in handings:
            bound = self._bound(call, handing, given, rest, home is self._file)
            if bound is not None and self._left:
                self._left -= 1
                yield bound

    def of(self, function: FunctionDef, owner: ClassDef | None, left: int) -> tuple[Handing, ...]:
        """What a function of this file hands on; ``owner``: the class that is called, where it is an ``__init__``."""
        key = function.scope, -1 if owner is None else owner.scope
        found = self._known.get(key)
        if found is None:
            if left == 0:
                return ()
            self._known[key] = ()  # a function that calls itself
            # Five layers with one rate are told of once.
            every = {each.summary: each for each in reversed(tuple(islice(self._find(function, owner, left), _SEEN)))}
            found = self._known[key] = tuple(reversed(every.values()))[:_MOST]
        return found

    def _bound(
        self, call: Call, handing: Handing, given: dict[str, Arg], rest: list[Arg], same_file: bool
    ) -> BoundCall | None:
        inner, signature = handing.inner, handing.inner.signature
        arguments: dict[str, Argument] = {}
        for own, parameter, real in handing.pairs:
            arg = given.get(own)
            if arg is not None and self._tells(arg) and not (same_file and self._is_followed(arg, inner, parameter)):
                arguments[parameter] = self._argument(parameter, arg, inner, _place(real, handing))
        unexpected: list[Arg] = []
        via = _place(inner.node, handing)
        for arg in rest if handing.rest and signature is not None else ():
            if _takes(inner, arg.keyword):
                arguments.setdefault(arg.keyword or "", self._argument(arg.keyword or "", arg, inner, via))
            elif signature is not None and not signature.accepts_any_keyword:
                unexpected.append(arg)
        if not arguments and not unexpected:
            return None
        parts = Parts(arguments, tuple(unexpected), complete=False)
        return BoundCall(inner.name, call, signature, parts, subclass=inner.subclass, via=via)

    def _argument(self, parameter: str, arg: Arg, inner: BoundCall, to: Origin) -> Argument:
        # It stands for the argument of the inner call: by that name, whatever place the outer call gives it.
        node = Arg(arg.start, arg.end, arg.value, parameter, "")
        return Argument(parameter, Presence.PRESENT, node, self._file.value, inner.short, to)

    def _tells(self, arg: Arg) -> bool:
        return isinstance(arg.value, Literal) or bool(self._file.value(arg.value).possible)

    def _is_followed(self, arg: Arg, inner: BoundCall, parameter: str) -> bool:
        """Whether the value of the inner argument is known to come from here: then it speaks for itself."""
        known = inner.arguments.get(parameter)
        if known is None:
            return False
        inside = {(each.origin.start, each.origin.path) for each in known.value.possible}
        return any((each.origin.start, each.origin.path) in inside for each in self._file.value(arg.value).possible)

    def _find(self, function: FunctionDef, owner: ClassDef | None, left: int) -> Iterator[Handing]:
        if any(not isinstance(each, Name) or each.id not in _BARE for each in function.decorators):
            return
        kept = {} if owner is None else self._stored(function)
        names = {each.name for each in function.parameters}
        around = owner if owner is not None and kept else function
        # Most functions hand nothing on. That is told before their code is gone through.
        calls = self._file.within(Call, around)
        worth = [each for each in calls if _is_given(each, names, kept) and self._is_known(each)]
        if not worth:
            return
        tested = frozenset(name.id for test in self._tests(function) for name in walk(test) if isinstance(name, Name))
        if owner is not None and kept:
            kept = self._only_stored(kept, owner)
        rest = next((each.name for each in function.parameters if each.kind == "**"), None)
        rest = rest if rest is not None and self._is_only_passed_on(rest, function) else None
        others = () if owner is None else (each for each in owner.body if isinstance(each, FunctionDef))
        for method in (function, *(each for each in others if kept and each is not function)):
            for call in certain_calls(method.body, worth):
                handed: dict[int, str] = {}
                spreads = False
                for arg in call.args:
                    name = self._parameter(arg.value, function) or kept.get(_attribute(arg.value))
                    if name is None or name in tested:
                        continue
                    spreads = spreads or (arg.star == "**" and name == rest)
                    if not arg.star and name != rest:
                        handed[id(arg)] = name
                if handed or spreads:
                    yield from self._through(call, handed, spreads, left)

    def _tests(self, node: Node) -> Iterator[Node]:
        """What is compared or taken for true anywhere in a record."""
        branches: tuple[If | While | Conditional, ...] = (*self._file.within(If, node), *self._file.within(While, node))
        for branch in (*branches, *self._file.within(Conditional, node)):
            yield branch.test
        yield from self._file.within(Compare, node)
        yield from (each for each in self._file.within(Binary, node) if each.op in ("and", "or"))
        for statement in self._file.within(Simple, node):
            if statement.kind == "assert":
                yield from statement.children

    def _only_stored(self, kept: dict[str, str], owner: ClassDef) -> dict[str, str]:
        """Those attributes that nothing else in the class sets, and nothing tests."""
        targets: list[Expr] = [target for each in self._file.within(Assign, owner) for target in each.targets]
        targets += [each.target for each in self._file.within(AugAssign, owner)]
        targets += [each.target for each in self._file.within(For, owner)]
        stored = Counter(_attribute(part) for target in targets for part in walk(target))
        looked_at = {_attribute(part) for test in self._tests(owner) for part in walk(test)}
        once = {attr: 0 if attr.startswith("hparams.") else 1 for attr in kept}
        return {attr: name for attr, name in kept.items() if attr not in looked_at and stored[attr] == once[attr]}

    def _is_only_passed_on(self, rest: str, function: FunctionDef) -> bool:
        """Whether a function does nothing with its ``**`` but pass it on whole: it may take or add a keyword."""
        passed = {id(arg.value) for call in self._file.within(Call, function) for arg in call.args if arg.star == "**"}
        return all(id(name) in passed for name in self._file.within(Name, function) if name.id == rest)

    def _is_known(self, call: Call) -> bool:
        """Whether it is known what a call gives its arguments to."""
        bound = self._file.bound(call)
        return (bound is not None and bound.signature is not None) or _target(self._file, call) is not None

    def _stored(self, function: FunctionDef) -> dict[str, str]:
        """The attributes of ``self`` that an ``__init__`` sets to its parameters."""
        found: dict[str, str] = {}
        for statement in function.body:
            if isinstance(statement, Assign) and len(statement.targets) == 1 and statement.value is not None:
                attr = _attribute(statement.targets[0])
                name = self._parameter(statement.value, function) if attr else None
                if name is not None:
                    found[attr] = name
            elif isinstance(statement, ExprStatement) and _saves_parameters(statement.value):
                names = [each.name for each in function.parameters if each.kind not in ("*", "**")]
                found |= {f"hparams.{name}": name for name in names}
        return found

    def _through(self, call: Call, handed: dict[int, str], spreads: bool, left: int) -> Iterator[Handing]:
        bound = self._file.bound(call)
        if bound is not None and bound.signature is not None:
            pairs = tuple(
                (handed[id(each.node)], name, each.node)
                for name, each in bound.arguments.items()
                if each.node is not None and id(each.node) in handed
            )
            if pairs or spreads:
                yield Handing(bound, self._file.path, pairs, spreads)
            return
        target = _target(self._file, call)
        if target is None:
            return
        home, function, owner = target
        given, rest = _given(function, call.args, skip=function.name == "__init__")
        outer = {own: (handed[id(arg)], arg) for own, arg in given.items() if id(arg) in handed}
        more = {arg.keyword: (handed[id(arg)], arg) for arg in rest if id(arg) in handed}
        for handing in home.handings.of(function, owner, left - 1):
            known = [(*outer[own], name) for own, name, _ in handing.pairs if own in outer]
            if handing.rest:
                known += [(*pair, key) for key, pair in more.items() if key is not None and _takes(handing.inner, key)]
            through = tuple((own, name, arg) for own, arg, name in known)
            if through or (spreads and handing.rest):
                yield replace(handing, pairs=through, rest=spreads and handing.rest)

    def _parameter(self, expr: Expr, function: FunctionDef) -> str | None:
        """The parameter of a function that an expression is, unchanged."""
        if not isinstance(expr, Name):
            return None
        bindings = self._file.names.reaching(expr)
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.PARAMETER:
            return None
        return expr.id if any(each is bindings[0].parameter for each in function.parameters) else None


_BARE = frozenset({"staticmethod", "classmethod"})


def _place(node: Node, handing: Handing) -> Origin:
    return Origin(OriginKind.PARAMETER, handing.inner.short, node.start, node.end, handing.path)


def _takes(inner: BoundCall, keyword: str | None) -> bool:
    return keyword is not None and inner.signature is not None and inner.signature.parameter(keyword) is not None


def _target(file: File, call: Call) -> tuple[File, FunctionDef, ClassDef | None] | None:
    """The function of the project that a call runs, with its file.

    For an ``__init__`` with the class that holds it, if that is the one that is called and not one derived from it.
    """
    if isinstance(call.func, Attribute) and call.func.attr == "__init__":
        return _initialiser(file, call)
    found = defined(file, call.func)
    if found is None:
        return None
    home, definition = found
    return (home, definition, None) if isinstance(definition, FunctionDef) else _constructed(home, definition)


def _constructed(home: File, definition: ClassDef) -> tuple[File, FunctionDef, ClassDef | None] | None:
    made = constructor(home, definition)
    if made is None or isinstance(made, str):
        return None
    return made[0], made[2], made[1] if made[1] is definition else None


def _initialiser(file: File, call: Call) -> tuple[File, FunctionDef, ClassDef | None] | None:
    """The ``__init__`` of the project's class that ``super().__init__(...)`` runs."""
    assert isinstance(call.func, Attribute)
    base = call.func.value
    if not (isinstance(base, Call) and isinstance(base.func, Name) and base.func.id == "super"):
        return None
    owner = file.class_around(call.scope)
    bases = [] if owner is None else [each for each in owner.bases if each.keyword is None]
    found = defined(file, bases[0].value) if len(bases) == 1 else None
    if found is None or not isinstance(found[1], ClassDef):
        return None
    made = _constructed(found[0], found[1])
    return None if made is None else (made[0], made[1], None)


def _given(function: FunctionDef, args: tuple[Arg, ...], *, skip: bool) -> tuple[dict[str, Arg], list[Arg]]:
    """The arguments that parameters of a function are given, and the keywords that its ``**`` collects."""
    slots = [each.name for each in function.parameters if each.kind in ("positional-only", "positional")]
    words = {each.name for each in function.parameters if each.kind in ("positional", "keyword-only")}
    given: dict[str, Arg] = {}
    rest: list[Arg] = []
    position = 1 if skip else 0
    for arg in args:
        if arg.star:
            position = len(slots)
        elif arg.keyword is None:
            if position < len(slots):
                given[slots[position]] = arg
            position += 1
        elif arg.keyword in words:
            given[arg.keyword] = arg
        else:
            rest.append(arg)
    return given, rest


def _is_given(call: Call, names: set[str], kept: dict[str, str]) -> bool:
    """Whether an argument of a call looks like a parameter of the function, or like an attribute that is kept."""
    for arg in call.args:
        value = arg.value
        if isinstance(value, Name):
            if value.id in names:
                return True
        elif kept and isinstance(value, Attribute) and _attribute(value) in kept:
            return True
    return False


def _attribute(node: Node) -> str:
    """``lr`` of ``self.lr``, ``hparams.lr`` of ``self.hparams.lr``; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join(parts) if is_self(node) else ""


def _saves_parameters(expr: Expr) -> bool:
    """Whether this is Lightning's ``self.save_hyperparameters()``."""
    return isinstance(expr, Call) and not expr.args and _attribute(expr.func) == "save_hyperparameters"
