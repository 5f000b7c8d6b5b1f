"""A training script as the mutators see it: its text, Python's own tree of it, and edits between offsets of the text.

Nothing here knows hplint. Offsets count bytes of UTF-8, as :mod:`ast` does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

N = TypeVar("N", bound=ast.AST)
_PLACED = (ast.stmt, ast.expr, ast.keyword, ast.arg, ast.alias, ast.excepthandler)
"""What has a place in the text."""

ALIASES = {
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "optim": "torch.optim",
    "lr_scheduler": "torch.optim.lr_scheduler",
    "DataLoader": "torch.utils.data.DataLoader",
}
"""What these names stand for where a script takes them from a star import or leaves the import out."""


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for a stretch of the old one."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Planted:
    """One mistake: the edits that make it, and the statements that can be moved into a helper together with it.

    ``also`` are codes of findings that the mistake rightly brings besides its own.
    """

    edits: tuple[Edit, ...]
    statements: tuple[ast.stmt, ...] = ()
    also: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Skipped:
    """A place that looks right for the mistake and is not, and why."""

    reason: str


class Script:
    """One file.

    Raises:
        SyntaxError: it is not Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes = text.encode()
        self.tree = ast.parse(text)
        starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts

    # --- the tree

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, outer ones first."""
        return list(ast.walk(self.tree))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def all(self, kind: type[N]) -> Iterator[N]:
        """The nodes of a class, in the order of the text."""
        return iter(sorted((node for node in self.nodes if isinstance(node, kind)), key=self.start))

    def around(self, node: ast.AST, kind: type[N]) -> N | None:
        """The innermost node of a class around another."""
        outer = self.parents.get(node)
        while outer is not None and not isinstance(outer, kind):
            outer = self.parents.get(outer)
        return outer

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is part of."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements in a row that one belongs to."""
        for name in ("body", "orelse", "finalbody"):
            held = getattr(self.parents[statement], name, [])
            if isinstance(held, list) and statement in held:
                return held
        return [statement]

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.Module:
        """The function that a node is in, or the module."""
        return self.around(node, ast.FunctionDef) or self.tree

    def outermost(self, node: ast.AST) -> ast.stmt:
        """The statement of the module that a node is in."""
        while not isinstance(self.parents[node], ast.Module):
            node = self.parents[node]
        assert isinstance(node, ast.stmt)
        return node

    def within(self, node: ast.AST, kind: type[N]) -> Iterator[N]:
        """The nodes of a class inside another node, in the order of the text."""
        return iter(sorted((each for each in ast.walk(node) if isinstance(each, kind)), key=self.start))

    # --- the text

    def start(self, node: ast.AST) -> int:
        """Where a node starts, its decorators not counted."""
        assert isinstance(node, _PLACED)
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.AST) -> int:
        """Where a node ends."""
        assert isinstance(node, _PLACED)
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def line_start(self, node: ast.stmt) -> int:
        """The start of the first line of a statement, its decorators counted."""
        first: int = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        return self._starts[first - 1]

    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        return self._bytes[self.start(node) : self.end(node)].decode()

    def between(self, start: int, end: int) -> str:
        """The text between two offsets."""
        return self._bytes[start:end].decode()

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement."""
        return " " * node.col_offset

    def replaced(self, node: ast.AST, text: str) -> Edit:
        """Other text for a node."""
        return Edit(self.start(node), self.end(node), text)

    def replaced_name(self, function: ast.FunctionDef, name: str) -> Edit:
        """Another name for a function."""
        start = self.start(function)
        at = start + self._bytes[start:].index(function.name.encode())
        return Edit(at, at + len(function.name.encode()), name)

    def removed(self, statement: ast.stmt) -> Edit:
        """Nothing for a statement."""
        return self.replaced(statement, "pass")

    def before(self, statement: ast.stmt, text: str) -> Edit:
        """One more line above a statement."""
        return Edit(self.start(statement), self.start(statement), f"{text}\n{self.indent(statement)}")

    def after(self, statement: ast.stmt, text: str) -> Edit:
        """One more line under a statement."""
        return Edit(self.end(statement), self.end(statement), f"\n{self.indent(statement)}{text}")

    def imported(self, line: str) -> Edit:
        """One more import, under the others."""
        found = [each for each in self.tree.body if isinstance(each, (ast.Import, ast.ImportFrom))]
        return self.after(found[-1], line) if found else self.before(self.tree.body[0], line)

    def above(self, node: ast.AST, text: str) -> Edit:
        """One more line for the module, above the statement of it that a node is in."""
        start = self.line_start(self.outermost(node))
        return Edit(start, start, f"{text}\n")

    def under(self, statements: Sequence[ast.stmt], header: str) -> Edit | None:
        """Statements in a row put under a header such as `with torch.no_grad():`; None where the text forbids it."""
        start, end = self.start(statements[0]), self.end(statements[-1])
        text = self.between(start, end)
        if '"""' in text or "'''" in text or ";" in text:
            return None
        pad = self.indent(statements[0])
        lines = [f"    {line}" if line.strip() else line for line in f"{pad}{text}".split("\n")]
        return Edit(start, end, "\n".join([header, *lines]))

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text with the edits made, which must not overlap."""
        parts, at = [], 0
        for edit in sorted(edits, key=lambda each: (each.start, each.end)):
            parts += [self._bytes[at : edit.start], edit.text.encode()]
            at = edit.end
        return b"".join([*parts, self._bytes[at:]]).decode()

    # --- names

    @cached_property
    def imports(self) -> dict[str, str]:
        """What each imported name stands for."""
        found = dict(ALIASES)
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    def dotted(self, node: ast.AST) -> str:
        """The whole name of `optim.Adam` and the like; "" for what is no name."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            outer = self.dotted(node.value)
            return f"{outer}.{node.attr}" if outer else ""
        return ""

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Calls of torch's own things: `optim.Adam` stands for `torch.optim.Adam`."""
        wanted = {f"torch.{name}" for name in names}
        return (call for call in self.all(ast.Call) if self.dotted(call.func) in wanted)

    def methods(self, *names: str) -> Iterator[ast.Call]:
        """Calls of a method, on whatever object."""
        return (call for call in self.all(ast.Call) if isinstance(call.func, ast.Attribute) and call.func.attr in names)

    def modules(self) -> Iterator[ast.ClassDef]:
        """Classes that are torch modules by their own bases."""
        for each in self.all(ast.ClassDef):
            if any(self.dotted(base) == "torch.nn.Module" for base in each.bases):
                yield each

    def method(self, module: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        """A method that a class defines."""
        return next((each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == name), None)

    def layers(self, module: ast.ClassDef) -> dict[str, ast.Call]:
        """The layers of torch that a class keeps in `self.x`, each set once, in the order of the text."""
        stores = [
            (target.attr, node.value)
            for node in self.within(module, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Attribute) and self.is_own(target)
        ]
        names = [name for name, _ in stores]
        return {
            name: value
            for name, value in stores
            if names.count(name) == 1
            and isinstance(value, ast.Call)
            and self.dotted(value.func).startswith("torch.nn.")
        }

    # --- arguments

    def argument(self, call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
        """What is passed by name, or at a position."""
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        if position is None or position >= len(call.args):
            return None
        starred = any(isinstance(each, ast.Starred) for each in call.args[: position + 1])
        return None if starred else call.args[position]

    def is_own(self, node: ast.AST, word: str = "") -> bool:
        """Whether a node is `self.x` whose `x` holds a word."""
        if not isinstance(node, ast.Attribute) or word not in node.attr.lower():
            return False
        return isinstance(node.value, ast.Name) and node.value.id == "self"

    def is_open(self, call: ast.Call) -> bool:
        """Whether `*` or `**` may bring more."""
        return any(isinstance(each, ast.Starred) for each in call.args) or any(
            keyword.arg is None for keyword in call.keywords
        )

    def added(self, call: ast.Call, argument: str) -> Edit | None:
        """One more argument; None where it cannot be written behind the last one."""
        last = max([*call.args, *(keyword.value for keyword in call.keywords)], key=self.end, default=None)
        if last is None:
            return Edit(self.end(call) - 1, self.end(call) - 1, argument)
        rest = "".join(self.between(self.end(last), self.end(call)).split())
        if isinstance(last, ast.GeneratorExp) or rest not in (")", ",)"):
            return None
        return Edit(self.end(last), self.end(last), f", {argument}")

    def given(self, call: ast.Call, name: str, text: str, position: int | None = None) -> Edit | None:
        """An argument with this text, whether it was passed or not; None where that cannot be written."""
        old = self.argument(call, name, position)
        return self.added(call, f"{name}={text}") if old is None else self.replaced(old, text)

    def left_out(self, call: ast.Call, name: str) -> Edit | None:
        """The call without an argument that is passed by name."""
        for keyword in call.keywords:
            if keyword.arg == name:
                start, end = self.start(keyword), self.end(keyword)
                before, behind = self._bytes[:start].rstrip(), self._bytes[end:]
                if before.endswith(b","):
                    return Edit(len(before) - 1, end, "")
                comma = len(behind) - len(behind.lstrip())
                return Edit(start, end + comma + 1, "") if behind[comma : comma + 1] == b"," else Edit(start, end, "")
        return None
