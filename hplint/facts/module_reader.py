"""Reads a file's classes as modules: where they come from, what they store and read, which layers they build."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from hplint.facts import torch_roles as roles
from hplint.facts.calls import BoundCall, Parts
from hplint.facts.definitions import derives
from hplint.facts.models import AttributeStore, AttributeUse, Layer, ModuleClass, self_name
from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    AugAssign,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Comprehension,
    Conditional,
    Dict,
    Expr,
    For,
    FunctionDef,
    If,
    Lambda,
    Literal,
    Name,
    Node,
    Starred,
    Stmt,
    Subscript,
    Try,
    With,
)
from hplint.facts.tree import children
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

N = TypeVar("N", bound=Node)

_CONSTRUCTORS = ("__init__", "__post_init__", "setup", "configure_model", "build")
_REGISTER = frozenset({"register_buffer", "register_parameter", "register_module", "add_module", "__setattr__"})
_KEEPS_TO_ITSELF = frozenset(
    {"super", "isinstance", "issubclass", "type", "id", "len", "hash", "print", "repr", "str", "hasattr", "getattr"}
    | {"delattr", "callable", "iter", "next", "copy", "deepcopy", "ref", "proxy", "__init__", "__new__", "__repr__"}
)
"""Functions that add no attribute to the object that they are given."""
_WRAPPERS = frozenset({"weight_norm", "spectral_norm", "orthogonal"})
"""Functions of ``torch.nn.utils`` that return the layer that they are given."""
_COLLECTORS = frozenset({"OrderedDict", "dict", "list", "tuple", "set"})


@value_record
class _Lineage:
    """Where a class comes from. ``outside``: bases that are not in the file, through local ones too."""

    names: tuple[str, ...] = ()
    local: tuple[ClassDef, ...] = ()
    outside: tuple[str, ...] = ()
    module: bool = False
    known: bool = True


@dataclass(slots=True)
class _Body:
    """What a class itself holds."""

    methods: dict[str, FunctionDef] = field(default_factory=dict)
    stores: list[AttributeStore] = field(default_factory=list)
    uses: list[AttributeUse] = field(default_factory=list)
    dynamic: bool = False


class ModuleReader:
    """Reads each class of a file once."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._lineages: dict[int, _Lineage] = {}
        self._read: dict[int, ModuleClass] = {}
        self._active: set[int] = set()

    def read(self, node: ClassDef) -> ModuleClass | None:
        """The class as a module; None when it is none, or it is not sure that it is one."""
        return self._whole(node) if self._lineage(node).module else None

    # --- bases

    def _lineage(self, node: ClassDef) -> _Lineage:
        found = self._lineages.get(node.start)
        if found is None:
            self._lineages[node.start] = _Lineage(known=False)  # for a class that derives from itself
            found = self._lineages[node.start] = self._find_lineage(node)
        return found

    def _find_lineage(self, node: ClassDef) -> _Lineage:
        names: list[str] = []
        local: list[ClassDef] = []
        outside: list[str] = []
        module, known = False, True
        for arg in node.bases:
            if arg.keyword is not None:
                continue
            expr = arg.value.value if isinstance(arg.value, Subscript) else arg.value
            definition = self._file.definition(expr)
            name = self._file.qualified(expr)
            names.append(name or self._file.source(expr))
            if isinstance(definition, ClassDef):
                base = self._lineage(definition)
                local.append(definition)
                outside.extend(base.outside)
                module, known = module or base.module, known and base.known
                continue
            outside.append(names[-1])
            certain = name is not None and (is_torch_module(name) or name in roles.LIGHTNING_MODULES)
            module = module or certain or name in roles.OTHER_MODULES or derives(self._file, expr, _is_module)
            known = known and not arg.star and (certain or name in roles.PLAIN_BASES)
        return _Lineage(tuple(names), tuple(local), tuple(dict.fromkeys(outside)), module, known)

    # --- the whole class

    def _whole(self, node: ClassDef) -> ModuleClass:
        found = self._read.get(node.start)
        if found is None:
            found = self._read[node.start] = self._put_together(node)
        return found

    def _put_together(self, node: ClassDef) -> ModuleClass:
        lineage = self._lineage(node)
        body = self._body(node)
        # The first base wins, as in Python's order for all but diamonds.
        self._active.add(node.start)  # classes may derive from each other
        bases = [self._whole(base) for base in reversed(lineage.local) if base.start not in self._active]
        self._active.discard(node.start)
        methods = {name: method for base in bases for name, method in base.methods.items()} | body.methods
        stores = [store for base in bases for store in base.stores] + body.stores
        uses = [use for base in bases for use in base.uses] + body.uses
        layers = [layer for base in bases for layer in base.layers]
        whole = ModuleClass(
            node,
            self._file,
            lineage.names,
            lineage.outside,
            lineage.known,
            body.dynamic or any(base.dynamic for base in bases),
            (),
            tuple(stores),
            tuple(uses),
            methods,
        )
        own = {method.start for method in body.methods.values()}
        building = [method for method in whole.reached_from(*_CONSTRUCTORS) if method.start in own]
        for method in sorted(building, key=lambda method: method.start):
            layers.extend(self._layers(method))
        return ModuleClass(
            node,
            self._file,
            whole.bases,
            whole.ancestors,
            whole.known,
            whole.dynamic,
            tuple(layers),
            whole.stores,
            whole.uses,
            methods,
        )

    # --- what is stored and read

    def _body(self, node: ClassDef) -> _Body:
        body = _Body()
        for statement in _statements(node.body):
            if isinstance(statement, FunctionDef):
                body.methods[statement.name] = statement
            elif isinstance(statement, Assign) and statement.value is None:
                body.stores.extend(
                    AttributeStore(target.id, target, None, None)
                    for target in statement.targets
                    if isinstance(target, Name)
                )
        for name, bindings in self._file.code.scopes[node.scope].bindings.items():
            for binding in bindings:
                if binding.kind is not BindingKind.FUNCTION:
                    value = binding.value if binding.kind is BindingKind.ASSIGN and binding.path == () else None
                    body.stores.append(AttributeStore(name, binding, value, None))
        body.dynamic = "__getattr__" in body.methods or "__getattribute__" in body.methods or _odd_metaclass(node)
        for method in body.methods.values():
            self._method(method, body)
        return body

    def _method(self, method: FunctionDef, body: _Body) -> None:
        own_name = self_name(method)
        if own_name is None:
            return
        stores: list[tuple[int, AttributeStore]] = []
        written: set[int] = set()
        within = self._file.within
        statements: tuple[Assign | AugAssign | For | With, ...] = (
            *within(Assign, method),
            *within(AugAssign, method),
            *within(For, method),
            *within(With, method),
        )
        for node in statements:
            for target, value in _targets(node):
                if isinstance(target, Attribute) and self._is(target.value, own_name, method):
                    stores.append((node.start, AttributeStore(target.attr, target, value, method.name)))
                    if not isinstance(node, AugAssign):
                        written.add(target.end)
        for call in within(Call, method):
            store = self._call(call, own_name, method, body)
            if store is not None:
                stores.append((call.start, store))
        body.stores.extend(store for _, store in sorted(stores, key=itemgetter(0)))
        for attribute in within(Attribute, method):
            base = attribute.value
            if isinstance(base, Name) and base.id == own_name and self._is(base, own_name, method):
                if attribute.attr == "__dict__":
                    body.dynamic = True
                elif attribute.end not in written:
                    body.uses.append(AttributeUse(attribute.attr, attribute, method.name))

    def _call(self, call: Call, own_name: str, method: FunctionDef, body: _Body) -> AttributeStore | None:
        """What a call stores on the object; noted in ``body`` where it cannot be told."""
        func, args = call.func, call.args
        called = func.attr if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
        if isinstance(func, Attribute) and self._is(func.value, own_name, method):
            if called not in _REGISTER:
                return None
            name, value = _nth(args, 0), _nth(args, 1)
        elif called == "setattr" and isinstance(func, Name) and self._is(_nth(args, 0), own_name, method):
            name, value = _nth(args, 1), _nth(args, 2)
        else:
            if called == "exec":
                body.dynamic = True
            elif called not in _KEEPS_TO_ITSELF:
                for arg in args:
                    if isinstance(arg.value, Name) and self._is(arg.value, own_name, method):
                        body.dynamic = True
            return None
        if isinstance(name, Literal) and isinstance(name.value, str):
            return AttributeStore(name.value, call, value, method.name)
        body.dynamic = True
        return None

    def _is(self, expr: Expr | None, own_name: str, method: FunctionDef) -> bool:
        """Whether an expression is the method's own object, not something of the same name in a function inside it."""
        if not isinstance(expr, Name) or expr.id != own_name:
            return False
        if expr.scope == method.scope:
            return True
        scope = self._file.code.scopes[expr.scope]
        while own_name not in scope.bindings and scope.parent is not None:
            scope = self._file.code.scopes[scope.parent]
        return scope.number == method.scope

    # --- layers

    def _layers(self, method: FunctionDef) -> Iterator[Layer]:
        own_name = self_name(method)
        made: dict[int, str] = {}
        starts: list[int] = []
        for call in self._file.within(Call, method):
            name = self._constructed(call)
            if name is not None:
                made[id(call)] = name
                starts.append(call.start)
        pending: list[tuple[Node, str | None, str | None]] = [(part, None, None) for part in reversed(method.body)]
        while pending and starts:
            node, attr, container = pending.pop()
            first = bisect_left(starts, node.start)
            if first == len(starts) or starts[first] >= node.end:
                continue  # No layer is made in there.
            constructed = made.get(id(node))
            if constructed is not None and isinstance(node, Call):
                bound = self._file.bound(node) or BoundCall(constructed, node, None, Parts({}, complete=False))
                yield Layer(attr, constructed, bound, container)
            pending.extend(reversed(list(_below(node, attr, container, own_name, constructed))))

    def _constructed(self, call: Call) -> str | None:
        """The name of the module that a call constructs."""
        definition = self._file.definition(call.func)
        if isinstance(definition, ClassDef):
            return definition.name if self._lineage(definition).module else None
        name = self._file.qualified(call.func)
        return name if name is not None and is_torch_module(name) else None


def _below(
    node: Node, attr: str | None, container: str | None, own_name: str | None, constructed: str | None
) -> Iterator[tuple[Node, str | None, str | None]]:
    """What is inside a record, each with the attribute and the container that it ends up in.

    ``constructed`` is the name of the module that the record constructs.
    """
    match node:
        case Assign(targets=targets, value=value) if value is not None:
            held = [t.attr for t in targets if isinstance(t, Attribute) and _named(t.value, own_name)]
            yield value, held[0] if held else None, None
        case Call(func=func, args=args):
            called = func.attr if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
            if constructed is not None:
                short = constructed.rpartition(".")[2]
                kept: tuple[str | None, str | None] = None, short if short in roles.MODULE_CONTAINERS else None
            elif called in _WRAPPERS:
                kept = attr, container
            else:
                kept = None, container if called in _COLLECTORS else None
            yield func, attr, container
            for arg in args:
                yield arg.value, *kept
        case Attribute(value=inner) | Starred(value=inner):
            yield inner, attr, container
        case Conditional(body=first, orelse=second):
            yield first, attr, container
            yield second, attr, container
        case Collection() | Dict() | Comprehension():
            kind = node.kind if isinstance(node, Collection) else "dict" if isinstance(node, Dict) else "comprehension"
            for part in children(node):
                yield part, None, container if container in roles.MODULE_CONTAINERS else kind
        case Arg(value=inner):
            yield inner, attr, container
        case FunctionDef() | ClassDef() | Lambda():
            pass
        case _:
            for part in children(node):
                yield part, None, container if not isinstance(node, Stmt) else None


def module_classes(file: File) -> tuple[ModuleClass, ...]:
    """The modules of a file, in the order of the text."""
    reader = ModuleReader(file)
    return tuple(found for node in file.all(ClassDef) if (found := reader.read(node)) is not None)


def _is_module(name: str) -> bool:
    return is_torch_module(name) or name in roles.LIGHTNING_MODULES or name in roles.OTHER_MODULES


def is_torch_module(name: str) -> bool:
    """Whether a qualified name is a module of ``torch.nn``."""
    return name.startswith("torch.nn.") and name.rpartition(".")[2] in roles.MODULES


def _statements(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """The statements of a class body, those under conditions too."""
    for statement in body:
        yield statement
        if isinstance(statement, If | Try | With | For):
            yield from _statements(tuple(part for part in children(statement) if isinstance(part, Stmt)))


def _targets(node: Assign | AugAssign | For | With) -> Iterator[tuple[Expr, Expr | None]]:
    """Every single target of a statement, with its value where that is one expression."""
    if isinstance(node, Assign):
        for target in node.targets:
            yield from _unpacked(target, node.value)
    elif isinstance(node, With):
        for _, name in node.items:
            if name is not None:
                yield from _unpacked(name, None)
    else:
        yield from _unpacked(node.target, None)


def _unpacked(target: Expr, value: Expr | None) -> Iterator[tuple[Expr, Expr | None]]:
    if not isinstance(target, Collection):
        yield target.value if isinstance(target, Starred) else target, value
        return
    values: tuple[Expr | None, ...] = (None,) * len(target.elements)
    if isinstance(value, Collection) and len(value.elements) == len(target.elements):
        starred = any(isinstance(part, Starred) for part in (*value.elements, *target.elements))
        values = values if starred else value.elements
    for part, its_value in zip(target.elements, values, strict=True):
        yield from _unpacked(part, its_value)


def _nth(args: tuple[Arg, ...], position: int) -> Expr | None:
    return args[position].value if position < len(args) and not args[position].star else None


def _named(expr: Expr, name: str | None) -> bool:
    return isinstance(expr, Name) and expr.id == name


def _odd_metaclass(node: ClassDef) -> bool:
    for arg in node.bases:
        if arg.keyword == "metaclass":
            name = arg.value.attr if isinstance(arg.value, Attribute) else getattr(arg.value, "id", "")
            return name != "ABCMeta"
    return False
