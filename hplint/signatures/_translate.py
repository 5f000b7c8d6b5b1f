"""Expressions of a function's body, rewritten over the parameters that its caller sees.

What cannot be rewritten is a hole, written ``...``: the evaluator takes it for unknown.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field

from hplint.signatures._evaluate import CALLS, is_known_type, truth
from hplint.signatures._sources import Class, Constant, External, Library, Package

HOLE = ast.Constant(...)
_LONGEST = 400
"""Longer expressions are given up: they come from merging branches that no caller can follow."""

_TUPLES = {"_single": 1, "_pair": 2, "_triple": 3, "_quadruple": 4}
"""``torch.nn.modules.utils``: a number becomes a tuple of so many."""

_FALSE = frozenset({
    "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic", "torch.jit.is_scripting",
    "torch.jit.is_tracing",
})  # fmt: skip
"""Questions that are answered with no in ordinary eager code."""


@dataclass
class Frame:
    """What names and ``self.…`` mean at a point of a body.

    ``root``: the class under construction, if any; ``owner``: the one of its bases whose method this is. ``homes``:
    from where a class is defined to its canonical name.
    """

    module: str
    env: dict[str, ast.expr]
    attrs: dict[str, ast.expr] = field(default_factory=dict)
    owner: Class | None = None
    root: Class | None = None
    homes: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Frame:
        """The same, to be changed on its own: a branch."""
        return Frame(self.module, dict(self.env), dict(self.attrs), self.owner, self.root, self.homes)


def is_hole(expr: ast.expr) -> bool:
    """Whether nothing is known of it."""
    return isinstance(expr, ast.Constant) and expr.value is ...


def has_hole(expr: ast.AST) -> bool:
    """Whether something in it is unknown."""
    return any(isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(expr))


def translate(library: Library, expr: ast.expr, frame: Frame) -> ast.expr:
    """An expression of the frame over the caller's parameters."""
    return _Translator(library, frame).visit(expr)


class _Translator:
    """One expression."""

    def __init__(self, library: Library, frame: Frame) -> None:
        self.library = library
        self.frame = frame

    def visit(self, expr: ast.expr) -> ast.expr:
        found = self._visit(expr)
        return folded(found) if len(ast.unparse(found)) <= _LONGEST else HOLE

    def _visit(self, expr: ast.expr) -> ast.expr:
        match expr:
            case ast.Constant():
                return expr
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=attr) if self.frame.owner is not None:
                return self.frame.attrs.get(attr, HOLE)
            case ast.Attribute(value=owner, attr="__name__") if ast.unparse(owner) in {"self.__class__", "type(self)"}:
                return ast.Constant(self.frame.root.node.name) if self.frame.root else HOLE
            case ast.Attribute(value=ast.Call(func=ast.Name(id="type"), args=[inner]), attr="__name__"):
                found = self.visit(inner)
                return HOLE if is_hole(found) else ast.Attribute(_call("type", found), "__name__", ast.Load())
            case ast.BoolOp(op=op, values=values):
                return ast.BoolOp(op, [self.visit(value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return negated(self.visit(operand))
            case ast.UnaryOp(op=op, operand=operand):
                return _whole(ast.UnaryOp(op, self.visit(operand)))
            case ast.BinOp(left=left, op=op, right=right):
                return _whole(ast.BinOp(self.visit(left), op, self.visit(right)))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return chosen(self.visit(test), self.visit(body), self.visit(orelse))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                operands = [self.visit(left), *(self._container(c) for c in comparators)]
                return compared(operands[0], ops, operands[1:])
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
                parts = [self.visit(element) for element in elements]
                return HOLE if any(map(is_hole, parts)) else _display(expr, parts)
            case ast.Dict(keys=keys, values=values) if all(isinstance(k, ast.Constant) for k in keys):
                return ast.Dict(list(keys), [self.visit(value) for value in values])
            case ast.Subscript(value=value, slice=index):
                return self._item(self.visit(value), self.visit(index))
            case ast.Call(func=func, args=args, keywords=[]):
                return self._call(func, args)
        return HOLE

    def _name(self, name: str) -> ast.expr:
        if name in self.frame.env:
            return self.frame.env[name]
        target = self.library.resolve(self.frame.module, name)
        if isinstance(target, Constant):
            try:
                ast.literal_eval(target.value)
            except ValueError:
                return HOLE
            return target.value
        return HOLE

    def _container(self, expr: ast.expr) -> ast.expr:
        """A comparator; ``**kwargs`` is asked for its names."""
        found = self.visit(expr)
        if isinstance(found, ast.Dict):
            return ast.Tuple([key for key in found.keys if key is not None], ast.Load())
        return found

    def _item(self, value: ast.expr, index: ast.expr) -> ast.expr:
        if is_hole(value) or is_hole(index) or not isinstance(index, ast.Constant | ast.UnaryOp):
            return HOLE
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            return next((item for key, item in pairs if key is not None and same(key, index)), HOLE)
        return ast.Subscript(value, index, ast.Load())

    def _call(self, func: ast.expr, args: list[ast.expr]) -> ast.expr:
        name = ast.unparse(func)
        if name in _FALSE:
            return ast.Constant(False)
        if name in self.frame.env:
            return HOLE
        if name == "isinstance" and len(args) == 2:
            value, types = self.visit(args[0]), self._types(args[1])
            return HOLE if types is None else instance(value, types)
        if name in {"any", "all"} and len(args) == 1 and isinstance(args[0], ast.GeneratorExp | ast.ListComp):
            return self._quantifier(name, args[0])
        if name in _TUPLES and len(args) == 1:
            return _repeated(self.visit(args[0]), _TUPLES[name])
        values = [self.visit(arg) for arg in args]
        if name not in {*CALLS, "callable"} or any(map(is_hole, values)):
            return HOLE
        return _call(name, *values)

    def _types(self, expr: ast.expr) -> ast.expr | None:
        """The second argument of ``isinstance`` with names that mean the same everywhere."""
        if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr):
            expr = ast.Tuple([expr.left, expr.right], ast.Load())
        if isinstance(expr, ast.Tuple):
            parts = [self._types(element) for element in expr.elts]
            known = [part for part in parts if part is not None]
            return ast.Tuple(known, ast.Load()) if len(known) == len(parts) else None
        if is_known_type(expr) and isinstance(expr, ast.Name):
            return expr
        target = self.library.expression(self.frame.module, expr)
        match target:
            case Class():
                name = self.frame.homes.get(target.home, target.home)
                found: ast.expr = ast.parse(name, mode="eval").body
            case External(name):
                found = ast.parse(name, mode="eval").body
            case Package() | None | _:
                return None
        return found if is_known_type(found) else None

    def _quantifier(self, name: str, expr: ast.GeneratorExp | ast.ListComp) -> ast.expr:
        match expr.generators:
            case [ast.comprehension(target=ast.Name(id=target), iter=source, ifs=[])] if target not in self.frame.env:
                values = self.visit(source)
                inner = self.frame.copy()
                inner.env[target] = ast.Name(f"_{target}", ast.Load())
                element = _Translator(self.library, inner).visit(expr.elt)
                if is_hole(values) or is_hole(element):
                    return HOLE
                generator = ast.comprehension(ast.Name(f"_{target}", ast.Store()), values, [], 0)
                return _call(name, ast.GeneratorExp(element, [generator]))
        return HOLE


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _display(like: ast.expr, elements: list[ast.expr]) -> ast.expr:
    if isinstance(like, ast.Set):
        return ast.Set(elements)
    return ast.Tuple(elements, ast.Load()) if isinstance(like, ast.Tuple) else ast.List(elements, ast.Load())


def _whole(expr: ast.expr) -> ast.expr:
    return HOLE if any(is_hole(child) for child in ast.iter_child_nodes(expr) if isinstance(child, ast.expr)) else expr


def compared(left: ast.expr, ops: list[ast.cmpop], comparators: list[ast.expr]) -> ast.expr:
    """A comparison; that of a choice is a choice of comparisons."""
    if any(map(is_hole, comparators)) or is_hole(left):
        return HOLE
    if isinstance(left, ast.IfExp) and len(ops) == 1 and isinstance(comparators[0], ast.Constant):
        return chosen(left.test, compared(left.body, ops, comparators), compared(left.orelse, ops, comparators))
    return folded(ast.Compare(left, ops, comparators))


def instance(value: ast.expr, types: ast.expr) -> ast.expr:
    """``isinstance(value, types)``, likewise."""
    if isinstance(value, ast.IfExp):
        return chosen(value.test, instance(value.body, types), instance(value.orelse, types))
    return HOLE if is_hole(value) else folded(_call("isinstance", value, types))


def same(left: ast.AST, right: ast.AST) -> bool:
    """Whether two expressions are written alike."""
    return ast.dump(left) == ast.dump(right)


def _repeated(value: ast.expr, times: int) -> ast.expr:
    if is_hole(value):
        return HOLE
    numbers = _call("isinstance", value, ast.parse("(int, float)", mode="eval").body)
    several = ast.Tuple([value] * times, ast.Load())
    return chosen(_call("isinstance", value, ast.Name("tuple", ast.Load())), value, chosen(numbers, several, HOLE))


def folded(expr: ast.expr) -> ast.expr:
    """A condition that no argument can change, as True or False."""
    asks = isinstance(expr, ast.Compare) or (isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.Not))
    if asks or (isinstance(expr, ast.Call) and ast.unparse(expr.func) in _QUESTIONS):
        holds = truth(expr, {})
        return expr if holds is None else ast.Constant(holds)
    return expr


_QUESTIONS = frozenset({"isinstance", "any", "all", "bool", "callable"})


def negated(expr: ast.expr) -> ast.expr:
    """``not expr``."""
    match expr:
        case ast.UnaryOp(op=ast.Not(), operand=operand) if isinstance(operand, ast.Compare | ast.BoolOp):
            return operand
        case ast.Compare(ops=[op], left=left, comparators=comparators) if type(op) in _OPPOSITE:
            return ast.Compare(left, [_OPPOSITE[type(op)]()], comparators)
    return HOLE if is_hole(expr) else ast.UnaryOp(ast.Not(), expr)


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip
"""Opposites for every value; ``<`` has none, because of NaN."""


def chosen(test: ast.expr, body: ast.expr, orelse: ast.expr) -> ast.expr:
    """``body if test else orelse``, as far as it is known."""
    decided = truth(test, {})
    if decided is not None:
        return body if decided else orelse
    if same(body, orelse):
        return body
    for one, other in ((body, orelse), (orelse, body)):
        # A flag that one branch turns into a real bool: it is only asked for its truth afterwards.
        if same(one, _call("bool", other)):
            return one
    if is_hole(test) or (is_hole(body) and is_hole(orelse)):
        return HOLE
    found = ast.IfExp(test, body, orelse)
    return found if len(ast.unparse(found)) <= _LONGEST else HOLE


def text(expr: ast.expr) -> str:
    """An expression as it is written down."""
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(expr)))
