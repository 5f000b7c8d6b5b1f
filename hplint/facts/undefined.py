"""What a module's methods read from their object although nothing defines it."""

from __future__ import annotations

from collections.abc import Iterator

from hplint.facts import torch_roles as roles
from hplint.facts.models import AttributeUse, ModuleClass
from hplint.facts.surroundings import expected
from hplint.facts.syntax import Assign, Attribute, AugAssign, Call, Collection, Expr, For, Literal, Node
from hplint.facts.tree import inside, is_self

_SEEN = roles.PLAIN_BASES | roles.LIGHTNING_MODULES | {"torch.nn.Module"}
"""Bases whose attributes are all known."""


def undefined_uses(module: ModuleClass) -> dict[str, tuple[AttributeUse, ...]]:
    """The attributes that the class's own methods read and nothing defines, with the places that read them.

    Empty as soon as something may define attributes unseen.
    """
    if module.dynamic or not module.known or not _SEEN.issuperset(module.ancestors):
        return {}
    defined = roles.MODULE_ATTRIBUTES | module.methods.keys() | {store.attr for store in module.stores}
    if roles.LIGHTNING_MODULES.intersection(module.ancestors):
        defined |= roles.LIGHTNING_ATTRIBUTES
    found: dict[str, list[AttributeUse]] = {}
    for use in module.uses:
        if module.own(use.node) and use.attr not in defined and not use.attr.startswith("_"):
            found.setdefault(use.attr, []).append(use)
    if found:
        elsewhere = set(_defined_elsewhere(module))
        return {
            attr: tuple(uses)
            for attr, uses in found.items()
            if attr not in elsewhere and not any(expected(module.file, use.node, "AttributeError") for use in uses)
        }
    return {}


def is_complete(module: ModuleClass) -> bool:
    """Whether this file makes objects of the class and none of a class derived from it: what it lacks, it lacks."""
    made = any(module.file.definition(call.func) is module.node for call in module.file.all(Call))
    return made and not module.node.decorators and not any(_derived(module))


def local_name(module: ModuleClass, name: str) -> Node | None:
    """Where a method of the class binds a local name or takes it as a parameter."""
    for method in module.methods.values():
        for binding in module.file.code.scopes[method.scope].bindings.get(name, ()):
            return binding
    return None


def _defined_elsewhere(module: ModuleClass) -> Iterator[str]:
    """Attributes that the file stores on other objects, or names in a string, or a derived class defines."""
    file = module.file
    derived = list(_derived(module))
    for other in derived:
        yield from other.methods
        yield from (store.attr for store in other.stores)
    unrelated = [other.node for other in file.modules if other is not module and other not in derived]
    statements: tuple[Assign | AugAssign | For, ...] = (*file.all(Assign), *file.all(AugAssign), *file.all(For))
    for statement in statements:
        for target in _targets(statement):
            own = is_self(target.value)
            if not (own and any(inside(target, node) for node in unrelated)):
                yield target.attr
    for literal in file.all(Literal):
        if isinstance(literal.value, str):
            yield literal.value


def _derived(module: ModuleClass) -> Iterator[ModuleClass]:
    """The classes of the file that derive from a class, also indirectly."""
    names = {module.name}
    for other in module.file.modules:
        if other.node is not module.node and names.intersection(other.bases):
            names.add(other.name)
            yield other


def _targets(statement: Assign | AugAssign | For) -> Iterator[Attribute]:
    pending: list[Expr] = list(statement.targets) if isinstance(statement, Assign) else [statement.target]
    while pending:
        target = pending.pop()
        if isinstance(target, Attribute):
            yield target
        elif isinstance(target, Collection):
            pending.extend(target.elements)
