"""Classes that derive from ``torch.nn.Module``: their layers, containers and ``forward``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hplint.facts.syntax import ClassDef, Expr, FunctionDef, Node

if TYPE_CHECKING:
    from hplint.facts.calls import BoundCall
    from hplint.facts.file import File


@dataclass(frozen=True, slots=True)
class Layer:
    """A module that is constructed in a class: ``self.fc1 = nn.Linear(4, 12)``.

    ``attr`` is the attribute that holds it (None inside a container or a local variable), ``call`` its constructor,
    ``container`` the kind of what encloses it: ``Sequential``, ``ModuleList``, ``ModuleDict``, ``list``, ``tuple``,
    ``dict``, ``comprehension`` or None. ``name`` is the qualified name, ``torch.nn.Linear``.
    """

    attr: str | None
    name: str
    call: BoundCall
    container: str | None


@dataclass(frozen=True, slots=True)
class AttributeStore:
    """``self.attr = value`` somewhere in the class; ``method`` is where, None in the class body."""

    attr: str
    node: Node
    value: Expr | None
    method: str | None


@dataclass(frozen=True, slots=True)
class ModuleClass:
    """A class of the file that derives, also indirectly, from ``torch.nn.Module``.

    ``bases``: qualified names of the direct bases, local classes by their own name. ``known``: every base is
    ``torch.nn.Module``, another torch.nn class or a local class that is known, so nothing is inherited unseen.
    ``dynamic``: attributes may appear that are not seen (``setattr``, ``__getattr__``, ``add_module``,
    ``__dict__``, ``exec``, ``register_*`` with a computed name). ``layers`` and ``stores`` are in the order of the text and
    hold those of known local bases too. ``methods`` holds its own and inherited local ones.
    """

    node: ClassDef
    file: File
    bases: tuple[str, ...]
    known: bool
    dynamic: bool
    layers: tuple[Layer, ...]
    stores: tuple[AttributeStore, ...]
    methods: dict[str, FunctionDef]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def forward(self) -> FunctionDef | None:
        return self.methods.get("forward")
