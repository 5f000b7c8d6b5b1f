"""Collects scopes and bindings while the tree is walked."""

from __future__ import annotations

from hplint.facts.syntax import Binding, BindingKind, Collection, Expr, Name, Scope, Starred


class ScopeBuilder:
    """A scope that is being filled; :meth:`freeze` gives the record."""

    def __init__(self, number: int, kind: str, name: str, parent: ScopeBuilder | None, start: int) -> None:
        self.number = number
        self.kind = kind
        self.name = name
        self.parent = parent
        self.start = start
        self.end = start
        self.bindings: dict[str, list[Binding]] = {}
        self.stars: list[str] = []
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()

    def freeze(self) -> Scope:
        bindings = {name: tuple(found) for name, found in self.bindings.items()}
        parent = None if self.parent is None else self.parent.number
        stars, names = tuple(self.stars), frozenset(self.globals)
        return Scope(self.number, self.kind, self.name, parent, self.start, self.end, bindings, stars, names)


class Scopes:
    """All scopes of a file, the current one, and how deep the walk is in code that may not run."""

    def __init__(self) -> None:
        self.all = [ScopeBuilder(0, "module", "", None, 0)]
        self.current = self.all[0]
        self.conditional = 0

    def open(self, kind: str, name: str, start: int) -> tuple[ScopeBuilder, int]:
        """Enter a new scope; give the answer to :meth:`close` to leave it."""
        outer = self.current, self.conditional
        self.current = ScopeBuilder(len(self.all), kind, name, outer[0], start)
        self.all.append(self.current)
        self.conditional = 0
        return outer

    def close(self, outer: tuple[ScopeBuilder, int], end: int) -> None:
        """Leave the current scope, which ends at ``end``."""
        self.current.end = end
        self.current, self.conditional = outer

    def bind(self, binding: Binding) -> None:
        """Add a binding to the scope that Python would put it in."""
        scope = self.current
        while scope.kind == "comprehension" and binding.kind is not BindingKind.LOOP and scope.parent is not None:
            scope = scope.parent  # the walrus binds around the comprehension
        if binding.name in scope.globals:
            scope = self.all[0]
        elif binding.name in scope.nonlocals and scope.parent is not None:
            scope = scope.parent
        scope.bindings.setdefault(binding.name, []).append(binding)

    def bind_name(self, name: str, kind: BindingKind, start: int, end: int) -> None:
        """Bind a name of which nothing else is known."""
        self.bind(Binding(start, end, name, kind, conditional=self.conditional > 0))

    def bind_target(
        self, target: Expr, kind: BindingKind, value: Expr | None, path: tuple[int, ...] | None = ()
    ) -> None:
        """Bind every name of an assignment's target, with the indices that lead to its part of the value."""
        if isinstance(target, Name):
            conditional = self.conditional > 0
            self.bind(Binding(target.start, target.end, target.id, kind, value, path, conditional=conditional))
        elif isinstance(target, Starred):
            self.bind_target(target.value, kind, value, None)
        elif isinstance(target, Collection):
            certain = path is not None
            for index, element in enumerate(target.elements):
                certain = certain and not isinstance(element, Starred)
                self.bind_target(element, kind, value, (*path, index) if certain and path is not None else None)
