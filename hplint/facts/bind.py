"""Binds the arguments of a call to the parameters of a signature, as Python does."""

from __future__ import annotations

from hplint import signatures
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.evaluate import Evaluator
from hplint.facts.names import Names
from hplint.facts.syntax import Arg, Attribute, Call, ClassDef, Collection, Name


class Binder:
    """Binds calls of one file. ``classes``: the class whose body opens a scope, by the scope's number."""

    def __init__(self, names: Names, evaluator: Evaluator, classes: dict[int, ClassDef]) -> None:
        self._names = names
        self._evaluator = evaluator
        self._classes = classes

    def bind(self, call: Call) -> BoundCall | None:
        """The call with its name and arguments; None when it is not known what is called."""
        name = self._names.qualified(call.func)
        if name is not None:
            return self._bound(call, name, inherited=False)
        base = self._base_of_super(call)
        return None if base is None else self._bound(call, base, inherited=True)

    def _base_of_super(self, call: Call) -> str | None:
        """The one base class whose constructor ``super().__init__(...)`` calls, if it is not of this file."""
        func = call.func
        if not (isinstance(func, Attribute) and func.attr == "__init__" and isinstance(func.value, Call)):
            return None
        if not (isinstance(func.value.func, Name) and func.value.func.id == "super"):
            return None
        scope = self._names.scope(call.scope)
        owner = None if scope.parent is None else self._classes.get(scope.parent)
        if owner is None:
            return None
        bases = [base for base in owner.bases if base.keyword is None]
        if len(bases) != 1 or self._names.definition(bases[0].value) is not None:
            return None
        return self._names.qualified(bases[0].value)

    def _bound(self, call: Call, name: str, *, inherited: bool) -> BoundCall:
        signature = signatures.lookup(name)
        if not call.args:
            return BoundCall(name, call, signature, {}, (), (), True, inherited)
        positional, keywords, complete, open_end = self._spread(call)
        short = name.rpartition(".")[2]
        arguments: dict[str, Argument] = {}

        def give(parameter: str, arg: Arg) -> None:
            arguments.setdefault(parameter, Argument(parameter, Presence.PRESENT, arg, self._evaluator.value, short))

        if signature is None:
            for arg in keywords:
                give(arg.keyword or "", arg)
            return BoundCall(name, call, None, arguments, (), (), complete, inherited)
        slots = [p for p in signature.parameters if p.kind in ("positional-only", "positional")]
        for parameter, arg in zip(slots, positional, strict=False):
            give(parameter.name, arg)
        surplus = tuple(positional[len(slots) :])
        if surplus and (open_end or signature.accepts_any_positional):
            surplus = ()
        unexpected = []
        for arg in keywords:
            known = signature.parameter(arg.keyword or "") is not None
            if known or signature.accepts_any_keyword:
                give(arg.keyword or "", arg)
            else:
                unexpected.append(arg)
        return BoundCall(name, call, signature, arguments, tuple(unexpected), surplus, complete, inherited)

    def _spread(self, call: Call) -> tuple[list[Arg], list[Arg], bool, bool]:
        """Positional arguments up to an unknown ``*``, keywords, whether all is known, whether such a ``*`` was met."""
        positional: list[Arg] = []
        keywords: list[Arg] = []
        complete, open_end = True, False
        for arg in call.args:
            if arg.star == "*":
                known = isinstance(arg.value, Collection) and not open_end
                if known and isinstance(arg.value, Collection):
                    positional.extend(Arg(e.start, e.end, e, None, "") for e in arg.value.elements)
                else:
                    complete, open_end = False, True
            elif arg.star == "**":
                content = self._evaluator.content(arg.value)
                if content is None:
                    complete = False
                else:
                    keywords.extend(Arg(v.start, v.end, v, key, "") for key, v in content.items())
            elif arg.keyword is not None:
                keywords.append(arg)
            elif not open_end:
                positional.append(arg)
        return positional, keywords, complete, open_end
