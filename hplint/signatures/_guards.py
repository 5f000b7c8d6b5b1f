"""The checks that a callable makes on its arguments, read off its body and what it calls.

The body is followed statement by statement with every name replaced by what it means to the caller. A condition under
which it raises becomes a guard when it depends on the arguments alone. A branch that raises needs no mention in the
conditions after it: where it applies, the call raises as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from hplint.signatures._conditions import conjunction, simplified
from hplint.signatures._evaluate import truth
from hplint.signatures._messages import template
from hplint.signatures._parameters import Json, is_open, parameters
from hplint.signatures._sources import Callable, Class, Function, Library, is_overload
from hplint.signatures._translate import (
    HOLE,
    Frame,
    chosen,
    negated,
    text,
    translate,
)

_DEEPEST = 5
"""How many calls are followed into each other."""
_LONGEST = 400
"""A condition that is longer comes out of code that no reader would follow: nobody could check it."""


@dataclass
class Flow:
    """What running a block leads to: how it ended, and under which conditions it returned on the way."""

    ended: str = ""
    escapes: list[ast.expr] = field(default_factory=list)


def guards_of(
    library: Library, target: Class | Callable, signature: list[Json], names: dict[str, str]
) -> list[dict[str, str]]:
    """The guards of a class's constructor or of a function with these parameters.

    ``names``: from where a class is defined to its canonical name.
    """
    reader = _Reader(library, [str(p["name"]) for p in signature if p["kind"] not in {"*", "**"}], names)
    if isinstance(target, Class):
        reader.construct(target, None, [])
    elif not target.bound_in_c:
        reader.function(target, None, [])
    return reader.found


class _Reader:
    """The guards found so far of one symbol with these parameters."""

    def __init__(self, library: Library, names: list[str], homes: dict[str, str]) -> None:
        self.library = library
        self.names = names
        self.homes = homes
        self.found: list[dict[str, str]] = []
        self.active: list[str] = []

    # --- what is called

    def construct(self, cls: Class, given: _Given | None, path: list[ast.expr]) -> None:
        """A class is called; without arguments it is the symbol itself."""
        self._method(cls, "__init__", self.library.mro(cls), {}, given, path)

    def function(self, function: Callable, given: _Given | None, path: list[ast.expr]) -> None:
        """A function is called."""
        self._enter(function.module, function.nodes, given, path, {}, None, None)

    def _method(
        self,
        root: Class,
        name: str,
        owners: list[Class | str],
        attrs: dict[str, ast.expr],
        given: _Given | None,
        path: list[ast.expr],
    ) -> bool:
        """Run the first of the owners' methods of this name; False when none of them has one."""
        for owner in owners:
            if isinstance(owner, Class):
                nodes = [n for n in owner.node.body if isinstance(n, ast.FunctionDef) and n.name == name]
                if nodes:
                    self._enter(owner.module, tuple(nodes), given, path, attrs, owner, root)
                    return True
        return False

    def _enter(
        self,
        module: str,
        nodes: tuple[Function, ...],
        given: _Given | None,
        path: list[ast.expr],
        attrs: dict[str, ast.expr],
        owner: Class | None,
        root: Class | None,
    ) -> None:
        node = next((n for n in reversed(nodes) if not is_overload(n)), nodes[-1])
        key = f"{module}.{owner.node.name if owner else ''}.{node.name}"
        plain = not any(isinstance(inner, ast.Yield | ast.YieldFrom | ast.Await) for inner in ast.walk(node))
        if key in self.active or len(self.active) >= _DEEPEST or not plain:
            attrs.clear()
            return
        declared = parameters(self.library, module, node, method=owner is not None)
        if given is None:
            if is_open(declared):
                given = _Given([], {name: ast.Name(name, ast.Load()) for name in self.names})
            else:
                named = [str(p["name"]) for p in declared if p["kind"] not in {"*", "**"}]
                more = len(named) < len(declared)
                given = _Given([], {name: ast.Name(name, ast.Load()) for name in named}, more)
        self.active.append(key)
        frame = Frame(module, {}, attrs, owner, root, self.homes)
        frame.env.update(self._bind(node, given, frame, skip=owner is not None))
        self._block(node.body, frame, list(path))
        self.active.pop()
        if frame.attrs is not attrs:
            after = dict(frame.attrs)
            attrs.clear()
            attrs.update(after)

    def _bind(self, node: Function, given: _Given, frame: Frame, *, skip: bool) -> dict[str, ast.expr]:
        """Parameters of a definition with what a call gives for them."""
        positional = [*node.args.posonlyargs, *node.args.args]
        defaults = [*[None] * (len(positional) - len(node.args.defaults)), *node.args.defaults]
        pairs = list(zip(positional, defaults, strict=True))[1 if skip else 0 :]
        keywords = dict(given.keywords)
        bound: dict[str, ast.expr] = {}
        for index, (argument, default) in enumerate(pairs):
            if index < len(given.positional):
                bound[argument.arg] = given.positional[index]
            else:
                bound[argument.arg] = self._keyword(keywords, argument.arg, default, given, frame)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            bound[argument.arg] = self._keyword(keywords, argument.arg, default, given, frame)
        if node.args.vararg:
            rest = ast.Tuple(given.positional[len(pairs) :], ast.Load())
            bound[node.args.vararg.arg] = HOLE if given.more else rest
        if node.args.kwarg:
            names: list[ast.expr | None] = [ast.Constant(name) for name in keywords]
            bound[node.args.kwarg.arg] = HOLE if given.more else ast.Dict(names, list(keywords.values()))
        return bound

    def _keyword(
        self, keywords: dict[str, ast.expr], name: str, default: ast.expr | None, given: _Given, frame: Frame
    ) -> ast.expr:
        if name in keywords:
            return keywords.pop(name)
        if given.more or default is None:
            return HOLE
        return translate(self.library, default, Frame(frame.module, {}))

    # --- statements

    def _block(self, body: list[ast.stmt], frame: Frame, path: list[ast.expr]) -> Flow:
        """Run statements; the path grows by what must hold for the next one to be reached."""
        flow = Flow()
        for statement in body:
            inner = self._statement(statement, frame, path)
            flow.escapes.extend(inner.escapes)
            if inner.ended:
                flow.ended = inner.ended
                break
            path.extend(negated(escape) for escape in inner.escapes)
        return flow

    def _statement(self, statement: ast.stmt, frame: Frame, path: list[ast.expr]) -> Flow:
        match statement:
            case ast.If():
                return self._if(statement, frame, path)
            case ast.Assert(test=test, msg=message):
                condition = negated(translate(self.library, test, frame))
                self._emit([*path, condition], "AssertionError", message, frame)
            case ast.Raise(exc=raised):
                self._raise(raised, frame, path)
                return Flow("raise")
            case ast.Return(value=value):
                if value is not None:
                    self._calls(value, frame, path)
                return Flow("return", [ast.Constant(True)])
            case ast.Expr(value=value):
                self._calls(value, frame, path)
            case ast.Assign(targets=targets, value=value):
                self._calls(value, frame, path)
                result = self._value(value, frame)
                for target in targets:
                    self._store(target, result, frame, path)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._calls(value, frame, path)
                self._store(target, self._value(value, frame), frame, path)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                combined = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                frame.env[name] = translate(self.library, combined, frame)
            case ast.With(body=body):
                _forget(statement, frame, names_only=[item.optional_vars for item in statement.items])
                return self._block(body, frame, path)
            case ast.AnnAssign() | ast.Pass() | ast.Global() | ast.Nonlocal():
                pass
            case _:
                return _forget(statement, frame)
        return Flow()

    def _if(self, statement: ast.If, frame: Frame, path: list[ast.expr]) -> Flow:
        test = translate(self.library, statement.test, frame)
        decided = truth(test, {})
        if decided is not None:
            return self._block(statement.body if decided else statement.orelse, frame, path)
        yes, no = frame.copy(), frame.copy()
        opposite = negated(test)
        body = self._block(statement.body, yes, [*path, test])
        orelse = self._block(statement.orelse, no, [*path, *([] if body.ended == "raise" else [opposite])])
        escapes = [conjunction([test, escape]) for escape in body.escapes]
        escapes += [conjunction([opposite, escape]) for escape in orelse.escapes]
        if body.ended and orelse.ended:
            return Flow("raise" if body.ended == orelse.ended == "raise" else "return", escapes)
        if body.ended:
            frame.env, frame.attrs = no.env, no.attrs
        elif orelse.ended:
            frame.env, frame.attrs = yes.env, yes.attrs
        else:
            frame.env = _joined(test, yes.env, no.env)
            frame.attrs = _joined(test, yes.attrs, no.attrs)
        return Flow("", escapes)

    def _store(self, target: ast.expr, value: ast.expr, frame: Frame, path: list[ast.expr]) -> None:
        match target:
            case ast.Name(id=name):
                frame.env[name] = value
            case ast.Attribute(value=ast.Name(id="self"), attr=attr) if frame.root is not None:
                if not self._setter(attr, value, frame, path):
                    frame.attrs[attr] = value
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for index, element in enumerate(elements):
                    item = value.elts[index] if isinstance(value, ast.Tuple) and index < len(value.elts) else HOLE
                    self._store(element, item, frame, path)
            case ast.Subscript(value=ast.Name(id=name)):
                frame.env[name] = HOLE

    def _setter(self, attr: str, value: ast.expr, frame: Frame, path: list[ast.expr]) -> bool:
        """Run the setter of a property that is assigned to; False when it is a plain attribute."""
        if frame.root is None:
            return False
        for owner in self.library.mro(frame.root):
            for node in owner.node.body if isinstance(owner, Class) else ():
                if isinstance(node, ast.FunctionDef) and f"{attr}.setter" in map(ast.unparse, node.decorator_list):
                    assert isinstance(owner, Class)
                    given = _Given([value], {})
                    self._enter(owner.module, (node,), given, path, frame.attrs, owner, frame.root)
                    return True
        return False

    def _value(self, value: ast.expr, frame: Frame) -> ast.expr:
        """The value of a right-hand side; ``kwargs.pop`` takes what it returns."""
        match value:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="pop"), args=[ast.Constant(value=key), default]
            ) if isinstance(frame.env.get(name), ast.Dict):
                held = frame.env[name]
                assert isinstance(held, ast.Dict)
                pairs = [(k, v) for k, v in zip(held.keys, held.values, strict=True) if isinstance(k, ast.Constant)]
                frame.env[name] = ast.Dict(
                    [k for k, _ in pairs if k.value != key], [v for k, v in pairs if k.value != key]
                )
                given = next((v for k, v in pairs if k.value == key), None)
                return translate(self.library, default, frame) if given is None else given
        return translate(self.library, value, frame)

    # --- calls in a body

    def _calls(self, value: ast.expr, frame: Frame, path: list[ast.expr]) -> None:
        """Follow a call that is made in any case, and those among its arguments."""
        if not isinstance(value, ast.Call):
            return
        for argument in [*value.args, *(keyword.value for keyword in value.keywords)]:
            self._calls(argument, frame, path)
        given = self._given(value, frame)
        match value.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr=name) if (
                frame.root and frame.owner
            ):
                mro = self.library.mro(frame.root)
                after = mro[mro.index(frame.owner) + 1 :]
                self._method(frame.root, name, after, frame.attrs, given, path)
                return
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if frame.root is not None:
                if not self._method(frame.root, name, self.library.mro(frame.root), frame.attrs, given, path):
                    frame.attrs.clear()
                return
        if any(isinstance(node, ast.Name) and node.id == "self" for node in value.args):
            frame.attrs.clear()
        if isinstance(value.func, ast.Name) and value.func.id in frame.env:
            return
        target = self.library.expression(frame.module, value.func)
        if isinstance(target, Class):
            self.construct(target, given, path)
        elif isinstance(target, Callable) and not target.bound_in_c:
            self.function(target, given, path)

    def _given(self, call: ast.Call, frame: Frame) -> _Given:
        """What a call hands over."""
        given = _Given([], {})
        for argument in call.args:
            if isinstance(argument, ast.Starred):
                rest = translate(self.library, argument.value, frame)
                if isinstance(rest, ast.Tuple):
                    given.positional.extend(rest.elts)
                else:
                    given.more = True
            else:
                given.positional.append(HOLE if given.more else translate(self.library, argument, frame))
        for keyword in call.keywords:
            value = translate(self.library, keyword.value, frame)
            if keyword.arg is not None:
                given.keywords[keyword.arg] = value
            elif isinstance(value, ast.Dict):
                pairs = zip(value.keys, value.values, strict=True)
                given.keywords.update({str(k.value): v for k, v in pairs if isinstance(k, ast.Constant)})
            else:
                given.more = True
        return given

    # --- guards

    def _raise(self, raised: ast.expr | None, frame: Frame, path: list[ast.expr]) -> None:
        match raised:
            case ast.Call(func=ast.Name(id=name), args=args) if name.endswith("Error"):
                self._emit(path, name, args[0] if args else None, frame)
            case ast.Name(id=name) if name.endswith("Error"):
                self._emit(path, name, None, frame)

    def _emit(self, path: list[ast.expr], exception: str, message: ast.expr | None, frame: Frame) -> None:
        condition = simplified(path)
        if condition is None or truth(condition, {}) is not None:
            return
        source = text(condition)
        read = {node.id for node in ast.walk(condition) if isinstance(node, ast.Name)}
        known = any(guard["if"] == source for guard in self.found)
        if not known and len(source) <= _LONGEST and read & set(self.names):
            guard = {"if": source, "raises": exception}
            said = "" if message is None else template(self.library, message, frame, condition)
            self.found.append({**guard, "message": said} if said else guard)


@dataclass
class _Given:
    """The arguments of a call; ``more``: there are others that are not known."""

    positional: list[ast.expr]
    keywords: dict[str, ast.expr]
    more: bool = False


def _joined(test: ast.expr, yes: dict[str, ast.expr], no: dict[str, ast.expr]) -> dict[str, ast.expr]:
    """Names after two branches."""
    return {
        name: chosen(test, yes.get(name, HOLE), no.get(name, HOLE)) for name in [*yes, *(n for n in no if n not in yes)]
    }


def _forget(statement: ast.stmt, frame: Frame, names_only: list[ast.expr | None] | None = None) -> Flow:
    """Give up what a statement that is not followed may change."""
    roots: list[ast.AST] = [statement] if names_only is None else [node for node in names_only if node is not None]
    escapes: list[ast.expr] = []
    for node in _nodes(roots):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                frame.env[name] = HOLE
            case ast.Attribute(value=ast.Name(id="self"), attr=attr, ctx=ast.Store() | ast.Del()):
                frame.attrs[attr] = HOLE
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                frame.env[name] = HOLE
            case ast.Call(func=func) if "self" in {n.id for n in ast.walk(func) if isinstance(n, ast.Name)}:
                frame.attrs.clear()
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                frame.env[name] = HOLE
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                for alias in aliases:
                    frame.env[alias.asname or alias.name.partition(".")[0]] = HOLE
            case ast.Return():
                escapes.append(HOLE)
    return Flow("", escapes)


def _nodes(roots: list[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below, without the bodies of functions and classes that are only defined there."""
    for root in roots:
        yield root
        if not isinstance(root, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _nodes(list(ast.iter_child_nodes(root)))
