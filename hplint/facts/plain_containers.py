"""Modules in plain lists and dictionaries of a module, where ``nn.Module`` does not find them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from hplint.facts import torch_roles as roles
from hplint.facts.constructed import holds_weights, module_class, torch_module, unwrapped
from hplint.facts.file import File
from hplint.facts.lifetimes import followed
from hplint.facts.models import ModuleClass
from hplint.facts.sites import returned_by
from hplint.facts.syntax import (
    Assign,
    Attribute,
    Binary,
    Call,
    Collection,
    Comprehension,
    Dict,
    Expr,
    For,
    Literal,
    Name,
    Node,
    Slice,
    Starred,
    Subscript,
)
from hplint.facts.tree import last_name, walk
from hplint.records import value_record

_GROWING = frozenset({"append", "extend", "insert"})
_READING = frozenset({"len", "enumerate", "zip", "reversed", "range", "iter", "isinstance", "print", "bool", "next"})
_FINDING = frozenset({"parameters", "named_parameters", "add_module", "register_module", "modules", "ModuleList"})
"""Attributes of an element, or functions, that show that somebody looks after the weights."""
_OVERRIDDEN = frozenset({"parameters", "named_parameters", "children", "named_children", "modules", "_apply"})
_LIST_MAKERS = frozenset({"list", "dict", "tuple", "OrderedDict"})


@value_record
class PlainContainer:
    """``self.attr = [nn.Linear(4, 4), ...]``: ``display`` is the container as it is first written.

    ``made``: the constructor calls of what it holds that has weights or a mode. ``flat``: all that it is written with
    are constructors of modules.
    """

    attr: str
    display: Expr
    made: tuple[Call, ...]
    flat: bool


def plain_containers(module: ModuleClass) -> Iterator[PlainContainer]:
    """The attributes that certainly hold modules in a container that ``nn.Module`` does not look into.

    Left out: what may be registered in another way, and lists of one, which hide a module on purpose.
    """
    if module.dynamic or _OVERRIDDEN & module.methods.keys():
        return
    for attr in dict.fromkeys(store.attr for store in module.stores if store.method and module.own(store.node)):
        stores = [store for store in module.stored_at(attr) if store.method and not _is_none(store.value)]
        displays = [_display(module.file, store.value) for store in stores]
        if not displays or any(display is None for display in displays) or _looked_after(module, attr):
            continue
        names = {store.value.id for store in stores if isinstance(store.value, Name)}
        if any(_used_otherwise(module, name, 1) for name in names):
            continue
        written = [element for display in displays for element in _elements(display)]
        added = list(_added(module, attr, names))
        made = [made for element in (*written, *added) for made in _constructed(module, element)]
        lone = not added and all(
            isinstance(each, Collection | Dict) and len([*_elements(each)]) == 1 for each in displays
        )
        if made and not lone and displays[0] is not None:
            flat = all(isinstance(only, Call) and _is_module(module.file, only) for only in (*written, *added))
            yield PlainContainer(attr, displays[0], tuple(made), flat)


def _is_none(value: Expr | None) -> bool:
    return isinstance(value, Literal) and value.value is None


def _display(file: File, value: Expr | None) -> Expr | None:
    """The list, tuple, set or dictionary that is stored; None for anything else."""
    value = None if value is None else followed(file, value)
    helped = returned_by(file, value) if isinstance(value, Call) else None
    value = value if helped is None else followed(file, helped)
    if isinstance(value, Collection | Dict) or (isinstance(value, Comprehension) and value.kind != "generator"):
        return value
    empty = isinstance(value, Call) and not value.args and isinstance(value.func, Name | Attribute)
    return value if empty and isinstance(value, Call) and last_name(value.func) in _LIST_MAKERS else None


def _elements(display: Expr | None) -> Iterator[Expr]:
    match display:
        case Collection(elements=elements):
            yield from elements
        case Dict(items=items):
            yield from (value for _, value in items)
        case Comprehension(element=element):
            yield element


def _added(module: ModuleClass, attr: str, names: set[str]) -> Iterator[Expr]:
    """What is put into the container later: ``self.attr.append(...)``, ``self.attr[key] = ...``, or by a local name."""

    def is_container(expr: Expr) -> bool:
        return (isinstance(expr, Attribute) and expr.attr == attr) or (isinstance(expr, Name) and expr.id in names)

    file, node = module.file, module.node
    for part in sorted((*file.within(Call, node), *file.within(Assign, node)), key=attrgetter("start")):
        match part:
            case Call(func=Attribute(value=container, attr=verb), args=(*_, last)) if verb in _GROWING and is_container(
                container
            ):
                yield from _elements(last.value) if verb == "extend" else (last.value,)
            case Assign(targets=(Subscript(value=container),), value=value) if value and is_container(container):
                yield value


def _constructed(module: ModuleClass, element: Expr) -> Iterator[Call]:
    """The constructor calls of modules with weights, or of dropout, in an element, nested displays included."""
    made = unwrapped(followed(module.file, element))
    if isinstance(made, Collection | Dict):
        for inner in _elements(made):
            yield from _constructed(module, inner)
    elif isinstance(made, Call) and not (isinstance(element, Name) and _used_otherwise(module, element.id, 0)):
        lost = holds_weights(module.file, made) or torch_module(module.file, made) in roles.DROPOUT
        yield from (made,) if lost else ()


def _is_module(file: File, call: Call) -> bool:
    return torch_module(file, unwrapped(call)) is not None or module_class(file, unwrapped(call)) is not None


def _used_otherwise(module: ModuleClass, name: str, stores: int) -> bool:
    """Whether a local name is handed on: unpacked, stored more often than that, or given to what may keep it."""
    file, node = module.file, module.node
    for call in file.within(Call, node):
        if any(_names(arg.value, name) for arg in call.args) and last_name(call.func) not in _READING | _GROWING:
            return True
    if any(_names(each.value, name) for each in file.within(Starred, node)):
        return True
    keeping = (each for each in file.within(Assign, node) if each.value is not None and _names(each.value, name))
    return sum(len(each.targets) for each in keeping) > stores


def _looked_after(module: ModuleClass, attr: str) -> bool:
    """Whether anything in the file hands the container on, or goes through its elements for their parameters."""
    file = module.file
    for call in file.every(Call):
        for arg in call.args:
            value = arg.value
            if isinstance(value, Name | Literal):
                continue  # Most arguments.
            if _mentions(value, attr) and last_name(call.func) not in _READING:
                return True
    for loop in file.all(For):
        if _reads(loop.iter, attr) and _finds(loop.body):
            return True
    for comprehension in file.all(Comprehension):
        if any(_reads(generator.iter, attr) for generator in comprehension.generators) and _finds((comprehension,)):
            return True
    return any(part.attr in _FINDING and _reads(part.value, attr) for part in file.all(Attribute))


def _mentions(expr: Expr, attr: str) -> bool:
    """Whether an argument is the container itself, a part of it, or it unpacked: not what an element returns."""
    match expr:
        case Attribute():
            return expr.attr == attr
        case Starred(value=inner) | Subscript(value=inner, index=Slice()):
            return _mentions(inner, attr)
        case Call(func=Attribute(value=inner, attr="values" | "items")):
            return _mentions(inner, attr)
        case Binary(left=left, right=right):
            return _mentions(left, attr) or _mentions(right, attr)
        case Comprehension(element=element, generators=generators) if not isinstance(element, Call):
            return any(_mentions(generator.iter, attr) for generator in generators)
    return False


def _reads(node: Node, attr: str) -> bool:
    return any(isinstance(part, Attribute) and part.attr == attr for part in walk(node))


def _finds(body: Iterable[Node]) -> bool:
    return any(
        (isinstance(part, Attribute) and part.attr in _FINDING) or (isinstance(part, Name) and part.id in _FINDING)
        for statement in body
        for part in walk(statement)
    )


def _names(expr: Expr, name: str) -> bool:
    return isinstance(expr, Name) and expr.id == name
