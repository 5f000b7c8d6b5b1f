"""Attributes and items that are set after their object was made, and which of these settings hold where one is read."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from hplint.facts.configured import Items
from hplint.facts.holders import Store
from hplint.facts.mappings import LACKING, Mapping
from hplint.facts.origins import without_none
from hplint.facts.records import Instance
from hplint.facts.syntax import (
    Attribute,
    AugAssign,
    Call,
    Expr,
    For,
    If,
    Literal,
    Name,
    Node,
    Subscript,
    While,
)
from hplint.facts.tree import found_empty
from hplint.facts.values import OriginKind
from hplint.facts.ways import Held, Way, Ways, either, one, unknown

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_MOST = 48
"""Settings of one attribute that are looked at."""


class _Sameness(Enum):
    """Whether the object that is changed is the one that is read."""

    YES = 1
    LIKELY = 2
    """One of several, or any object of a class."""
    MAYBE = 3
    """It is not known what is changed."""
    NO = 4


class Stores:
    """Answers for values that are read in one file."""

    def __init__(self, owner: Evaluator) -> None:
        self._owner = owner

    def applied(self, entry: Ways, held: Held, name: str, use: Expr | None, frame: int) -> Ways:
        """An entry of objects, with what is set later; ``use`` None: at the end of the module."""
        homes = {id(each.home): each.home for each in held.every if each.home is not self._owner}
        for home in (*homes.values(), self._owner):
            stores = [*home.holders.stores(name), *self._of_any(home, held)]
            if len(stores) > _MOST:
                return unknown(f"`{name}` is set in very many places")
            for store in sorted(stores, key=lambda each: each.node.start):
                how = self._may_change(store, held, home)
                if how is not _Sameness.NO:
                    reader = use if home is self._owner else None
                    entry = self._after(entry, store, how, held, home, name, reader, frame)
        return entry

    def _of_any(self, home: Evaluator, held: Held) -> list[Store]:
        """Stores that may set anything; items are set on what is no dictionary by ``vars(x)`` and the like only."""
        if any(isinstance(each, Mapping | Items) for each in held.every):
            return home.holders.stores_of_any
        return [store for store in home.holders.stores_of_any if _reaches_attributes(store)]

    def changes(self, held: Held) -> bool:
        """Whether anything of some objects is set after they were made."""
        homes = {id(self._owner): self._owner, **{id(each.home): each.home for each in held.every}}
        return any(
            self._may_change(store, held, home) is not _Sameness.NO
            for home in homes.values()
            for store in home.holders.every_store
        )

    def changed(self, held: Held) -> set[str] | None:
        """The names of what is set after some objects were made, None where it may be any."""
        homes = {id(self._owner): self._owner, **{id(each.home): each.home for each in held.every}}
        keys = {
            store.key
            for home in homes.values()
            for store in home.holders.every_store
            if self._may_change(store, held, home) is not _Sameness.NO
        }
        return None if None in keys else {key for key in keys if key is not None}

    # --- which stores matter

    def _may_change(self, store: Store, held: Held, home: Evaluator) -> _Sameness:
        """Whether a store is one to the same object."""
        base = store.base
        if isinstance(base, Attribute) and base.attr == "__dict__":
            base = base.value
        target = home.objects(base)
        if store.loads:
            # What is read goes into the objects inside as well.
            loaded = any(isinstance(each, Mapping | Items) for each in target.every) or not target.every
            return (
                _Sameness.MAYBE if loaded and any(isinstance(e, Mapping | Items) for e in held.every) else _Sameness.NO
            )
        if any(mine.may_be(other) for mine in held.every for other in target.every):
            one_each = len(held.every) == len(target.every) == 1
            vague = any(isinstance(each, Instance) and each.call is None for each in (*held.every, *target.every))
            return _Sameness.YES if one_each and not vague else _Sameness.LIKELY
        if target.closed or target.every or isinstance(store.node, Call):
            return _Sameness.NO
        # An attribute of something unknown: it may be anything but an object of a library.
        return _Sameness.MAYBE if _is_attribute(store) and not _is_foreign(base, home) else _Sameness.NO

    # --- when they hold

    def _after(
        self,
        entry: Ways,
        store: Store,
        how: _Sameness,
        held: Held,
        home: Evaluator,
        name: str,
        use: Expr | None,
        frame: int,
    ) -> Ways:
        holders = home.holders
        at = holders.frame(_scope(store.base))
        around = holders.around(store.node, at)
        branches = [each for each in around if use is None or not each.start <= use.start < each.end]
        loops = any(isinstance(each, For | While) for each in around if each not in branches)
        same_frame = use is not None and at == frame
        if same_frame and use is not None and store.node.end > use.start and not loops:
            return entry
        if how is _Sameness.MAYBE:
            why = "a document or the command line may change it" if store.loads else f"`{name}` is set elsewhere"
            return replace(entry, closed=False, why=why)
        what = self._given(store, home, name)
        if what is LACKING:
            return entry
        if branches or (same_frame and loops):
            narrowed = without_none(entry) if _fills_in(store, branches) else entry
            return either((narrowed, what))
        if how is _Sameness.LIKELY and not (same_frame and use is not None and _reads_same(use, store)):
            return replace(either((entry, what)), closed=False)
        if same_frame or at == 0 or any(holder.home is home and holder.frame == at for holder in held.every):
            return what
        return unknown(f"`{name}` is set in another function")

    def _brought(self, content: Held, name: str) -> Ways:
        """What ``x.update(content)`` sets."""
        entries = [holder.entry(name) for holder in content.every]
        if content.closed and all(entry is LACKING for entry in entries):
            return LACKING
        return either((*entries, *(() if content.closed else (unknown("it is updated with something unknown"),))))

    def _given(self, store: Store, home: Evaluator, name: str) -> Ways:
        if store.content is not None:
            return self._brought(home.objects(store.content), name)
        value = store.value
        if isinstance(store.node, AugAssign) and not home.holders.loops(store.node, home.holders.frame_at(store.node)):
            value = home.holders.in_place(store.node.start)
        if value is None:
            return unknown(f"`{name}` is changed in place")
        base = store.base.id if isinstance(store.base, Name) else ""
        label = f"{base}.{name}" if _is_attribute(store) else f"{base}[{name!r}]"
        return one(Way(value, OriginKind.CONSTANT, label, home))


def _reaches_attributes(store: Store) -> bool:
    """Whether a store that may set any item may set attributes as well."""
    base = store.base
    if isinstance(base, Name) and isinstance(store.node, Call):
        return isinstance(store.node.func, Name)  # setattr
    return isinstance(base, Call) or (isinstance(base, Attribute) and base.attr == "__dict__")


def _reads_same(use: Expr, store: Store) -> bool:
    """Whether the object is called the same where it is read and where it is set."""
    return isinstance(use, Attribute | Subscript) and same(use.value, store.base)


def _is_attribute(store: Store) -> bool:
    return store.key is not None and not isinstance(store.node, Call) and not _is_item(store)


def _is_item(store: Store) -> bool:
    targets = getattr(store.node, "targets", None) or (getattr(store.node, "target", None),)
    return any(isinstance(each, Subscript) and each.value is store.base for each in targets)


def _is_foreign(base: Expr, home: Evaluator) -> bool:
    """Whether an expression is known to be something of a library."""
    names = home.names
    if names.qualified(base) is not None and names.definition(base) is None:
        return True
    if not isinstance(base, Name):
        return False
    bindings = names.reaching(base)
    made = bindings[0].value if len(bindings) == 1 and bindings[0].path == () else None
    if not isinstance(made, Call):
        return False
    maker = names.qualified(made.func)
    return maker is not None and home.definitions.definition_at(made.func) is None


def _scope(expr: Expr) -> int:
    """The scope of the name that an expression starts with."""
    while isinstance(expr, Attribute | Subscript):
        expr = expr.value
    return expr.scope if isinstance(expr, Name | Call) else 0


def _fills_in(store: Store, branches: list[Node]) -> bool:
    """Whether it is ``if args.lr is None: args.lr = …`` or ``if not args.lr: …``."""
    if len(branches) != 1 or not isinstance(branches[0], If):
        return False
    if any(statement is store.node for statement in branches[0].orelse):
        return False
    tested = found_empty(branches[0].test)
    return isinstance(tested, Attribute | Subscript) and _key(tested) == store.key and same(tested.value, store.base)


def _key(expr: Attribute | Subscript) -> object:
    if isinstance(expr, Attribute):
        return expr.attr
    return expr.index.value if isinstance(expr.index, Literal) else None


def same(left: Expr, right: Expr) -> bool:
    """Whether two expressions read the same: names and their attributes only."""
    if isinstance(left, Name) and isinstance(right, Name):
        return left.id == right.id
    if isinstance(left, Attribute) and isinstance(right, Attribute):
        return left.attr == right.attr and same(left.value, right.value)
    return False
