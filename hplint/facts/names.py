"""What a name stands for: imports, aliases, local definitions, shadowing, fallbacks."""

from __future__ import annotations

import builtins
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from operator import attrgetter

from hplint import signatures
from hplint.facts.syntax import (
    Attribute,
    Binding,
    BindingKind,
    Call,
    ClassDef,
    Code,
    Conditional,
    Expr,
    For,
    FunctionDef,
    Literal,
    Name,
    Scope,
    While,
)

CONVENTIONS = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "optim": "torch.optim",
    "lr_scheduler": "torch.optim.lr_scheduler",
    "DataLoader": "torch.utils.data.DataLoader",
}
"""What a name that the file never binds is taken for: snippets and notebook cells leave their imports elsewhere."""
_BUILTINS = frozenset(dir(builtins))
_MAX_ALIASES = 20
_MANY = 8
"""Bindings of one name that are gone through one by one."""
_NAMES = (Name, Attribute, Conditional)
_START = attrgetter("start")


class Names:
    """Answers questions about the names of one file."""

    def __init__(self, code: Code, linked: Callable[[str], tuple[str, ...] | None] = lambda dotted: None) -> None:
        """``linked``: what an imported dotted name stands for where a module of the project is in between."""
        self._code = code
        self._scopes = code.scopes
        self._linked = linked
        self._own: set[str] = set()
        self._known: dict[int, tuple[str, ...]] = {}
        self._known_names: dict[tuple[str, int], tuple[str, ...]] = {}
        self._orders: dict[int, tuple[list[int], list[int]] | None] = {}

    def scope(self, number: int) -> Scope:
        return self._scopes[number]

    def lookup(self, name: str, scope: int) -> tuple[Scope, tuple[Binding, ...]] | None:
        """The scope that binds a name for code in ``scope``, and all its bindings there, as Python looks it up."""
        scopes = self._scopes
        here = scopes[scope]
        first = True
        while True:
            if first or here.kind != "class":
                if name in here.globals:
                    here = scopes[0]
                found = here.bindings.get(name)
                if found is not None:
                    return here, found
            if here.parent is None:
                return None
            first = first and here.kind == "comprehension"
            here = scopes[here.parent]

    def is_bound(self, name: str, scope: int) -> bool:
        """Whether a name means something: bound here or around, a builtin, or maybe brought by a star import."""
        if self.lookup(name, scope) is not None or name in _BUILTINS:
            return True
        for module in self._stars(scope):
            exported = signatures.exports(module)
            if name in exported if exported is not None else self._linked(f"{module}.{name}") != ():
                return True
        return False

    def reaching(self, name: Name) -> tuple[Binding, ...]:
        """The bindings that may have given a name its value where it is read; empty when it is not bound here.

        Within one scope these are the last unconditional binding before it and the conditional ones after that, and
        those of a loop around both. From an inner scope every binding counts.
        """
        found = self.lookup(name.id, name.scope)
        if found is None:
            return ()
        scope, bindings = found
        if len(bindings) == 1 or not self._same_frame(name.scope, scope):
            return bindings
        before = self._before(bindings, name.start)
        if len(before) == len(bindings):
            return bindings
        loop = self._loop_around(name.start)
        if loop is None:
            return tuple(before) or bindings
        start, end = loop
        known = set(map(id, before))
        later = [each for each in bindings if start <= each.start < end and id(each) not in known]
        return (*before, *later) or bindings

    def candidates(self, expr: Expr) -> tuple[str, ...]:
        """All dotted names that an expression may stand for, in the order of the text; empty when unsure."""
        found = self._known.get(id(expr))
        if found is None:
            found = self._known[id(expr)] = self._candidates(expr, _MAX_ALIASES)
        return found

    def qualified(self, expr: Expr) -> str | None:
        """The one canonical dotted name that an expression stands for, None when unsure."""
        root = expr
        while type(root) is Attribute:
            root = root.value
        if type(root) is Name and self._known_names.get((root.id, root.scope)) == ():
            return None  # Most expressions are something of a value.
        found = self._known.get(id(expr))
        if found is None:
            found = self._known[id(expr)] = self._candidates(expr, _MAX_ALIASES)
        return found[0] if len(found) == 1 else None

    def definition(self, expr: Expr) -> FunctionDef | ClassDef | None:
        """The function or class of this file that an expression stands for, None when unsure."""
        if not isinstance(expr, Name):
            return None
        bindings = self.reaching(expr)
        if len(bindings) != 1:
            return None
        binding = bindings[0]
        if binding.kind is BindingKind.ASSIGN and binding.path == () and isinstance(binding.value, Name):
            return self.definition(binding.value)
        return binding.definition

    def star_of(self, name: str, scope: int = 0) -> str | None:
        """The dotted name behind a name that the file does not bind, where a star import of the project brings it."""
        for module in reversed(self._stars(scope)):
            dotted = f"{module}.{name}"
            if signatures.exports(module) is None:
                linked = self._linked(dotted)
                if linked != ():
                    return None if linked is None else dotted
        return None

    def of_project(self, expr: Expr) -> str | None:
        """The dotted name, as it is imported here, of something that another module of the project defines."""
        name = self.qualified(expr) if isinstance(expr, Name | Attribute) else None
        return name if name in self._own else None

    def may_be_project(self, qualified: str) -> bool:
        """Whether something with a qualified name may be defined in this file or in another module of the project."""
        return "." not in qualified or qualified in self._own

    @cached_property
    def plain(self) -> frozenset[str]:
        """Names that no import binds and no other name is assigned to: parameters, results of calls. Most names are."""
        bound: set[str] = set()
        passed_on: set[str] = set()
        for scope in self._scopes:
            bound.update(scope.bindings)
            for name, bindings in scope.bindings.items():
                for each in bindings:
                    if each.imported is not None or (each.value is not None and _may_be_name(each.value)):
                        passed_on.add(name)
                        break
        return frozenset(bound - passed_on)

    def member(self, module: str, attr: str) -> str:
        """The canonical name of an attribute of something with a qualified name."""
        found = self._attributes((module,), attr)
        return found[0] if found else f"{module}.{attr}"

    def handed_on(self, dotted: str) -> tuple[str, ...] | None:
        """What users of this module get under a name from elsewhere; None for what is the module's own or unknown.

        ``()``: the module certainly has no such name.
        """
        name, _, rest = dotted.partition(".")
        bindings = self._scopes[0].bindings.get(name)
        if bindings is None:
            return self._handed_on_by_star(dotted)
        found: list[str] = []
        for binding in bindings:
            names: tuple[str, ...] = ()
            if binding.imported is not None:
                names = self._imported(binding.imported)
            elif binding.kind is BindingKind.ASSIGN and binding.value is not None and binding.path == ():
                if isinstance(binding.value, Literal) and binding.value.value is None and len(bindings) > 1:
                    continue  # `except ImportError: amp = None`
                names = self._candidates(binding.value, _MAX_ALIASES)
            for attr in rest.split(".") if rest else ():
                names = self._attributes(names, attr)
            if not names or not all(self._is_foreign(name) for name in names):
                return None
            found += names
        return _distinct(found) or None

    def _handed_on_by_star(self, dotted: str) -> tuple[str, ...] | None:
        for module in reversed(self._scopes[0].stars):
            exported = signatures.exports(module)
            if exported is not None:
                if dotted.partition(".")[0] in exported:
                    return (signatures.canonical(f"{module}.{dotted}"),)
                continue
            linked = self._linked(f"{module}.{dotted}")
            if linked is None or linked:
                return None if linked is None or linked == (f"{module}.{dotted}",) else linked
        return ()

    def _is_foreign(self, name: str) -> bool:
        """Whether a dotted name means the same in every file: it is neither local nor of the project."""
        top = name.partition(".")[0]
        return bool(top) and name not in self._own and (top not in self._scopes[0].bindings or top in self._libraries)

    @cached_property
    def _libraries(self) -> frozenset[str]:
        """The first parts of names that come from outside the project."""
        imported = [b.imported for found in self._scopes[0].bindings.values() for b in found if b.imported is not None]
        return frozenset(name.partition(".")[0] for name in imported if self._linked(name) is None)

    def _imported(self, dotted: str) -> tuple[str, ...]:
        """What an import brings."""
        if signatures.is_module(dotted.partition(".")[0]):
            return (signatures.canonical(dotted),)
        linked = self._linked(dotted)
        if linked is None:
            return (signatures.canonical(dotted),)
        if linked == (dotted,):
            self._own.add(dotted)
        return linked

    def _attributes(self, bases: tuple[str, ...], attr: str) -> tuple[str, ...]:
        if not bases:
            return ()
        found: list[str] = []
        for base in bases:
            name = f"{base}.{attr}"
            found += self._imported(name) if base in self._own else (signatures.canonical(name),)
        return _distinct(found)

    def _before(self, bindings: tuple[Binding, ...], place: int) -> Sequence[Binding]:
        """The last unconditional binding that has taken effect at a place, and the conditional ones after it."""
        order = self._order(bindings) if len(bindings) > _MANY else None
        if order is not None:
            effects, fresh = order
            end = bisect_right(effects, place)
            return bindings[fresh[end] : end]
        before: list[Binding] = []
        for binding in bindings:
            if _takes_effect(binding) <= place:
                if not binding.conditional:
                    before.clear()
                before.append(binding)
        return before

    def _order(self, bindings: tuple[Binding, ...]) -> tuple[list[int], list[int]] | None:
        """Where bindings take effect, and from which one on they count when so many have; None where that is no order.

        So that a name that is bound thousands of times is not gone through for each of its uses.
        """
        key = id(bindings)
        if key not in self._orders:
            effects = [_takes_effect(each) for each in bindings]
            fresh = [0]
            for number, each in enumerate(bindings):
                fresh.append(fresh[-1] if each.conditional else number)
            self._orders[key] = None if effects != sorted(effects) else (effects, fresh)
        return self._orders[key]

    def _loop_around(self, place: int) -> tuple[int, int] | None:
        """Where the outermost loop around a place starts and ends."""
        number = bisect_right(self._loops[0], place) - 1
        if number < 0 or self._loops[1][number] <= place:
            return None
        return self._loops[0][number], self._loops[1][number]

    @cached_property
    def _loops(self) -> tuple[list[int], list[int]]:
        """The starts and ends of loops that stand in no other one, in the order of the text."""
        index = self._code.index
        starts: list[int] = []
        ends: list[int] = []
        for loop in sorted((*index.get(For.__name__, ()), *index.get(While.__name__, ())), key=_START):
            if not ends or loop.start >= ends[-1]:
                starts.append(loop.start)
                ends.append(loop.end)
        return starts, ends

    def _same_frame(self, inner: int, outer: Scope) -> bool:
        """Whether code of one scope runs in the frame of the other: the same one, or a comprehension in it."""
        here = self._scopes[inner]
        while here.number != outer.number and here.kind == "comprehension" and here.parent is not None:
            here = self._scopes[here.parent]
        return here.number == outer.number

    def _stars(self, scope: int) -> list[str]:
        found: list[str] = []
        if not self._has_stars:
            return found
        here: Scope | None = self._scopes[scope]
        while here is not None:
            found.extend(here.stars)
            here = None if here.parent is None else self._scopes[here.parent]
        return found

    @cached_property
    def _has_stars(self) -> bool:
        return any(scope.stars for scope in self._scopes)

    def _candidates(self, expr: Expr, left: int) -> tuple[str, ...]:
        if left == 0:
            return ()
        if isinstance(expr, Name):
            return self._of_name(expr, left)
        if isinstance(expr, Attribute):
            return self._attributes(self._candidates(expr.value, left - 1), expr.attr)
        if isinstance(expr, Conditional):
            return self._union((expr.body, expr.orelse), left)
        match expr:
            case Call(func=Name(id="getattr"), args=(first, second, *_)):
                if isinstance(second.value, Literal) and isinstance(second.value.value, str):
                    return self._attributes(self._candidates(first.value, left - 1), second.value.value)
        return ()

    def _union(self, parts: tuple[Expr, ...], left: int) -> tuple[str, ...]:
        found = [self._candidates(part, left - 1) for part in parts]
        return _distinct(name for names in found for name in names) if all(found) else ()

    def _of_name(self, name: Name, left: int) -> tuple[str, ...]:
        key = name.id, name.scope
        known = self._known_names.get(key)
        if known is not None:
            return known
        bound = self.lookup(name.id, name.scope)
        if bound is None:
            found = self._known_names[key] = self._unbound(name)
        elif not any(map(_may_lead_on, bound[1])):
            found = self._known_names[key] = ()  # A value, however often it is bound anew: most names are.
        elif len(bound[1]) > 1:
            found = self._of_bindings(self.reaching(name), left)  # Not the same everywhere in the scope.
        else:
            found = self._of_bindings(bound[1], left)
            # A search through aliases that is near its end may find less than a new one.
            if found or left == _MAX_ALIASES or bound[1][0].kind is not BindingKind.ASSIGN:
                self._known_names[key] = found
        return found

    def _of_bindings(self, bindings: tuple[Binding, ...], left: int) -> tuple[str, ...]:
        found: list[str] = []
        for binding in bindings:
            if binding.imported is not None:
                found.extend(self._imported(binding.imported))
            elif binding.definition is not None:
                found.append(binding.name)
            elif binding.kind is BindingKind.ASSIGN and binding.value is not None and binding.path == ():
                if isinstance(binding.value, Literal) and binding.value.value is None:
                    continue  # `except ImportError: amp = None`
                names = self._candidates(binding.value, left - 1)
                if not names:
                    return ()
                found.extend(names)
            else:
                return ()
        return _distinct(found)

    def _unbound(self, name: Name) -> tuple[str, ...]:
        stars = self._stars(name.scope)
        for module in reversed(stars):
            exported = signatures.exports(module)
            if exported is None:
                linked = self._linked(f"{module}.{name.id}")
                if linked is None:
                    return ()
                if linked:
                    return self._imported(f"{module}.{name.id}")
            elif name.id in exported:
                return (signatures.canonical(f"{module}.{name.id}"),)
        if name.id in _BUILTINS:
            return (f"builtins.{name.id}",)
        return (CONVENTIONS[name.id],) if name.id in CONVENTIONS else ()


def _may_be_name(value: Expr) -> bool:
    """Whether a value may be a module: another name, a choice of two, or what ``getattr`` returns."""
    if isinstance(value, Call):
        return isinstance(value.func, Name) and value.func.id == "getattr"
    return isinstance(value, _NAMES)


def _may_lead_on(binding: Binding) -> bool:
    """Whether a name that is bound here may be that of something with a dotted name."""
    if binding.value is None:
        return binding.imported is not None or binding.definition is not None
    return binding.kind is BindingKind.ASSIGN and binding.path == () and _may_be_name(binding.value)


def _takes_effect(binding: Binding) -> int:
    """From where on a binding holds: behind its value, for `x = x + 1` reads the old one."""
    return max(binding.end, binding.value.end if binding.value is not None else 0)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
