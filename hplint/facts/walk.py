"""The one walk over LibCST's tree: text in, :class:`Code` out; the tree is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hplint.facts import syntax
from hplint.facts.expressions import ExpressionWalk
from hplint.facts.syntax import Assign, Binding, BindingKind, Code, Expr, Name, Stmt
from hplint.nodes import Node
from hplint.parse import parse, scan, undisturbed


def read_code(text: str) -> Code:
    """Scan, parse and walk a text.

    Raises:
        hplint.parse.SyntaxProblem, hplint.parse.TooComplex: as the parser does.
    """
    tokens = scan(text)
    with undisturbed():
        return _Walk(text, tokens, parse(text)).module()


class _Walk(ExpressionWalk):
    """Statements; expressions are the base's."""

    def module(self) -> Code:
        body = self._lines(self.root.body)
        self.scopes.all[0].end = len(self.text)
        index = {name: tuple(found) for name, found in self.index.items()}
        vocabulary = "\n".join(dict.fromkeys(self.cursor.texts))
        return Code(body, tuple(scope.freeze() for scope in self.scopes.all), index, vocabulary)

    # --- bodies

    def _lines(self, nodes: Iterable[Any]) -> tuple[Stmt, ...]:
        found: list[Stmt] = []
        for node in nodes:
            if type(node).__name__ == "SimpleStatementLine":
                found.extend(self._small(node.body))
            else:
                found.append(self._statement(node))
        return tuple(found)

    def _small(self, nodes: Iterable[Any]) -> Iterable[Stmt]:
        for node in nodes:
            yield self._statement(node)
            self.cursor.accept(";")

    def _statement(self, node: Any) -> Stmt:
        return self.keep(_STATEMENTS[type(node).__name__](self, node, self.cursor.begin()))

    def _suite(self, node: Any) -> tuple[Stmt, ...]:
        self.cursor.expect(":")
        if type(node).__name__ == "IndentedBlock":
            return self._lines(node.body)
        return tuple(self._small(node.body))

    def _branch(self, node: Any) -> tuple[Stmt, ...]:
        """A body that may not run."""
        self.scopes.conditional += 1
        body = self._suite(node)
        self.scopes.conditional -= 1
        return body

    def _else(self, node: Any, keyword: str = "else") -> tuple[Stmt, ...]:
        if node is None:
            return ()
        self.cursor.expect(keyword)
        return self._branch(node.body)

    # --- simple statements

    def _s_Expr(self, node: Any, start: int) -> Stmt:
        value = self.expression(node.value)
        return syntax.ExprStatement(start, self.cursor.end(), value)

    def _s_Assign(self, node: Any, start: int) -> Stmt:
        targets = []
        for each in node.targets:
            targets.append(self.expression(each.target))
            self.cursor.expect("=")
        value = self.expression(node.value)
        for target in targets:
            self.scopes.bind_target(target, BindingKind.ASSIGN, value)
        return Assign(start, self.cursor.end(), tuple(targets), value, None)

    def _s_AnnAssign(self, node: Any, start: int) -> Stmt:
        target = self.expression(node.target)
        self.cursor.expect(":")
        annotation = self.expression(node.annotation.annotation)
        value = None
        if node.value is not None:
            self.cursor.expect("=")
            value = self.expression(node.value)
            self.scopes.bind_target(target, BindingKind.ASSIGN, value)
        return Assign(start, self.cursor.end(), (target,), value, annotation)

    def _s_AugAssign(self, node: Any, start: int) -> Stmt:
        target = self.expression(node.target)
        operator = self.cursor.peek().removesuffix("=")
        self.cursor.skip()
        value = self.expression(node.value)
        if isinstance(target, Name):
            self.scopes.bind_name(target.id, BindingKind.AUGMENTED, start, self.cursor.end())
        return syntax.AugAssign(start, self.cursor.end(), target, operator, value)

    def _s_Return(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("return")
        value = self.maybe(node.value)
        return syntax.Return(start, self.cursor.end(), value)

    def _keyword(self, start: int, kind: str, *nodes: Any) -> Stmt:
        self.cursor.expect(kind)
        children = tuple(self.expression(node) for node in nodes if node is not None)
        return syntax.Simple(start, self.cursor.end(), kind, children)

    def _s_Pass(self, node: Any, start: int) -> Stmt:
        return self._keyword(start, "pass")

    def _s_Break(self, node: Any, start: int) -> Stmt:
        return self._keyword(start, "break")

    def _s_Continue(self, node: Any, start: int) -> Stmt:
        return self._keyword(start, "continue")

    def _s_Del(self, node: Any, start: int) -> Stmt:
        return self._keyword(start, "del", node.target)

    def _s_Raise(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("raise")
        children = [] if node.exc is None else [self.expression(node.exc)]
        if node.cause is not None:
            self.cursor.expect("from")
            children.append(self.expression(node.cause.item))
        return syntax.Simple(start, self.cursor.end(), "raise", tuple(children))

    def _s_Assert(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("assert")
        children = [self.expression(node.test)]
        if node.msg is not None:
            self.cursor.expect(",")
            children.append(self.expression(node.msg))
        return syntax.Simple(start, self.cursor.end(), "assert", tuple(children))

    def _s_Global(self, node: Any, start: int) -> Stmt:
        return self._declared(node, start, "global", self.scopes.current.globals)

    def _s_Nonlocal(self, node: Any, start: int) -> Stmt:
        return self._declared(node, start, "nonlocal", self.scopes.current.nonlocals)

    def _declared(self, node: Any, start: int, kind: str, names: set[str]) -> Stmt:
        self.cursor.expect(kind)
        for item in node.names:
            names.add(item.name.value)
            self.cursor.expect(item.name.value)
            self.cursor.accept(",")
        return syntax.Simple(start, self.cursor.end(), kind, ())

    def _s_TypeAlias(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("type")
        self.scopes.bind_name(node.name.value, BindingKind.OTHER, start, start)
        self.cursor.expect(node.name.value)
        self.cursor.skip_brackets()
        self.cursor.expect("=")
        value = self.expression(node.value)
        return syntax.Simple(start, self.cursor.end(), "type", (value,))

    # --- imports

    def _s_Import(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("import")
        names = []
        for item in node.names:
            dotted, alias = self._alias(item)
            names.append((dotted, alias))
            bound = alias or dotted.partition(".")[0]
            self._bind_import(bound, dotted if alias else bound, start)
        return syntax.Import(start, self.cursor.end(), None, tuple(names), 0, False)

    def _s_ImportFrom(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("from")
        level = len(node.relative)
        while self.cursor.peek() and not self.cursor.peek().strip("."):
            self.cursor.skip()
        module = self._dotted(node.module) if node.module is not None else None
        self.cursor.expect("import")
        source = "." * level + (module or "")
        if type(node.names).__name__ == "ImportStar":
            self.cursor.expect("*")
            self.scopes.current.stars.append(source)
            return syntax.Import(start, self.cursor.end(), module, (), level, True)
        self.cursor.accept("(")
        names = []
        for item in node.names:
            name, alias = self._alias(item)
            names.append((name, alias))
            self._bind_import(alias or name, source + ("." if module else "") + name, start)
        self.cursor.accept(")")
        return syntax.Import(start, self.cursor.end(), module, tuple(names), level, False)

    def _alias(self, item: Any) -> tuple[str, str | None]:
        dotted = self._dotted(item.name)
        alias = None
        if item.asname is not None:
            self.cursor.expect("as")
            alias = item.asname.name.value
            self.cursor.expect(alias)
        self.cursor.accept(",")
        return dotted, alias

    def _dotted(self, node: Any) -> str:
        parts: list[str] = []
        while type(node).__name__ == "Attribute":
            parts.append(node.attr.value)
            node = node.value
        parts.append(node.value)
        parts.reverse()
        for position, part in enumerate(parts):
            if position:
                self.cursor.expect(".")
            self.cursor.expect(part)
        return ".".join(parts)

    def _bind_import(self, name: str, dotted: str, start: int) -> None:
        conditional = self.scopes.conditional > 0
        end = self.cursor.end()
        self.scopes.bind(Binding(start, end, name, BindingKind.IMPORT, imported=dotted, conditional=conditional))

    # --- compound statements

    def _s_If(self, node: Any, start: int, keyword: str = "if") -> Stmt:
        self.cursor.expect(keyword)
        test = self.expression(node.test)
        body = self._branch(node.body)
        orelse: tuple[Stmt, ...] = ()
        if type(node.orelse).__name__ == "If":
            self.scopes.conditional += 1
            orelse = (self.keep(self._s_If(node.orelse, self.cursor.begin(), "elif")),)
            self.scopes.conditional -= 1
        else:
            orelse = self._else(node.orelse)
        return syntax.If(start, self.cursor.end(), test, body, orelse)

    def _s_For(self, node: Any, start: int) -> Stmt:
        self._asynchronous(node)
        self.cursor.expect("for")
        target = self.expression(node.target)
        self.cursor.expect("in")
        iterated = self.expression(node.iter)
        self.scopes.bind_target(target, BindingKind.LOOP, iterated)
        body = self._branch(node.body)
        orelse = self._else(node.orelse)
        return syntax.For(start, self.cursor.end(), target, iterated, body, orelse)

    def _asynchronous(self, node: Any) -> None:
        if node.asynchronous is not None:
            self.cursor.expect("async")

    def _s_While(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("while")
        test = self.expression(node.test)
        body = self._branch(node.body)
        orelse = self._else(node.orelse)
        return syntax.While(start, self.cursor.end(), test, body, orelse)

    def _s_With(self, node: Any, start: int) -> Stmt:
        self._asynchronous(node)
        self.cursor.expect("with")
        if node.lpar is not None:
            self.cursor.expect("(")
        items: list[tuple[Expr, Expr | None]] = []
        for item in node.items:
            context = self.expression(item.item)
            target = None
            if item.asname is not None:
                self.cursor.expect("as")
                target = self.expression(item.asname.name)
                self.scopes.bind_target(target, BindingKind.WITH, context)
            items.append((context, target))
            self.cursor.accept(",")
        if node.rpar is not None:
            self.cursor.expect(")")
        body = self._suite(node.body)
        return syntax.With(start, self.cursor.end(), tuple(items), body)

    def _s_Try(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("try")
        body = self._branch(node.body)
        handlers = []
        for handler in node.handlers:
            self.cursor.expect("except")
            self.cursor.accept("*")
            caught = self.maybe(handler.type)
            if handler.name is not None:
                self.cursor.expect("as")
                name = handler.name.name.value
                self.scopes.bind_name(name, BindingKind.OTHER, self.cursor.begin(), self.cursor.begin() + len(name))
                self.cursor.expect(name)
            handlers.append((caught, self._branch(handler.body)))
        orelse = self._else(node.orelse)
        final: tuple[Stmt, ...] = ()
        if node.finalbody is not None:
            self.cursor.expect("finally")
            final = self._suite(node.finalbody.body)
        return syntax.Try(start, self.cursor.end(), body, tuple(handlers), orelse, final)

    _s_TryStar = _s_Try

    def _s_Match(self, node: Any, start: int) -> Stmt:
        self.cursor.expect("match")
        subject = self.expression(node.subject)
        self.cursor.expect(":")
        cases = []
        for case in node.cases:
            self.cursor.expect("case")
            begin = self.cursor.begin()
            while self.cursor.peek() not in ("", ":", "if"):
                if self.cursor.peek() in ("(", "[", "{"):
                    self.cursor.skip_brackets()
                else:
                    self.cursor.skip()
            for name in _captured(case.pattern):
                self.scopes.bind_name(name, BindingKind.OTHER, begin, self.cursor.end())
            guard = None
            if case.guard is not None:
                self.cursor.expect("if")
                guard = self.expression(case.guard)
            cases.append((guard, self._branch(case.body)))
        return syntax.Match(start, self.cursor.end(), subject, tuple(cases))

    # --- definitions

    def _decorators(self, node: Any) -> tuple[Expr, ...]:
        found = []
        for each in node.decorators:
            self.cursor.expect("@")
            found.append(self.expression(each.decorator))
        return tuple(found)

    def _s_FunctionDef(self, node: Any, start: int) -> Stmt:
        decorators = self._decorators(node)
        start = self.cursor.begin()
        self._asynchronous(node)
        self.cursor.expect("def")
        name, name_start = node.name.value, self.cursor.begin()
        self.cursor.expect(name)
        if node.type_parameters is not None:
            self.cursor.skip_brackets()
        self.cursor.expect("(")
        parameters = self.parameters(node.params)
        self.cursor.expect(")")
        if node.returns is not None:
            self.cursor.expect("->")
            self.expression(node.returns.annotation)
        outer = self.scopes.open("function", name, start)
        scope = self.scopes.current.number
        self.bind_parameters(parameters)
        body = self._suite(node.body)
        self.scopes.close(outer, self.cursor.end())
        record = syntax.FunctionDef(start, self.cursor.end(), name, name_start, parameters, decorators, body, scope)
        self._bind_definition(record, BindingKind.FUNCTION)
        return record

    def _s_ClassDef(self, node: Any, start: int) -> Stmt:
        decorators = self._decorators(node)
        start = self.cursor.begin()
        self.cursor.expect("class")
        name, name_start = node.name.value, self.cursor.begin()
        self.cursor.expect(name)
        if node.type_parameters is not None:
            self.cursor.skip_brackets()
        bases: tuple[syntax.Arg, ...] = ()
        if self.cursor.accept("("):
            bases = self.arguments((*node.bases, *node.keywords))
            self.cursor.expect(")")
        outer = self.scopes.open("class", name, start)
        scope = self.scopes.current.number
        body = self._suite(node.body)
        self.scopes.close(outer, self.cursor.end())
        record = syntax.ClassDef(start, self.cursor.end(), name, name_start, bases, decorators, body, scope)
        self._bind_definition(record, BindingKind.CLASS)
        return record

    def _bind_definition(self, record: syntax.FunctionDef | syntax.ClassDef, kind: BindingKind) -> None:
        conditional = self.scopes.conditional > 0
        end = record.name_start + len(record.name)
        self.scopes.bind(Binding(record.name_start, end, record.name, kind, definition=record, conditional=conditional))


def _captured(pattern: Any) -> Iterable[str]:
    """The names that a match pattern binds."""
    name: Any = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
    if type(name).__name__ == "Name" and type(pattern).__name__ in ("MatchAs", "MatchStar", "MatchMapping"):
        yield name.value
    for part in vars(pattern).values():
        for child in part if isinstance(part, tuple) else (part,):
            if isinstance(child, Node):
                yield from _captured(child)


_STATEMENTS: dict[str, Callable[[_Walk, Any, int], Stmt]] = {
    name.removeprefix("_s_"): function for name, function in vars(_Walk).items() if name.startswith("_s_")
}
