"""Follows expressions: what a name, an attribute or a call gives, as far as models and losses go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hplint.facts import fold, syntax
from hplint.facts import torch_roles as roles
from hplint.facts.flow import (
    UNKNOWN,
    Built,
    Const,
    Content,
    Flow,
    Frame,
    Function,
    Instance,
    Items,
    Key,
    Kind,
    LossUse,
    Ref,
    Several,
    Step,
    Super,
    Unknown,
    parts,
    several,
)
from hplint.facts.module_reader import is_torch_module
from hplint.facts.operations import LOSS_OF_FUNCTION, function_kind, method_kind, words
from hplint.facts.syntax import Attribute, Call, ClassDef, Constant, Expr, FunctionDef, Lambda, Name, Node
from hplint.signatures import canonical

if TYPE_CHECKING:
    from hplint.facts.file import File

_BUDGET = 30_000
"""Expressions followed for one file; what is not reached by then stays unknown."""
_NESTING = 10
"""Functions called from each other that are followed."""
_REPEATS = 12
"""Times that one function is followed; after that its results are unknown."""
_DEPTH = 150
_UNROLLED = 12
_CONTENT = "()"
_SAME_OBJECT = words(
    "to cuda cpu float double half bfloat16 type to_empty compile train eval requires_grad_ apply share_memory"
)
_WRAPPERS = words(
    "DataParallel DistributedDataParallel compile DDP FullyShardedDataParallel FSDP deepcopy script "
    "convert_sync_batchnorm weight_norm spectral_norm parametrize"
)
"""Functions and classes of other modules that give the model that they are given."""


class Spent(Exception):
    """The budget is used up."""


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of a call. ``complete``: no ``*`` or ``**`` of unknown content."""

    positional: tuple[Flow, ...]
    keywords: dict[str, Flow]
    complete: bool
    nodes: dict[int, Flow]

    def get(self, position: int, keyword: str) -> Flow:
        if keyword in self.keywords:
            return self.keywords[keyword]
        return self.positional[position] if position < len(self.positional) else UNKNOWN


class Expressions:
    """The state that code is followed in, and all that expressions do with it."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.heap: dict[Key, Flow | Content] = {}
        self.steps: list[Step] = []
        self.losses: list[LossUse] = []
        self.reads: dict[Step, int] = {}
        self.entered: dict[tuple[Node, ClassDef | None], int] = {}
        self._stack: list[Node] = []
        self._calls: list[Call] = []
        self._left = _BUDGET
        self._depth = 0

    # --- what statements do, for bodies of functions

    def body(self, frame: Frame, statements: tuple[syntax.Stmt, ...]) -> bool:
        """Follow statements; whether control never passes their end."""
        raise NotImplementedError

    def assign(self, target: Expr, flow: Flow, frame: Frame) -> None:
        raise NotImplementedError

    # --- expressions

    def value(self, expr: Expr, frame: Frame) -> Flow:
        """What an expression is, and all that is done on the way."""
        self._left -= 1
        if self._left < 0:
            raise Spent
        handler = _HANDLERS.get(type(expr))
        if handler is None or self._depth > _DEPTH:
            return UNKNOWN
        self._depth += 1
        found = handler(self, expr, frame)
        self._depth -= 1
        return found

    def _literal(self, expr: syntax.Literal, frame: Frame) -> Flow:
        return Const(expr.value)

    def _name(self, expr: Name, frame: Frame) -> Flow:
        here: Frame | None = frame
        while here is not None:
            found = here.names.get(expr.id)
            if found is not None:
                self._read(found)
                return found
            here = here.outer
        name = frame.file.qualified(expr)
        return Ref(name) if name is not None and self._is_elsewhere(expr, name) else UNKNOWN

    def _is_elsewhere(self, expr: Name, name: str) -> bool:
        """Whether a dotted name is no definition of the file that is just not made yet."""
        return "." in name or name != expr.id or name == "torch"

    def _read(self, flow: Flow) -> None:
        for each in parts(flow):
            if isinstance(each, Step):
                self.reads[each] = self.reads.get(each, 0) + 1

    def _attribute(self, expr: Attribute, frame: Frame) -> Flow:
        base = self.value(expr.value, frame)
        if isinstance(base, Unknown):
            return UNKNOWN
        return several([self._attribute_of(each, expr.attr, expr, frame) for each in parts(base)])

    def _attribute_of(self, base: Flow, attr: str, node: Node, frame: Frame) -> Flow:
        match base:
            case Ref(name=name):
                return Ref(canonical(f"{name}.{attr}"))
            case Instance():
                found = self.attribute(base, attr, frame)
                self._read(found)
                return base if attr == "module" and isinstance(found, Unknown) else found
            case Step() if attr in ("T", "mT", "data"):
                return self.step(attr, node, frame.file, (base,))
            case Built(options=options):
                return base if attr == "module" else options.get(attr, UNKNOWN)
            case Kind():
                return self._member(base, attr, None, frame)
        return UNKNOWN

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
        decorators = [_last(decorator) for decorator in member.decorators]
        if "staticmethod" in decorators:
            return Function(member, owner.file, owner.frame, owner)
        if "classmethod" in decorators:
            return Function(member, owner.file, owner.frame, owner, kind)
        function = Function(member, owner.file, owner.frame, owner, bound)
        if "property" in decorators or "cached_property" in decorators:
            return self.inline(function, Given((), {}, True, {})) if bound is not None else UNKNOWN
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
        for base in kind.node.bases if depth < _NESTING else ():
            above = None if base.keyword else self.value(base.value, kind.frame)
            if isinstance(above, Kind) and above.node is not kind.node:
                owner, found = self.find(above, attr, depth + 1)
                if found is not None:
                    return owner, found
        return None, None

    def _subscript(self, expr: syntax.Subscript, frame: Frame) -> Flow:
        base = self.value(expr.value, frame)
        index = self.value(expr.index, frame)
        return several([self._item(each, index, expr, frame) for each in parts(base)])

    def _item(self, base: Flow, index: Flow, node: syntax.Subscript, frame: Frame) -> Flow:
        if isinstance(base, Step):
            return self.step("getitem", node, frame.file, (base,))
        content = self.content(base)
        if content is None or not isinstance(index, Const):
            return UNKNOWN
        if isinstance(index.value, int) and not (isinstance(base, Items) and base.kind == "dict"):
            return content[index.value][1] if -len(content) <= index.value < len(content) else UNKNOWN
        found = [flow for key, flow in content if key == index.value]
        return found[-1] if found else UNKNOWN

    def _binary(self, expr: syntax.Binary, frame: Frame) -> Flow:
        left, right = self.value(expr.left, frame), self.value(expr.right, frame)
        if expr.op in ("and", "or"):
            return several((left, right))
        return self.combined(expr.op, left, right, expr, frame)

    def combined(self, op: str, left: Flow, right: Flow, node: Node, frame: Frame) -> Flow:
        """``left op right``."""
        if any(isinstance(each, Step) for side in (left, right) for each in parts(side)):
            return self.step(op, node, frame.file, (left, right))
        if isinstance(left, Const) and isinstance(right, Const):
            return _folded(lambda: fold.binary(op, left.value, right.value))
        if isinstance(left, Items) and left.kind in ("list", "tuple"):
            mine = self.content(left)
            if op == "*" and isinstance(right, Const) and isinstance(right.value, int) and mine is not None:
                return self.items(left.kind, node, [flow for _, flow in mine] * max(0, min(right.value, _UNROLLED)))
            others = self.content(right) if op == "+" else None
            together = None if mine is None or others is None else [flow for _, flow in (*mine, *others)]
            return self.items(left.kind, node, together)
        return UNKNOWN

    def _unary(self, expr: syntax.Unary, frame: Frame) -> Flow:
        operand = self.value(expr.operand, frame)
        if expr.op == "not":
            truth = truth_of(operand)
            return UNKNOWN if truth is None else Const(not truth)
        if isinstance(operand, Const):
            return _folded(lambda: fold.unary(expr.op, operand.value))
        return self.step(expr.op, expr, frame.file, (operand,)) if isinstance(operand, Step) else UNKNOWN

    def _compare(self, expr: syntax.Compare, frame: Frame) -> Flow:
        left = self.value(expr.left, frame)
        rights = [self.value(each, frame) for each in expr.comparators]
        right, op = rights[0], expr.ops[0]
        if len(rights) > 1 or not isinstance(right, Const) or op not in ("is", "is not", "==", "!="):
            return UNKNOWN
        if isinstance(left, Const):
            equal = left.value == right.value and type(left.value) is type(right.value)
        elif isinstance(left, Unknown | Several):
            return UNKNOWN
        else:
            equal = False
        return Const(equal is (op in ("is", "==")))

    def _conditional(self, expr: syntax.Conditional, frame: Frame) -> Flow:
        truth = truth_of(self.value(expr.test, frame))
        if truth is not None:
            return self.value(expr.body if truth else expr.orelse, frame)
        return several((self.value(expr.body, frame), self.value(expr.orelse, frame)))

    def _collection(self, expr: syntax.Collection, frame: Frame) -> Flow:
        found: list[Flow] | None = []
        for element in expr.elements:
            if isinstance(element, syntax.Starred):
                inner = self.iterated(self.value(element.value, frame))
                found = None if found is None or inner is None else [*found, *inner]
            else:
                flow = self.value(element, frame)
                if found is not None:
                    found.append(flow)
        return self.items(expr.kind, expr, found)

    def _dict(self, expr: syntax.Dict, frame: Frame) -> Flow:
        content: list[tuple[Constant, Flow]] | None = []
        for key, value in expr.items:
            name = None if key is None else self.value(key, frame)
            flow = self.value(value, frame)
            if content is not None and isinstance(name, Const):
                content.append((name.value, flow))
            else:
                content = None
        items = Items("dict", expr)
        self.heap[items, _CONTENT] = None if content is None else tuple(content)
        return items

    def _comprehension(self, expr: syntax.Comprehension, frame: Frame) -> Flow:
        names = frame.names
        frame.names = dict(names)
        only = expr.generators[0]
        iterated = self.iterated(self.value(only.iter, frame))
        plain = len(expr.generators) == 1 and not only.conditions and expr.key is None
        found: list[Flow] | None = None
        if plain and iterated is not None and len(iterated) <= _UNROLLED:
            found = []
            for each in iterated:
                self.assign(only.target, each, frame)
                found.append(self.value(expr.element, frame))
        else:
            for generator in expr.generators:
                self.assign(generator.target, UNKNOWN, frame)
                for condition in generator.conditions:
                    self.value(condition, frame)
            self.value(expr.element, frame)
        frame.names = names
        return self.items(expr.kind, expr, found)

    def _lambda(self, expr: Lambda, frame: Frame) -> Flow:
        return Function(expr, frame.file, frame)

    def _named(self, expr: syntax.NamedExpr, frame: Frame) -> Flow:
        flow = self.value(expr.value, frame)
        self.assign(expr.target, flow, frame)
        return flow

    def _other(self, expr: syntax.Other, frame: Frame) -> Flow:
        for child in expr.children:
            self.value(child, frame)
        frame.generator = frame.generator or expr.kind.startswith("yield")
        return UNKNOWN

    # --- what lists hold

    def items(self, kind: str, node: Node, flows: Iterable[Flow] | None) -> Items:
        """A new list or tuple; ``flows`` None when its content is not known."""
        made = Items(kind, node)
        self.heap[made, _CONTENT] = None if flows is None else tuple(enumerate(flows))
        return made

    def content(self, flow: Flow) -> Content:
        """What a list, a dictionary or a container of layers holds; None when that is not known."""
        holder = flow.content if isinstance(flow, Built) else flow
        found = self.heap.get((holder, _CONTENT)) if isinstance(holder, Items) else None
        return found if isinstance(found, tuple) else None

    def iterated(self, flow: Flow) -> list[Flow] | None:
        """What a loop over something takes, one after the other; None when that is not known."""
        content = self.content(flow)
        if content is None:
            return None
        if isinstance(flow, Items) and flow.kind == "dict":
            return [Const(key) for key, _ in content]
        return [each for _, each in content]

    def set_content(self, flow: Flow, content: Content) -> None:
        holder = flow.content if isinstance(flow, Built) else flow
        if isinstance(holder, Items):
            self.heap[holder, _CONTENT] = content

    # --- calls

    def _call(self, expr: Call, frame: Frame) -> Flow:
        func = expr.func
        base = self.value(func.value, frame) if isinstance(func, Attribute) else self.value(func, frame)
        given = self._given(expr, frame)
        if frame.file is self.file:
            self._calls.append(expr)
        if isinstance(func, Attribute):
            found = several([self._method(each, func.attr, given, expr, frame) for each in parts(base)])
            self._in_place(func, found, frame)
        elif self._loss_of(base, expr, given, frame):
            found = UNKNOWN
        else:
            found = several([self.apply(each, given, expr, frame) for each in parts(base)])
        if frame.file is self.file:
            self._calls.pop()
        return found

    def _in_place(self, func: Attribute, found: Flow, frame: Frame) -> None:
        """``x.relu_()`` changes ``x``."""
        if isinstance(found, Step) and func.attr.endswith("_") and isinstance(func.value, Name):
            self.assign(func.value, found, frame)

    def _given(self, call: Call, frame: Frame) -> Given:
        positional: list[Flow] = []
        keywords: dict[str, Flow] = {}
        nodes: dict[int, Flow] = {}
        complete, open_end = True, False
        for arg in call.args:
            flow = self.value(arg.value, frame)
            if arg.star == "*":
                found = self.iterated(flow)
                positional += found or () if not open_end else ()
                complete, open_end = complete and found is not None, open_end or found is None
            elif arg.star == "**":
                content = self.content(flow) if isinstance(flow, Items) and flow.kind == "dict" else None
                complete = complete and content is not None
                keywords |= {key: each for key, each in content or () if isinstance(key, str)}
            else:
                nodes[id(arg.value)] = flow
                if arg.keyword is not None:
                    keywords[arg.keyword] = flow
                elif not open_end:
                    positional.append(flow)
        return Given(tuple(positional), keywords, complete, nodes)

    def apply(self, callee: Flow, given: Given, call: Call, frame: Frame) -> Flow:
        """What calling something gives."""
        match callee:
            case Built():
                return self._layer(callee, given, call, frame)
            case Instance():
                return self._method(callee, "forward", given, call, frame)
            case Function():
                return self.inline(callee, given)
            case Kind():
                return self.construct(callee, given, call)
            case Ref(name=name):
                return self._library(name, given, call, frame)
        self._escaped(given)
        return UNKNOWN

    def _method(self, base: Flow, attr: str, given: Given, call: Call, frame: Frame) -> Flow:
        match base:
            case Ref(name=name):
                return self._library(canonical(f"{name}.{attr}"), given, call, frame)
            case Step():
                kind = method_kind(attr, certain=True)
                return UNKNOWN if kind is None else self._function(kind, (base, *_tensors(given)), given, call, frame)
            case Unknown():
                kind = method_kind(attr, certain=False)
                self._escaped(given)
                return UNKNOWN if kind is None else self._function(kind, (base,), given, call, frame)
            case Instance():
                return self._method_of_object(base, attr, given, call, frame)
            case Built() | Items():
                return self._method_of_container(base, attr, given, call, frame)
            case Kind():
                return self.apply(self._member(base, attr, None, frame), given, call, frame)
            case Super():
                return self._method_above(base, attr, given)
        self._escaped(given)
        return UNKNOWN

    def _method_of_object(self, base: Instance, attr: str, given: Given, call: Call, frame: Frame) -> Flow:
        member = self.attribute(base, attr, frame)
        if not isinstance(member, Unknown):
            if self._loss_of(member, call, given, frame):
                return UNKNOWN
            return several([self.apply(each, given, call, frame) for each in parts(member)])
        if attr in _SAME_OBJECT:
            return base
        if attr == "forward":
            member = self.attribute(base, "__call__", frame)
            return self.inline(member, given) if isinstance(member, Function) else UNKNOWN
        if attr in ("add_module", "register_module") and len(given.positional) == 2:
            self._set(base, given.positional[0], given.positional[1])
        self._escaped(given)
        return UNKNOWN

    def _set(self, base: Instance, name: Flow, flow: Flow) -> None:
        """``setattr(base, name, flow)``."""
        if isinstance(name, Const) and isinstance(name.value, str):
            self.heap[base, name.value] = flow
            return
        for owner, attr in [key for key in self.heap if key[0] is base]:
            known = self.heap[owner, attr]
            self.heap[owner, attr] = UNKNOWN if isinstance(known, tuple | None) else several((known, UNKNOWN))

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
            return UNKNOWN if self._loss_of(base, call, given, frame) else self._layer(base, given, call, frame)
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

    def _escaped(self, given: Given) -> None:
        """Lists that an unknown function is given may hold something else afterwards."""
        for flow in (*given.positional, *given.keywords.values()):
            if isinstance(flow, Items) and flow.kind != "tuple":
                self.set_content(flow, None)

    # --- functions and classes of the project

    def construct(self, kind: Kind, given: Given, node: Node) -> Instance:
        """A new object."""
        made = Instance(kind, node)
        owner, member = self.find(kind, "__init__")
        if owner is not None and isinstance(member, FunctionDef):
            self.inline(Function(member, owner.file, owner.frame, owner, made), given)
        elif kind.node.decorators:
            for name, flow in given.keywords.items():
                self.heap[made, name] = flow
        return made

    def inline(self, function: Function, given: Given) -> Flow:
        """What a function of the project gives for these arguments, and all that it does."""
        node = function.node
        bound = function.bound
        key = node, bound.kind.node if isinstance(bound, Instance) else None
        self.entered[key] = self.entered.get(key, 0) + 1
        if node in self._stack or len(self._stack) >= _NESTING or self.entered[key] > _REPEATS:
            self._escaped(given)
            return UNKNOWN
        names, first = self._bind(function, given)
        frame = Frame(function.file, node.scope, names, function.frame, function, first)
        self._stack.append(node)
        outer_depth, self._depth = self._depth, 0
        if isinstance(node, Lambda):
            result = self.value(node.body, frame)
        else:
            ended = self.body(frame, node.body)
            result = several(frame.returns) if ended and frame.returns else UNKNOWN
            if frame.generator or not all(_last(each) in _DECORATORS for each in node.decorators):
                result = UNKNOWN
        self._depth = outer_depth
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

    # --- libraries

    def _library(self, name: str, given: Given, call: Call, frame: Frame) -> Flow:
        short = name.rpartition(".")[2]
        if name.startswith("builtins."):
            return self._builtin(short, given, call, frame)
        if short in _WRAPPERS and given.positional:
            return given.positional[0]
        if is_torch_module(name):
            return self._built(short, given, call, frame)
        if name.startswith("torch.nn.functional.") and short in LOSS_OF_FUNCTION:
            self._loss(LOSS_OF_FUNCTION[short], given, call, frame)
            return UNKNOWN
        kind = function_kind(name)
        if kind is not None:
            return self._function(kind, _tensors(given) or given.positional[:1], given, call, frame)
        if short in ("OrderedDict", "deque") and len(given.positional) == 1:
            return self._ordered(given.positional[0], call)
        self._escaped(given)
        return UNKNOWN

    def _ordered(self, flow: Flow, call: Call) -> Flow:
        """``OrderedDict([("fc1", layer), …])``."""
        content = self.content(flow)
        if isinstance(flow, Items) and flow.kind == "dict":
            return flow
        made = Items("dict", call)
        pairs = None if content is None else [self.content(each) for _, each in content]
        found: list[tuple[Constant, Flow]] | None = []
        for pair in pairs if pairs is not None else (None,):
            known = pair is not None and len(pair) == 2 and isinstance(pair[0][1], Const)
            if found is None or pair is None or not known or not isinstance(pair[0][1], Const):
                found = None
                break
            found.append((pair[0][1].value, pair[1][1]))
        self.heap[made, _CONTENT] = None if found is None else tuple(found)
        return made

    def _builtin(self, short: str, given: Given, call: Call, frame: Frame) -> Flow:
        first = given.positional[0] if given.positional else UNKNOWN
        match short:
            case "super":
                return self._super(given, frame)
            case "list" | "tuple":
                return self.items(short, call, self.iterated(first) if given.positional else ())
            case "reversed":
                found = self.iterated(first)
                return self.items("list", call, None if found is None else found[::-1])
            case "enumerate":
                found = self.iterated(first)
                pairs = [self.items("tuple", call, (Const(n), flow)) for n, flow in enumerate(found or ())]
                return self.items("list", call, None if found is None else pairs)
            case "zip":
                columns = [self.iterated(each) for each in given.positional]
                if any(column is None for column in columns) or not columns:
                    return UNKNOWN
                rows = zip(*[column or () for column in columns], strict=False)
                return self.items("list", call, [self.items("tuple", call, row) for row in rows])
            case "range":
                return self._range(given, call, frame)
            case "len":
                content = self.content(first)
                return UNKNOWN if content is None else Const(len(content))
            case "getattr" if isinstance(first, Instance) and len(given.positional) > 1:
                name = given.positional[1]
                known = isinstance(name, Const) and isinstance(name.value, str)
                return self.attribute(first, name.value, frame) if known else UNKNOWN  # type: ignore[arg-type,union-attr]
            case "setattr" if isinstance(first, Instance) and len(given.positional) > 2:
                self._set(first, given.positional[1], given.positional[2])
            case "dict" if not given.positional and given.complete:
                made = Items("dict", call)
                self.heap[made, _CONTENT] = tuple(given.keywords.items())
                return made
        return UNKNOWN

    def _range(self, given: Given, call: Call, frame: Frame) -> Flow:
        """Counted out while layers are made; a loop over epochs is not."""
        function = frame.function.node if frame.function is not None else None
        bounds = [each.value for each in given.positional if isinstance(each, Const)]
        numbers = [each for each in bounds if isinstance(each, int)]
        known = len(numbers) == len(given.positional) and 0 < len(numbers) <= 3 and 0 not in numbers[2:]
        if not known or not isinstance(function, FunctionDef) or function.name != "__init__":
            return UNKNOWN
        counted = range(*numbers)
        return self.items("list", call, map(Const, counted)) if len(counted) <= _UNROLLED else UNKNOWN

    def _super(self, given: Given, frame: Frame) -> Flow:
        here: Frame | None = frame
        while here is not None:
            function = here.function
            if function is not None and function.owner is not None and isinstance(here.first, Instance | Kind):
                return Super(function.owner, here.first)
            here = here.outer
        return UNKNOWN

    def _built(self, kind: str, given: Given, call: Call, frame: Frame) -> Flow:
        if kind not in roles.MODULE_CONTAINERS:
            return Built(kind, call, frame.file, self._options(given, call, frame), given.complete)
        held: Content = None
        if kind != "Sequential" or (len(given.positional) == 1 and isinstance(given.positional[0], Items)):
            flow = given.positional[0] if given.positional else UNKNOWN
            held = self.content(flow) if given.positional else ()
        elif given.complete:
            held = tuple(enumerate(given.positional))
        content = Items("modules", call)
        self.heap[content, _CONTENT] = held
        made = Built(kind, call, frame.file, {}, given.complete, content)
        self.sequence_made(made)
        return made

    def sequence_made(self, made: Built) -> None:
        """A container was constructed."""
        raise NotImplementedError

    def _options(self, given: Given, call: Call, frame: Frame) -> dict[str, Flow]:
        bound = frame.file.bound(call)
        if bound is None or bound.signature is None:
            return dict(given.keywords)
        found: dict[str, Flow] = {}
        for name, argument in bound.arguments.items():
            if argument.node is None:
                continue
            found[name] = given.nodes.get(id(argument.node.value), UNKNOWN)
        return found

    def _function(self, kind: str, inputs: tuple[Flow, ...], given: Given, call: Call, frame: Frame) -> Step:
        options: dict[str, Flow] = dict(given.keywords)
        options |= {str(position): flow for position, flow in enumerate(given.positional)}
        return self.step(kind, call, frame.file, inputs, call=call, options=options)

    def step(
        self,
        kind: str,
        node: Node,
        file: File,
        inputs: tuple[Flow, ...],
        *,
        call: Call | None = None,
        options: dict[str, Flow] | None = None,
        layer: Built | None = None,
    ) -> Step:
        """A new tensor."""
        made = Step(kind, node, file, inputs, call, options or (layer.options if layer is not None else {}), layer)
        self.steps.append(made)
        return made

    def _layer(self, layer: Built, given: Given, call: Call, frame: Frame) -> Flow:
        if layer.kind in roles.LOSSES:
            return UNKNOWN
        if layer.kind in roles.MODULE_CONTAINERS:
            content = self.content(layer) if layer.kind == "Sequential" else None
            flow = given.get(0, "input")
            for _, each in content if content is not None else ():
                inner = Given((flow,), {}, True, {})
                flow = several(
                    [self.apply(p, inner, p.call if isinstance(p, Built) else call, frame) for p in parts(each)]
                )
            return UNKNOWN if content is None else flow
        inputs = given.positional or _tensors(given)
        file = layer.file if call is layer.call else frame.file
        made = self.step(layer.kind, call, file, inputs, call=layer.call, layer=layer)
        if layer.kind in roles.RECURRENT:
            hidden: Flow = self.step("hidden", call, file, inputs, call=layer.call, layer=layer)
            if layer.kind == "LSTM":
                hidden = self.items("tuple", call, (hidden, hidden))
            return self.items("tuple", call, (made, hidden))
        return self.items("tuple", call, (made, UNKNOWN)) if layer.kind == "MultiheadAttention" else made

    # --- losses

    def _loss_of(self, callee: Flow, call: Call, given: Given, frame: Frame) -> bool:
        """Note the call of a loss's object, where all that it may be are of one class; whether it is one."""
        every = parts(callee)
        kinds = {each.kind for each in every if isinstance(each, Built)}
        if not all(isinstance(each, Built) and each.kind in roles.LOSSES for each in every):
            return False
        if len(kinds) == 1:
            self._loss(kinds.pop(), given, call, frame)
        return True

    def _loss(self, kind: str, given: Given, call: Call, frame: Frame) -> None:
        for position, arg in enumerate(call.args):
            if arg.star:
                return
            if arg.keyword == "input" or (position == 0 and arg.keyword is None):
                via = self._calls[0] if self._calls else None
                self.losses.append(LossUse(kind, call, frame.file, arg.value, given.get(0, "input"), via))
                return


_DECORATORS = words(
    "no_grad inference_mode enable_grad staticmethod classmethod property cached_property abstractmethod override "
    "autocast custom_fwd compile script script_method ignore export unused typechecked jaxtyped beartype"
)
"""Decorators that leave what a function gives as it is."""


def truth_of(flow: Flow) -> bool | None:
    """Whether a condition holds; None when that is not known."""
    if isinstance(flow, Const):
        return bool(flow.value)
    return True if isinstance(flow, Instance | Function | Kind) else None


def _tensors(given: Given) -> tuple[Flow, ...]:
    """The arguments that are tensors, or lists that may hold some."""
    every = (*given.positional, *given.keywords.values())
    return tuple(flow for flow in every if any(isinstance(each, Step | Items) for each in parts(flow)))


def _folded(compute: Callable[[], Constant]) -> Flow:
    try:
        return Const(compute())
    except fold.NotFolded:
        return UNKNOWN


def _last(expr: Expr) -> str:
    """``no_grad`` of ``@torch.no_grad()``."""
    if isinstance(expr, Call):
        expr = expr.func
    if isinstance(expr, Attribute):
        return expr.attr
    return expr.id if isinstance(expr, Name) else ""


_HANDLERS: dict[type[Node], Callable[[Any, Any, Frame], Flow]] = {
    syntax.Literal: Expressions._literal,
    Name: Expressions._name,
    Attribute: Expressions._attribute,
    syntax.Subscript: Expressions._subscript,
    syntax.Binary: Expressions._binary,
    syntax.Unary: Expressions._unary,
    syntax.Compare: Expressions._compare,
    syntax.Conditional: Expressions._conditional,
    syntax.Collection: Expressions._collection,
    syntax.Dict: Expressions._dict,
    syntax.Comprehension: Expressions._comprehension,
    Lambda: Expressions._lambda,
    syntax.NamedExpr: Expressions._named,
    syntax.Other: Expressions._other,
    Call: Expressions._call,
}
