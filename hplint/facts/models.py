"""Classes that derive from ``torch.nn.Module``: their layers, containers and ``forward``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.syntax import Attribute, ClassDef, Expr, FunctionDef, Node
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File


@value_record
class Layer:
    """A module that is constructed in a class: ``self.fc1 = nn.Linear(4, 12)``.

    ``attr`` is the attribute that holds it (None inside a container or a local variable), ``call`` its constructor,
    ``container`` the kind of what encloses it: ``Sequential``, ``ModuleList``, ``ModuleDict``, ``list``, ``tuple``,
    ``dict``, ``comprehension`` or None. ``name`` is the qualified name, ``torch.nn.Linear``, and for a class of the
    file its own name.
    """

    attr: str | None
    name: str
    call: BoundCall
    container: str | None

    @property
    def kind(self) -> str | None:
        """``Linear`` for ``torch.nn.Linear``; None for what is not of ``torch.nn``."""
        return self.name.rpartition(".")[2] if self.name.startswith("torch.nn.") else None


@value_record
class AttributeStore:
    """``self.attr = value`` somewhere in the class; ``method`` is where, None in the class body.

    ``value`` is None where no single expression is stored (a loop variable, an unpacked call, ``+=``).
    """

    attr: str
    node: Node
    value: Expr | None
    method: str | None


@value_record
class AttributeUse:
    """``self.attr`` read in a method of the class."""

    attr: str
    node: Attribute
    method: str


@value_record
class ModuleClass:
    """A class of the file that derives, also indirectly, from ``torch.nn.Module``.

    ``bases``: qualified names of the direct bases, local classes by their own name. ``ancestors``: all bases outside
    the file, those of local bases too. ``known``: every base is ``torch.nn.Module``, another torch.nn class, a
    ``LightningModule`` or a local class that is known, so nothing is inherited unseen. ``dynamic``: attributes may
    appear that are not seen (``setattr``, ``__getattr__``, ``add_module``, ``__dict__``, ``exec``, ``register_*`` with
    a computed name, ``self`` handed to an unknown function). ``layers``, ``stores`` and ``uses`` are in the order of
    the text and hold those of known local bases too, before its own. ``methods`` holds its own and inherited local
    ones.
    """

    node: ClassDef
    file: File
    bases: tuple[str, ...]
    ancestors: tuple[str, ...]
    known: bool
    dynamic: bool
    layers: tuple[Layer, ...]
    stores: tuple[AttributeStore, ...]
    uses: tuple[AttributeUse, ...]
    methods: dict[str, FunctionDef]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def forward(self) -> FunctionDef | None:
        return self.methods.get("forward")

    def own(self, node: Node) -> bool:
        """Whether a record stands in this class, not in one of its bases."""
        return self.node.start <= node.start and node.end <= self.node.end

    def reached_from(self, *names: str) -> Iterator[FunctionDef]:
        """The named methods and all methods that these call or hand on, directly or not."""
        calls: dict[str, list[str]] = {}
        for use in self.uses:
            if use.attr in self.methods:
                calls.setdefault(use.method, []).append(use.attr)
        pending = [name for name in reversed(names) if name in self.methods]
        seen = set(pending)
        while pending:
            name = pending.pop()
            yield self.methods[name]
            for called in calls.get(name, ()):
                if called not in seen:
                    seen.add(called)
                    pending.append(called)

    def stored_at(self, attr: str) -> tuple[AttributeStore, ...]:
        """Every place that stores an attribute."""
        return tuple(store for store in self.stores if store.attr == attr)


def self_name(function: FunctionDef) -> str | None:
    """What a method calls its object: the first parameter; None for a static or class method."""
    for decorator in function.decorators:
        if getattr(decorator, "id", None) in ("staticmethod", "classmethod"):
            return None
    first = function.parameters[0] if function.parameters else None
    return first.name if first is not None and first.kind in ("positional", "positional-only") else None
