"""The walk over expressions: LibCST nodes in, records out, offsets read off the tokens as they are passed."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from hplint.facts import syntax
from hplint.facts.cursor import Cursor, Frozen
from hplint.facts.formatted import formatted_end
from hplint.facts.scoping import Scopes
from hplint.facts.syntax import Arg, BindingKind, Collection, Constant, Expr, Generator, Literal, Name, Node, Parameter
from hplint.parse import Tokens

R = TypeVar("R", bound=Node)


class ExpressionWalk:
    """Turns LibCST expressions into records. ``index`` gathers the records by the name of their type."""

    def __init__(self, text: str, tokens: Tokens, root: Any) -> None:
        self.text = text
        self.root = root
        self.cursor = Cursor(tokens, len(text))
        self.scopes = Scopes()
        self.index: defaultdict[str, list[Node]] = defaultdict(list)

    def keep(self, record: R) -> R:
        """Put a record into the index."""
        self.index[type(record).__name__].append(record)
        return record

    def expression(self, node: Any) -> Expr:
        """The record of an expression; parentheses around it are passed and not part of it."""
        cursor = self.cursor
        for _ in node.lpar:
            cursor.expect("(")
        record = _EXPRESSIONS[type(node).__name__](self, node, cursor.starts[cursor.at])
        self.index[type(record).__name__].append(record)
        for _ in node.lpar:
            cursor.expect(")")
        return record

    def maybe(self, node: Any) -> Expr | None:
        """The record of an expression that may be missing."""
        return None if node is None else self.expression(node)

    def several(self, nodes: Iterable[Any]) -> tuple[Expr, ...]:
        """Elements with commas between them."""
        found = []
        for element in nodes:
            found.append(self._element(element))
            self.cursor.accept(",")
        return tuple(found)

    def _element(self, element: Any) -> Expr:
        if type(element).__name__ in ("Element", "SubscriptElement"):
            return self.expression(element.value)
        return self.expression(element)

    # --- leaves

    def _x_Name(self, node: Any, start: int) -> Expr:
        name = node.value
        end = self.cursor.expect(name)
        if name in _NAMED_CONSTANTS:
            return Literal(start, end, _NAMED_CONSTANTS[name])
        return Name(start, end, name, self.scopes.current.number)

    def _x_Integer(self, node: Any, start: int) -> Expr:
        return self._number(start, node.value, lambda text: int(text, 0) if text.strip("0_") else 0)

    def _x_Float(self, node: Any, start: int) -> Expr:
        return self._number(start, node.value, float)

    def _x_Imaginary(self, node: Any, start: int) -> Expr:
        return self._number(start, node.value, complex)

    def _number(self, start: int, text: str, convert: Callable[[str], Constant]) -> Expr:
        end = self.cursor.expect(text)
        try:
            value = convert(text.replace("_", ""))
        except ValueError:  # an integer of more digits than Python converts
            return syntax.Other(start, end, "number", ())
        return Literal(start, end, value)

    def _x_Ellipsis(self, node: Any, start: int) -> Expr:
        end = self.cursor.expect("...")
        return Literal(start, end, ...)

    def _x_SimpleString(self, node: Any, start: int) -> Expr:
        end = self.cursor.expect(node.value)
        return Literal(start, end, _string(node.value))

    def _x_ConcatenatedString(self, node: Any, start: int) -> Expr:
        parts = self.expression(node.left), self.expression(node.right)
        values = [part.value if isinstance(part, Literal) else None for part in parts]
        if all(isinstance(value, str) for value in values):
            return Literal(start, self.cursor.end(), "".join(cast("list[str]", values)))
        return syntax.Other(start, self.cursor.end(), "string", parts)

    def _x_FormattedString(self, node: Any, start: int) -> Expr:
        end = formatted_end(self.text, start)  # The tokens inside an f-string are not told apart.
        outer, self.cursor = self.cursor, Frozen(start, end)
        children = tuple(self._formatted(node.parts))
        self.cursor = outer
        self.cursor.skip_past(end)
        return syntax.Other(start, end, "f-string", children)

    _x_TemplatedString = _x_FormattedString

    def _formatted(self, parts: Iterable[Any]) -> Iterable[Expr]:
        for part in parts:
            expression = getattr(part, "expression", None)
            if expression is not None:
                yield self.expression(expression)
                yield from self._formatted(part.format_spec or ())

    # --- operators

    def _x_Attribute(self, node: Any, start: int) -> Expr:
        value = self.expression(node.value)
        attr = node.attr.value
        self.cursor.expect(".")
        return syntax.Attribute(start, self.cursor.expect(attr), value, attr)

    def _x_UnaryOperation(self, node: Any, start: int) -> Expr:
        operator = self._operator(node.operator)
        operand = self.expression(node.expression)
        return syntax.Unary(start, self.cursor.end(), operator, operand)

    def _x_BinaryOperation(self, node: Any, start: int) -> Expr:
        left = self.expression(node.left)
        operator = self._operator(node.operator)
        right = self.expression(node.right)
        return syntax.Binary(start, self.cursor.end(), operator, left, right)

    _x_BooleanOperation = _x_BinaryOperation

    def _operator(self, node: Any) -> str:
        operator = _OPERATORS[type(node).__name__]
        for word in operator.split(" "):
            self.cursor.expect(word)
        return operator

    def _x_Comparison(self, node: Any, start: int) -> Expr:
        left = self.expression(node.left)
        operators, comparators = [], []
        for target in node.comparisons:
            operators.append(self._operator(target.operator))
            comparators.append(self.expression(target.comparator))
        return syntax.Compare(start, self.cursor.end(), left, tuple(operators), tuple(comparators))

    def _x_IfExp(self, node: Any, start: int) -> Expr:
        body = self.expression(node.body)
        self.cursor.expect("if")
        test = self.expression(node.test)
        self.cursor.expect("else")
        orelse = self.expression(node.orelse)
        return syntax.Conditional(start, self.cursor.end(), test, body, orelse)

    def _x_NamedExpr(self, node: Any, start: int) -> Expr:
        target = self.expression(node.target)
        self.cursor.expect(":=")
        value = self.expression(node.value)
        self.scopes.bind_target(target, BindingKind.ASSIGN, value)
        return syntax.NamedExpr(start, self.cursor.end(), target, value)

    def _x_Await(self, node: Any, start: int) -> Expr:
        self.cursor.expect("await")
        children = (self.expression(node.expression),)
        return syntax.Other(start, self.cursor.end(), "await", children)

    def _x_Yield(self, node: Any, start: int) -> Expr:
        self.cursor.expect("yield")
        value = node.value
        if type(value).__name__ == "From":
            self.cursor.expect("from")
            value = value.item
        children = () if value is None else (self.expression(value),)
        return syntax.Other(start, self.cursor.end(), "yield", children)

    # --- calls and subscripts

    def _x_Call(self, node: Any, start: int) -> Expr:
        func = self.expression(node.func)
        self.cursor.expect("(")
        args = self.arguments(node.args)
        end = self.cursor.expect(")")
        return syntax.Call(start, end, func, args, self.scopes.current.number)

    def arguments(self, nodes: Iterable[Any]) -> tuple[Arg, ...]:
        """The arguments of a call or the bases of a class, commas passed."""
        found = []
        for node in nodes:
            start = self.cursor.begin()
            keyword = None
            if node.star:
                self.cursor.expect(node.star)
            elif node.keyword is not None:
                keyword = node.keyword.value
                self.cursor.expect(keyword)
                self.cursor.expect("=")
            value = self.expression(node.value)
            found.append(Arg(start, self.cursor.end(), value, keyword, node.star))
            self.cursor.accept(",")
        return tuple(found)

    def _x_Subscript(self, node: Any, start: int) -> Expr:
        value = self.expression(node.value)
        self.cursor.expect("[")
        inside = self.cursor.begin()
        elements = []
        comma = False
        for element in node.slice:
            elements.append(self._index(element.slice))
            comma = self.cursor.accept(",")
        stop = self.cursor.end()
        single = len(elements) == 1 and not comma
        index = elements[0] if single else self.keep(Collection(inside, stop, "tuple", tuple(elements)))
        end = self.cursor.expect("]")
        return syntax.Subscript(start, end, value, index)

    def _index(self, node: Any) -> Expr:
        start = self.cursor.begin()
        if type(node).__name__ == "Index":
            if node.star is not None:
                self.cursor.expect("*")
                return syntax.Starred(start, self.cursor.end(), self.expression(node.value))
            return self.expression(node.value)
        lower = self.maybe(node.lower)
        self.cursor.expect(":")
        upper = self.maybe(node.upper)
        self.cursor.accept(":")
        step = self.maybe(node.step)
        return cast("Expr", self.keep(syntax.Slice(start, self.cursor.end(), lower, upper, step)))

    # --- displays and comprehensions

    def _x_Tuple(self, node: Any, start: int) -> Expr:
        elements = []
        for position, element in enumerate(node.elements):
            elements.append(self._element(element))
            if position + 1 < len(node.elements) or element.comma is not None:
                self.cursor.accept(",")
        # The comma that makes a tuple of one belongs to it.
        return Collection(start, self.cursor.end(), "tuple", tuple(elements))

    def _x_List(self, node: Any, start: int) -> Expr:
        return self._display(node, start, "list", "[", "]")

    def _x_Set(self, node: Any, start: int) -> Expr:
        return self._display(node, start, "set", "{", "}")

    def _display(self, node: Any, start: int, kind: str, opening: str, closing: str) -> Expr:
        self.cursor.expect(opening)
        elements = self.several(node.elements)
        end = self.cursor.expect(closing)
        return Collection(start, end, kind, elements)

    def _x_StarredElement(self, node: Any, start: int) -> Expr:
        self.cursor.expect("*")
        value = self.expression(node.value)
        return syntax.Starred(start, self.cursor.end(), value)

    def _x_Dict(self, node: Any, start: int) -> Expr:
        self.cursor.expect("{")
        items: list[tuple[Expr | None, Expr]] = []
        for element in node.elements:
            if type(element).__name__ == "StarredDictElement":
                self.cursor.expect("**")
                items.append((None, self.expression(element.value)))
            else:
                key = self.expression(element.key)
                self.cursor.expect(":")
                items.append((key, self.expression(element.value)))
            self.cursor.accept(",")
        end = self.cursor.expect("}")
        return syntax.Dict(start, end, tuple(items))

    def _x_ListComp(self, node: Any, start: int) -> Expr:
        return self._comprehension(node, start, "list", "[", "]")

    def _x_SetComp(self, node: Any, start: int) -> Expr:
        return self._comprehension(node, start, "set", "{", "}")

    def _x_DictComp(self, node: Any, start: int) -> Expr:
        return self._comprehension(node, start, "dict", "{", "}")

    def _x_GeneratorExp(self, node: Any, start: int) -> Expr:
        return self._comprehension(node, start, "generator", "", "")

    def _comprehension(self, node: Any, start: int, kind: str, opening: str, closing: str) -> Expr:
        if opening:
            self.cursor.expect(opening)
        outer = self.scopes.open("comprehension", kind, start)
        key = None
        if kind == "dict":
            key = self.expression(node.key)
            self.cursor.expect(":")
            element = self.expression(node.value)
        else:
            element = self.expression(node.elt)
        generators: list[Generator] = []
        level = node.for_in
        while level is not None:
            generators.append(self._generator(level, outer if not generators else None))
            level = level.inner_for_in
        if closing:
            self.cursor.expect(closing)
        self.scopes.close(outer, self.cursor.end())
        return syntax.Comprehension(start, self.cursor.end(), kind, element, key, tuple(generators))

    def _generator(self, node: Any, outer: Any) -> Generator:
        start = self.cursor.begin()
        if node.asynchronous is not None:
            self.cursor.expect("async")
        self.cursor.expect("for")
        target = self.expression(node.target)
        self.cursor.expect("in")
        inner = self.scopes.current
        if outer is not None:
            self.scopes.current = outer[0]  # the first iterable is evaluated outside
        iterated = self.expression(node.iter)
        self.scopes.current = inner
        self.scopes.bind_target(target, BindingKind.LOOP, iterated)
        conditions = []
        for condition in node.ifs:
            self.cursor.expect("if")
            conditions.append(self.expression(condition.test))
        return Generator(start, self.cursor.end(), target, iterated, tuple(conditions))

    # --- lambdas and parameters

    def _x_Lambda(self, node: Any, start: int) -> Expr:
        self.cursor.expect("lambda")
        parameters = self.parameters(node.params)
        self.cursor.expect(":")
        outer = self.scopes.open("function", "<lambda>", start)
        scope = self.scopes.current.number
        self.bind_parameters(parameters)
        body = self.expression(node.body)
        self.scopes.close(outer, self.cursor.end())
        return syntax.Lambda(start, self.cursor.end(), parameters, body, scope)

    def parameters(self, node: Any) -> tuple[Parameter, ...]:
        """A function's parameters; defaults and annotations belong to the scope around it."""
        found: list[Parameter] = []
        for each in node.posonly_params:
            found.append(self._parameter(each, "positional-only"))
        if node.posonly_params:
            self.cursor.accept("/")
            self.cursor.accept(",")
        for each in node.params:
            found.append(self._parameter(each, "positional"))
        star = type(node.star_arg).__name__
        if star == "Param":
            found.append(self._parameter(node.star_arg, "*"))
        elif star == "ParamStar":
            self.cursor.expect("*")
            self.cursor.accept(",")
        for each in node.kwonly_params:
            found.append(self._parameter(each, "keyword-only"))
        if node.star_kwarg is not None:
            found.append(self._parameter(node.star_kwarg, "**"))
        return tuple(found)

    def _parameter(self, node: Any, kind: str) -> Parameter:
        if kind in ("*", "**"):
            self.cursor.expect(kind)
        start = self.cursor.begin()
        self.cursor.expect(node.name.value)
        annotation = default = None
        if node.annotation is not None:
            self.cursor.expect(":")
            annotation = self.expression(node.annotation.annotation)
        if node.default is not None:
            self.cursor.expect("=")
            default = self.expression(node.default)
        parameter = Parameter(start, self.cursor.end(), node.name.value, kind, default, annotation)
        self.cursor.accept(",")
        return parameter

    def bind_parameters(self, parameters: tuple[Parameter, ...]) -> None:
        """Bind the parameters in the scope that has just been opened."""
        for each in parameters:
            end = each.start + len(each.name)
            self.scopes.bind(
                syntax.Binding(each.start, end, each.name, BindingKind.PARAMETER, each.default, parameter=each)
            )


_EXPRESSIONS: dict[str, Callable[[ExpressionWalk, Any, int], Expr]] = {
    name.removeprefix("_x_"): function for name, function in vars(ExpressionWalk).items() if name.startswith("_x_")
}
_NAMED_CONSTANTS: dict[str, Constant] = {"True": True, "False": False, "None": None}
_OPERATORS = {
    "Plus": "+",
    "Minus": "-",
    "BitInvert": "~",
    "Not": "not",
    "And": "and",
    "Or": "or",
    "Add": "+",
    "Subtract": "-",
    "Multiply": "*",
    "Divide": "/",
    "FloorDivide": "//",
    "Modulo": "%",
    "Power": "**",
    "MatrixMultiply": "@",
    "LeftShift": "<<",
    "RightShift": ">>",
    "BitAnd": "&",
    "BitOr": "|",
    "BitXor": "^",
    "LessThan": "<",
    "LessThanEqual": "<=",
    "GreaterThan": ">",
    "GreaterThanEqual": ">=",
    "Equal": "==",
    "NotEqual": "!=",
    "In": "in",
    "NotIn": "not in",
    "Is": "is",
    "IsNot": "is not",
}


def _string(text: str) -> Constant:
    """The value of a string literal as written."""
    if "\\" not in text and "\r" not in text:
        quote = text[0]
        if quote in "'\"":
            width = 3 if text.startswith(quote * 3) and len(text) >= 6 else 1
            return text[width:-width]
    try:
        return cast("Constant", ast.literal_eval(text))
    except (ValueError, SyntaxError):  # bytes with letters beyond ASCII, unknown escapes made errors
        return None
