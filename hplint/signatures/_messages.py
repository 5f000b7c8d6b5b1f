"""What an error says, as text with ``{expressions}`` over the parameters where values go."""

from __future__ import annotations

import ast

from hplint.signatures._conditions import Facts, assumed, conjuncts
from hplint.signatures._sources import Library
from hplint.signatures._translate import Frame, is_hole, text, translate


def template(library: Library, message: ast.expr, frame: Frame, condition: ast.expr) -> str:
    """The message of an error that is raised where ``condition`` holds; empty when it is put together otherwise."""
    return _Template(library, frame, [(part, True) for part in conjuncts(condition)]).visit(message)


class _Template:
    """One message."""

    def __init__(self, library: Library, frame: Frame, facts: Facts) -> None:
        self.library = library
        self.frame = frame
        self.facts = facts

    def visit(self, message: ast.expr) -> str:
        match message:
            case ast.Constant(value=str(said)):
                return _escaped(said)
            case ast.JoinedStr(values=values):
                return "".join(self.visit(value) for value in values)
            case ast.FormattedValue(value=value, conversion=conversion):
                return self.placeholder(value, "!r" if conversion == ord("r") else "")
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return "".join(self.visit(part) or self.placeholder(part) for part in (left, right))
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value=str(said)), attr="format"), args=args, keywords=[]
            ):
                pieces = said.split("{}")
                if len(pieces) == len(args) + 1:
                    shown = [*map(self.placeholder, args), ""]
                    return "".join(_escaped(piece) + value for piece, value in zip(pieces, shown, strict=True))
        return ""

    def placeholder(self, expr: ast.expr, conversion: str = "") -> str:
        """``{expression}`` for a value; text where it is known already, ``…`` where it never is."""
        if isinstance(expr, ast.Call) and ast.unparse(expr.func) == "type":
            expr = ast.Attribute(expr, "__name__", ast.Load())
        value = assumed(translate(self.library, expr, self.frame), self.facts)
        if is_hole(value):
            return "…"
        source = text(value)
        if isinstance(value, ast.Constant) or set(source) & set("{}"):
            return _escaped(str(value.value) if isinstance(value, ast.Constant) and not conversion else source)
        return f"{{{source}{conversion}}}"


def _escaped(said: str) -> str:
    return said.replace("{", "{{").replace("}", "}}")
