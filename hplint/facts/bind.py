"""Binds the arguments of a call to the parameters of a signature, as Python does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hplint import signatures
from hplint.facts.calls import Argument, BoundCall, Parts, Presence
from hplint.facts.choices import certain_name
from hplint.facts.definitions import constructor, defined
from hplint.facts.syntax import Arg, Attribute, Call, ClassDef, Collection, Expr, Name
from hplint.facts.values import OriginKind, Value
from hplint.signatures import Signature

if TYPE_CHECKING:
    from hplint.facts.file import File

_PARTIALS = 5
_NO_PARTS = Parts({})
"""Of a call without arguments."""


class Binder:
    """Binds calls of one file."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._names = file.names
        self._values: dict[int, tuple[Arg, Value]] = {}

    def bind(self, call: Call) -> BoundCall | None:
        """The call with its name and arguments; None when it is not known what is called."""
        name = self._names.qualified(call.func)
        if name is None:
            return self._of_unnamed(call)
        if name.endswith(".__init__") and name != "builtins.object.__init__" and len(call.args) > 0:
            return self._bound(call, name.removesuffix(".__init__"), call.args[1:], inherited=True)
        if self._names.may_be_project(name) and signatures.lookup(name) is None:
            inherited = self._inherited(call.func)
            if inherited is not None:
                return self._bound(call, inherited, call.args, subclass=name.rpartition(".")[2])
        return self._bound(call, name, call.args)

    def _of_unnamed(self, call: Call) -> BoundCall | None:
        """A call of a class by ``super()``, of a ``functools.partial``, of an item of a dictionary."""
        if isinstance(call.func, Attribute):
            # A method of something: it is not known what.
            base = self._base_of_super(call) if call.func.attr == "__init__" else None
            return None if base is None else self._bound(call, base, call.args, inherited=True)
        func, args = self._unwrapped(call.func, call.args)
        name = self._names.qualified(func) or certain_name(self._file, func)
        if name is None:
            return None
        return self._bound(call, name, args)

    def _unwrapped(self, func: Expr, args: tuple[Arg, ...]) -> tuple[Expr, tuple[Arg, ...]]:
        """What a call of ``functools.partial(f, ...)`` calls, with all arguments."""
        for _ in range(_PARTIALS):
            whole = self._file.assigned(func) if isinstance(func, Name) else func
            if not isinstance(whole, Call) or self._names.qualified(whole.func) != "functools.partial":
                break
            if not whole.args or whole.args[0].star or whole.args[0].keyword is not None:
                break
            given = {arg.keyword for arg in args if arg.keyword is not None}
            before = [arg for arg in whole.args[1:] if arg.keyword is None or arg.keyword not in given]
            func, args = whole.args[0].value, (*before, *args)
        return func, args

    def _inherited(self, func: Expr) -> str | None:
        """The library's class whose constructor a class of the project has, None when there is no such thing."""
        found = defined(self._file, func)
        if found is None or not isinstance(found[1], ClassDef):
            return None
        name = constructor(found[0], found[1])
        signature = signatures.lookup(name) if isinstance(name, str) else None
        # What takes nothing, as `nn.Module` does, is only a base.
        return signature.name if signature is not None and signature.parameters else None

    def _base_of_super(self, call: Call) -> str | None:
        """The one library class whose constructor ``super().__init__(...)`` calls."""
        func = call.func
        if not (isinstance(func, Attribute) and func.attr == "__init__" and isinstance(func.value, Call)):
            return None
        if not (isinstance(func.value.func, Name) and func.value.func.id == "super"):
            return None
        owner = self._file.class_around(call.scope)
        bases = [] if owner is None else [base for base in owner.bases if base.keyword is None]
        if len(bases) != 1:
            return None
        found = defined(self._file, bases[0].value)
        if found is None:
            return self._names.qualified(bases[0].value)
        name = constructor(found[0], found[1]) if isinstance(found[1], ClassDef) else None
        return name if isinstance(name, str) else None

    def _bound(
        self, call: Call, name: str, args: Sequence[Arg], *, inherited: bool = False, subclass: str | None = None
    ) -> BoundCall:
        signature = signatures.lookup(name)
        parts = partial(self._parts, name, signature, args) if args else _NO_PARTS
        return BoundCall(name, call, signature, parts, inherited=inherited, subclass=subclass)

    def _parts(self, name: str, signature: Signature | None, args: Sequence[Arg]) -> Parts:
        given = self._spread(args)
        short = name.rpartition(".")[2]
        arguments: dict[str, Argument] = {}
        if signature is None:
            for arg in given.keywords:
                arguments.setdefault(arg.keyword or "", self._argument(arg.keyword or "", arg, short))
            return Parts(arguments, complete=given.complete)
        pairs, unexpected, surplus = matched(signature, given)
        for parameter, arg in pairs:
            arguments.setdefault(parameter, self._argument(parameter, arg, short))
        return Parts(arguments, unexpected, surplus, given.complete)

    def _from_elsewhere(self, arg: Arg, keywords: list[Arg]) -> bool:
        """Add what a ``**`` brings that is written in another file, or that it brings among other things; whether it
        is certain to bring nothing else."""
        evaluator = self._file.evaluator
        content = evaluator.passed(arg.value)
        if content is None:
            certain = evaluator.certain(arg.value)
            keywords.extend(Arg(value.start, value.end, value, key, "") for key, value in certain.items())
        for key, way in (content or {}).items():
            given = Arg(arg.start, arg.end, arg.value, key, "")
            self._values[id(given)] = given, evaluator.value_of(way)
            keywords.append(given)
        return content is not None and all(way.kind is not OriginKind.CONFIG_FILE for way in content.values())

    def _argument(self, parameter: str, arg: Arg, callee: str) -> Argument:
        known = self._values.get(id(arg))
        source: Value | Callable[[Expr], Value] = self._file.value if known is None else known[1]
        return Argument(parameter, Presence.PRESENT, arg, source, callee)

    def _spread(self, args: Sequence[Arg]) -> Given:
        positional: list[Arg] = []
        keywords: list[Arg] = []
        complete, open_end = True, False
        for arg in args:
            if arg.star == "*":
                known = isinstance(arg.value, Collection) and not open_end
                if known and isinstance(arg.value, Collection):
                    positional.extend(Arg(e.start, e.end, e, None, "") for e in arg.value.elements)
                else:
                    complete, open_end = False, True
            elif arg.star == "**":
                content = self._file.evaluator.content(arg.value)
                if content is None:
                    complete = self._from_elsewhere(arg, keywords) and complete
                else:
                    keywords.extend(Arg(v.start, v.end, v, key, "") for key, v in content.items())
            elif arg.keyword is not None:
                keywords.append(arg)
            elif not open_end:
                positional.append(arg)
        return Given(positional, keywords, complete, open_end)


class Given(NamedTuple):
    """Arguments of a call: positional ones up to an unknown ``*``, keywords, whether all is known, whether such a
    ``*`` was met."""

    positional: list[Arg]
    keywords: list[Arg]
    complete: bool
    open_end: bool


def matched(signature: Signature, given: Given) -> tuple[list[tuple[str, Arg]], tuple[Arg, ...], tuple[Arg, ...]]:
    """The parameters that arguments go to, unexpected keywords, and positional arguments too many."""
    slots = [p for p in signature.parameters if p.kind in ("positional-only", "positional")]
    pairs = [(parameter.name, arg) for parameter, arg in zip(slots, given.positional, strict=False)]
    surplus = tuple(given.positional[len(slots) :])
    if surplus and (given.open_end or signature.accepts_any_positional):
        surplus = ()
    unexpected = []
    for arg in given.keywords:
        known = signature.parameter(arg.keyword or "") is not None
        if known or signature.accepts_any_keyword:
            pairs.append((arg.keyword or "", arg))
        else:
            unexpected.append(arg)
    return pairs, tuple(unexpected), surplus
