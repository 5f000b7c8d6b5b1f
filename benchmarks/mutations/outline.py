"""Moves a statement's work into a helper, as people do when a loop grows: a function, or a method where `self` is."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from benchmarks.mutations.script import Edit, Planted, Script, Skipped

_BUILTINS = frozenset(dir(builtins))


def moved(script: Script, planted: Planted) -> str | Skipped:
    """The text with the mistake made and its statements' work done by helpers; or why that cannot be."""
    edits, left = [], list(planted.edits)
    if not planted.statements:
        return Skipped("no statement to move")
    new = _bound(script.edited(planted.edits))
    for number, statement in enumerate(planted.statements, 1):
        value = _work(statement)
        if value is None:
            return Skipped(f"{type(statement).__name__} cannot be moved")
        start, end = script.start(value), script.end(value)
        inside = [edit for edit in left if start <= edit.start and edit.end <= end and not _beside(edit, start, end)]
        left = [edit for edit in left if edit not in inside]
        text = _shifted(script, start, end, inside)
        helper = _helper(script, statement, text, f"planted_helper_{number}", new)
        if isinstance(helper, Skipped):
            return helper
        edits += helper
    for edit in left:
        if any(edit.start < made.end and made.start < edit.end for made in edits):
            return Skipped("the mistake is around what would be moved")
    return script.edited([*edits, *left])  # A decorator at the same place belongs to what stands there.


def _beside(edit: Edit, start: int, end: int) -> bool:
    """Whether an edit adds a line before or after a stretch of the text."""
    return edit.start == edit.end and edit.start in (start, end)


def _work(statement: ast.stmt) -> ast.expr | None:
    """The expression that a statement is there for."""
    if isinstance(statement, (ast.Expr, ast.Assign)):
        return statement.value
    return None


def _shifted(script: Script, start: int, end: int, edits: Sequence[Edit]) -> str:
    """The text between two offsets, with the edits in it made."""
    parts, at = [], start
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        parts += [script.between(at, edit.start), edit.text]
        at = edit.end
    return "".join([*parts, script.between(at, end)])


def _helper(script: Script, statement: ast.stmt, text: str, name: str, new: set[str]) -> list[Edit] | Skipped:
    """The edits that put the text into a function and call it where it stood."""
    try:
        work = ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        return Skipped("the work is no expression once the mistake is in it")
    if any(isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)) for node in ast.walk(work)):
        return Skipped("the work yields, awaits or assigns")
    if isinstance(script.parents[statement], ast.ClassDef):
        return Skipped("the statement is in the body of a class")
    value = _work(statement)
    assert value is not None
    names = _needed(script, work, new)
    at: ast.stmt
    method = script.around(statement, ast.FunctionDef)
    if "super" in {node.id for node in ast.walk(work) if isinstance(node, ast.Name)}:
        return Skipped("the work calls super()")
    if "self" in names:
        if method is None or not isinstance(script.parents[method], ast.ClassDef) or method.args.args[0].arg != "self":
            return Skipped("`self` is not that of a method")
        others = [each for each in names if each != "self"]
        at, indent, call = method, script.indent(method), f"self.{name}({', '.join(others)})"
        parameters = ["self", *others]
    else:
        at, indent, call = script.outermost(statement), "", f"{name}({', '.join(names)})"
        parameters = names
    place = script.line_start(at)
    made = f"{indent}def {name}({', '.join(parameters)}):\n{indent}    return ({text})\n\n"
    return [Edit(place, place, made), script.replaced(value, call)]


def _bound(text: str) -> set[str]:
    """The names that a mistake brings and gives a value."""
    try:
        names = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    except SyntaxError:
        return set()
    return {node.id for node in names if isinstance(node.ctx, ast.Store) and node.id.startswith("planted_")}


def _needed(script: Script, work: ast.expr, new: set[str]) -> list[str]:
    """The names that a helper must be given: neither builtins nor what the module imports and defines."""
    own = {node.id for node in ast.walk(work) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in ast.walk(work) if isinstance(node, ast.arg)}
    known = own | _BUILTINS | set(script.imports)
    known |= {each.name for each in script.tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))}
    bound = new | {node.id for node in script.all(ast.Name) if isinstance(node.ctx, ast.Store)}
    bound |= {each.arg for each in script.all(ast.arg)} - known
    found = [node.id for node in ast.walk(work) if isinstance(node, ast.Name) and node.id in bound - known]
    return list(dict.fromkeys(found))
