"""Follows calls: of functions, classes and objects of the project, of methods of tensors and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.flow import (
    UNKNOWN,
    Built,
    Const,
    Flow,
    Frame,
    Function,
    Given,
    Instance,
    Items,
    Kind,
    Ref,
    Several,
    Step,
    Super,
    Unknown,
    parts,
    several,
)
from hplint.facts.following_library import Libraries, tensors
from hplint.facts.operations import method_kind, words
from hplint.facts.syntax import Attribute, Call, Expr, FunctionDef, Lambda, Literal, Name, Node
from hplint.facts.tree import last_name
from hplint.signatures import canonical

if TYPE_CHECKING:
    from hplint.facts.file import File

NESTING = 10
"""Functions called from each other that are followed."""
_REPEATS = 12
"""Times that one function is followed; after that its results are unknown."""
_SAME_OBJECT = words(
    "to cuda cpu float double half bfloat16 type to_empty compile train eval requires_grad_ apply share_memory"
)
"""Methods of a module that return it."""
_DECORATORS = words(
    "no_grad inference_mode enable_grad staticmethod classmethod property cached_property abstractmethod override "
    "autocast custom_fwd compile script script_method ignore export unused typechecked jaxtyped beartype"
)
"""Decorators that leave what a function gives as it is."""


_NOTHING = Given((), {}, True, {})
"""The arguments of a call without any."""


class Calls(Libraries):
    """Calls of all kinds, and the attributes of objects."""

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._stack: list[Node] = []

    def _call(self, expr: Call, frame: Frame) -> Flow:
        func = expr.func
        attr: str | None = None
        called: Expr = func
        if isinstance(func, Attribute):
            attr, called = func.attr, func.value
        elif isinstance(func, Name) and func.id == "print":
            return UNKNOWN
        base = self.value(called, frame)
        given = self._given(expr, frame) if expr.args else _NOTHING
        here = frame.file is self.file
        if here:
            self.calls.append(expr)
        if attr is not None:
            if type(base) is Several:
                found = several([self._method(each, attr, given, expr, frame) for each in base.parts])
            else:
                found = self._method(base, attr, given, expr, frame)
        elif self.loss_of(base, expr, given, frame):
            found = UNKNOWN
        elif type(base) is Several:
            found = several([self.apply(each, given, expr, frame) for each in base.parts])
        else:
            found = self.apply(base, given, expr, frame)
        if here:
            self.calls.pop()
        if attr is not None and type(found) is Step and attr.endswith("_") and isinstance(called, Name):
            self.assign(called, found, frame)  # `x.relu_()` changes `x`
        return found

    def _given(self, call: Call, frame: Frame) -> Given:
        positional: list[Flow] = []
        keywords: dict[str, Flow] = {}
        nodes: dict[int, Flow] = {}
        complete, open_end = True, False
        for arg in call.args:
            value = arg.value
            flow = Const(value.value) if type(value) is Literal else self.value(value, frame)
            if not arg.star:
                nodes[id(value)] = flow
                if arg.keyword is not None:
                    keywords[arg.keyword] = flow
                elif not open_end:
                    positional.append(flow)
            elif arg.star == "*":
                found = self.iterated(flow)
                positional += found or () if not open_end else ()
                complete, open_end = complete and found is not None, open_end or found is None
            else:
                content = self.content(flow) if isinstance(flow, Items) and flow.kind == "dict" else None
                complete = complete and content is not None
                keywords |= {key: each for key, each in content or () if isinstance(key, str)}
        return Given(tuple(positional), keywords, complete, nodes)

    def apply(self, callee: Flow, given: Given, call: Call, frame: Frame) -> Flow:
        """What calling something gives."""
        match callee:
            case Built():
                return self.layer(callee, given, call, frame)
            case Instance():
                return self._method(callee, "forward", given, call, frame)
            case Function():
                return self.inline(callee, given)
            case Kind():
                return self.construct(callee, given, call)
            case Ref(name=name):
                return self.library(name, given, call, frame)
        self.escaped(given)
        return UNKNOWN

    def _method(self, base: Flow, attr: str, given: Given, call: Call, frame: Frame) -> Flow:
        match base:
            case Ref(name=name):
                return self.library(canonical(f"{name}.{attr}"), given, call, frame)
            case Step():
                kind = method_kind(attr, certain=True)
                return UNKNOWN if kind is None else self.function(kind, (base, *tensors(given)), given, call, frame)
            case Unknown():
                kind = method_kind(attr, certain=False)
                self.escaped(given)
                return UNKNOWN if kind is None else self.function(kind, (base,), given, call, frame)
            case Instance():
                return self._method_of_object(base, attr, given, call, frame)
            case Built() | Items():
                return self._method_of_container(base, attr, given, call, frame)
            case Kind():
                return self.apply(self._member(base, attr, None, frame), given, call, frame)
            case Super():
                return self._method_above(base, attr, given)
        self.escaped(given)
        return UNKNOWN

    def _method_of_object(self, base: Instance, attr: str, given: Given, call: Call, frame: Frame) -> Flow:
        member = self.attribute(base, attr, frame)
        if not isinstance(member, Unknown):
            if self.loss_of(member, call, given, frame):
                return UNKNOWN
            return several([self.apply(each, given, call, frame) for each in parts(member)])
        if attr in _SAME_OBJECT:
            return base
        if attr == "forward":
            member = self.attribute(base, "__call__", frame)
            return self.inline(member, given) if isinstance(member, Function) else UNKNOWN
        if attr in ("add_module", "register_module") and len(given.positional) == 2:
            self.set_attribute(base, given.positional[0], given.positional[1])
        self.escaped(given)
        return UNKNOWN

    def _method_above(self, base: Super, attr: str, given: Given) -> Flow:
        for each in base.owner.node.bases:
            above = None if each.keyword else self.value(each.value, base.owner.frame)
            if isinstance(above, Kind) and above.node is not base.owner.node:
                owner, member = self.find(above, attr)
                if owner is not None and isinstance(member, FunctionDef):
                    return self.inline(Function(member, owner.file, owner.frame, owner, base.bound), given)
        return UNKNOWN

    def _method_of_container(self, base: Built | Items, attr: str, given: Given, call: Call, frame: Frame) -> Flow:
        content = self.content(base)
        if isinstance(base, Built) and attr in _SAME_OBJECT:
            return base
        if attr == "forward" and isinstance(base, Built):
            return UNKNOWN if self.loss_of(base, call, given, frame) else self.layer(base, given, call, frame)
        if attr in ("children", "values", "items", "keys", "parameters", "named_parameters", "modules", "state_dict"):
            if attr in ("children", "values") and content is not None:
                return self.items("list", call, [flow for _, flow in content])
            if attr == "items" and content is not None:
                pairs = [self.items("tuple", call, (Const(key), flow)) for key, flow in content]
                return self.items("list", call, pairs)
            return UNKNOWN
        if attr == "append" and content is not None and len(given.positional) == 1:
            self.set_content(base, (*content, (len(content), given.positional[0])))
        elif attr == "add_module" and content is not None and len(given.positional) == 2:
            name = given.positional[0]
            known = isinstance(name, Const) and all(key != name.value for key, _ in content)
            self.set_content(base, (*content, (name.value, given.positional[1])) if known else None)  # type: ignore[union-attr]
        elif attr == "extend" and content is not None and len(given.positional) == 1:
            more = self.iterated(given.positional[0])
            every = None if more is None else [*[flow for _, flow in content], *more]
            self.set_content(base, None if every is None else tuple(enumerate(every)))
        elif attr in ("get", "index", "count", "copy"):
            return UNKNOWN
        else:
            self.set_content(base, None)
        return base if isinstance(base, Built) else UNKNOWN

    # --- objects of the project

    def construct(self, kind: Kind, given: Given, node: Node) -> Instance:
        """A new object."""
        made = Instance(kind, node)
        self.made.append(made)
        owner, member = self.find(kind, "__init__")
        if owner is not None and isinstance(member, FunctionDef):
            self.inline(Function(member, owner.file, owner.frame, owner, made), given)
        elif kind.node.decorators:
            for name, flow in given.keywords.items():
                self.heap[made, name] = flow
        return made

    def attribute(self, owner: Instance, attr: str, frame: Frame) -> Flow:
        """What an attribute of an object holds."""
        found = self.heap.get((owner, attr))
        if found is not None and not isinstance(found, tuple):
            return found
        return self._member(owner.kind, attr, owner, frame)

    def _member(self, kind: Kind, attr: str, bound: Instance | None, frame: Frame) -> Flow:
        owner, member = self.find(kind, attr)
        if owner is None or member is None:
            return UNKNOWN
        if not isinstance(member, FunctionDef):
            return self.value(member, owner.frame)
        decorators = [_decorator(decorator) for decorator in member.decorators]
        if "staticmethod" in decorators:
            return Function(member, owner.file, owner.frame, owner)
        if "classmethod" in decorators:
            return Function(member, owner.file, owner.frame, owner, kind)
        function = Function(member, owner.file, owner.frame, owner, bound)
        if "property" in decorators or "cached_property" in decorators:
            return self.inline(function, _NOTHING) if bound is not None else UNKNOWN
        return function

    def find(self, kind: Kind, attr: str, depth: int = 0) -> tuple[Kind | None, FunctionDef | Expr | None]:
        """The method, or the value in the class body, that an attribute of a class's objects is; and whose it is."""
        found: FunctionDef | Expr | None = None
        for statement in kind.node.body:
            if isinstance(statement, FunctionDef) and statement.name == attr:
                found = statement
            elif isinstance(statement, syntax.Assign) and any(
                isinstance(target, Name) and target.id == attr for target in statement.targets
            ):
                found = statement.value or found
        if found is not None:
            return kind, found
        for base in kind.node.bases if depth < NESTING else ():
            above = None if base.keyword else self.value(base.value, kind.frame)
            if isinstance(above, Kind) and above.node is not kind.node:
                owner, found = self.find(above, attr, depth + 1)
                if found is not None:
                    return owner, found
        return None, None

    # --- functions of the project

    def inline(self, function: Function, given: Given) -> Flow:
        """What a function of the project gives for these arguments, and all that it does."""
        node = function.node
        bound = function.bound
        key = node, bound.kind.node if isinstance(bound, Instance) else None
        self.entered[key] = self.entered.get(key, 0) + 1
        telling = function.file is not self.file or self.worth.call(node)
        if not telling or node in self._stack or len(self._stack) >= NESTING or self.entered[key] > _REPEATS:
            self.escaped(given)
            return UNKNOWN
        names, first = self._bind(function, given)
        frame = Frame(function.file, node.scope, names, function.frame, function, first)
        self._stack.append(node)
        if isinstance(node, Lambda):
            result = self.value(node.body, frame)
        else:
            ended = self.body(frame, node.body)
            result = several(frame.returns) if ended and frame.returns else UNKNOWN
            if frame.generator or not all(_decorator(each) in _DECORATORS for each in node.decorators):
                result = UNKNOWN
        self._stack.pop()
        return result

    def _bind(self, function: Function, given: Given) -> tuple[dict[str, Flow], Flow | None]:
        names: dict[str, Flow] = {}
        positional = list(given.positional)
        if function.bound is not None:
            positional.insert(0, function.bound)
        forward = isinstance(function.node, FunctionDef) and function.node.name == "forward"
        first: Flow | None = None
        for parameter in function.node.parameters:
            found: Flow = UNKNOWN
            if parameter.kind in ("*", "**"):
                positional = []
            elif parameter.kind != "keyword-only" and positional:
                found = positional.pop(0)
            elif parameter.name in given.keywords:
                found = given.keywords[parameter.name]
            elif given.complete and parameter.default is not None:
                found = self.value(parameter.default, function.frame)
            if forward and isinstance(found, Unknown) and not parameter.kind.startswith("*") and not parameter.default:
                found = Step("input", parameter, function.file)
            names[parameter.name] = found
            first = found if first is None else first
        return names, first


def _decorator(expr: Expr) -> str:
    """``no_grad`` of ``@torch.no_grad()``."""
    return last_name(expr.func if isinstance(expr, Call) else expr)
