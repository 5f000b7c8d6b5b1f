"""What the parameters of functions may be: their defaults, options of the command line, and calls in the same file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.commandline import command_option, typer_option
from hplint.facts.records import Instance, method
from hplint.facts.syntax import (
    Arg,
    Attribute,
    Binding,
    Call,
    ClassDef,
    Collection,
    Expr,
    FunctionDef,
    Name,
    Other,
    Parameter,
    Scope,
)
from hplint.facts.values import OriginKind
from hplint.facts.ways import MOST, Way, Ways, either, one, unknown

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator
    from hplint.facts.holders import Holders

_PLAIN = ("positional-only", "positional", "keyword-only")
_ELSEWHERE = "callers in other files may give it"


def handed_over(holders: Holders, name: str) -> list[Call]:
    """Calls of a function that another one is told to make: ``mp.spawn(f, args=(1, 2))``, ``partial(f, lr=1)``."""
    found = []
    for maker in ("spawn", "Process", "Thread", "partial"):
        for call in holders.calls_of(maker):
            given = {arg.keyword or str(place): arg.value for place, arg in enumerate(call.args)}
            target = given.get("target" if maker in ("Process", "Thread") else "fn", given.get("0"))
            if not isinstance(target, Name) or target.id != name:
                continue
            passed: list[Arg] = []
            if maker == "partial":
                passed.extend(call.args[1:])
            else:
                if maker == "spawn":
                    passed.append(Arg(call.start, call.start, Other(call.start, call.start, "rank", ()), None, ""))
                packed = given.get("args", given.get("1"))
                if isinstance(packed, Collection):
                    passed.extend(Arg(each.start, each.end, each, None, "") for each in packed.elements)
            found.append(Call(call.start, call.end, target, tuple(passed), call.scope))
    return found


class Parameters:
    """Answers for the functions of one file."""

    def __init__(self, owner: Evaluator) -> None:
        self._owner = owner
        self._calls: dict[int, list[Call] | None] = {}
        self._others: dict[int, list[tuple[Evaluator, Call]]] = {}

    def ways(self, binding: Binding, scope: Scope) -> Ways:
        """Where a parameter takes its value from."""
        parameter = binding.parameter
        if parameter is None or parameter.kind not in _PLAIN:
            return unknown(f"`{binding.name}` collects what callers give")
        function = self._owner.holders.function_by_scope.get(scope.number)
        if function is None:
            return self._default(parameter) or unknown(f"`{binding.name}` is a parameter without a default")
        option = command_option(function, parameter.name, self._owner) if function.decorators else None
        option = option or typer_option(parameter.annotation, parameter.default, parameter.name, self._owner)
        if option is not None:
            return option
        default = self._default(parameter)
        calls = self.calls_to(function)
        if calls is None:
            return Ways(() if default is None else default.every, False, "it is called in very many places")
        given = [self.given(function, call, self._owner, parameter) for call in calls]
        if calls and not function.decorators and self._is_private(function, scope, len(calls)):
            return either(given)
        given += [self.given(function, call, caller, parameter) for caller, call in self._elsewhere(function)]
        found = [*(() if default is None else (default,)), *(ways for ways in given if ways is not default)]
        if not found:
            why = f"`{parameter.name}` has no default and no call in this file gives it"
            return unknown(f"{why}; {_ELSEWHERE}")
        every = either(found).every
        return Ways(tuple(dict.fromkeys(every)), False, _ELSEWHERE)

    def given(self, function: FunctionDef, call: Call, caller: Evaluator, parameter: Parameter) -> Ways:
        """What a call gives for a parameter: the argument, else the default."""
        position = self._position(function, call, parameter)
        taken = 0
        spread = ""
        for arg in call.args:
            if arg.keyword == parameter.name and parameter.kind != "positional-only":
                return one(self._argument(function, parameter, Way(arg.value, OriginKind.ARGUMENT, "", caller)))
            if arg.star:
                content = caller.content(arg.value) if arg.star == "**" else None
                if content is None:
                    spread = f"`{arg.star}` may bring it"
                elif parameter.name in content:
                    way = Way(content[parameter.name], OriginKind.ARGUMENT, "", caller)
                    return one(self._argument(function, parameter, way))
            elif arg.keyword is None and not spread:
                if taken == position:
                    return one(self._argument(function, parameter, Way(arg.value, OriginKind.ARGUMENT, "", caller)))
                taken += 1
        default = self._default(parameter)
        if default is None:
            return unknown(spread or f"a call does not give `{parameter.name}`")
        return Ways(default.every, not spread, spread)

    def replaced(self, function: FunctionDef, call: Call, caller: Evaluator) -> tuple[int, ...]:
        """Where the defaults of the parameters are written that a call gives something else for."""
        with_default = [each for each in function.parameters if each.default is not None] if call.args else []
        return tuple(
            each.default.start
            for each in with_default
            if each.default is not None
            and any(way.kind is OriginKind.ARGUMENT for way in self.given(function, call, caller, each).every)
        )

    def calls_to(self, function: FunctionDef) -> list[Call] | None:
        """The calls of a function in this file, None when there are too many to look at."""
        if function.scope not in self._calls:
            self._calls[function.scope] = []  # while they are looked for
            self._calls[function.scope] = self._find_calls(function)
        return self._calls[function.scope]

    def _elsewhere(self, function: FunctionDef) -> list[tuple[Evaluator, Call]]:
        """The calls of a function in the other files in view, each with what evaluates it there."""
        if function.scope not in self._others:
            found = self._others[function.scope] = []  # while they are looked for
            owner = self._class_of(function)
            makes = owner is not None and function.name == "__init__"
            name = owner.name if owner is not None and makes else function.name
            for other in self._owner.users(name):
                caller = other.evaluator
                if owner is not None and not makes:
                    calls = [c for c in caller.holders.method_calls(name) if self._calls_method(caller, c, function)]
                else:
                    called = [*caller.holders.calls_of(name), *handed_over(caller.holders, name)]
                    wanted = function if owner is None else owner
                    calls = [call for call in called if self._stands_for(caller, call.func, wanted)]
                    calls += [] if owner is None else self._calls_of_super(owner, caller)
                found += [(caller, call) for call in calls]
            del found[MOST:]
        return self._others[function.scope]

    def _stands_for(self, caller: Evaluator, expr: Expr, wanted: FunctionDef | ClassDef) -> bool:
        """Whether an expression of another file is a function or class of this one."""
        found = caller.defined(expr)
        return found is not None and found[0].path == self._owner.path and found[1].start == wanted.start

    def _calls_method(self, caller: Evaluator, call: Call, function: FunctionDef) -> bool:
        """Whether a call in another file is of a method of this one, through classes that inherit it too."""
        assert isinstance(call.func, Attribute)
        for holder in caller.objects(call.func.value).every:
            found = method(holder.home, holder.definition, function.name) if isinstance(holder, Instance) else None
            if found is not None and found[0].path == self._owner.path and found[1].start == function.start:
                return True
        return False

    def _find_calls(self, function: FunctionDef) -> list[Call] | None:
        holders, names = self._owner.holders, self._owner.names
        owner = self._class_of(function)
        if owner is None:
            calls = [call for call in holders.calls_of(function.name) if isinstance(call.func, Name)]
            calls.extend(handed_over(holders, function.name))
            if len(calls) > MOST:
                return None
            return [call for call in calls if names.definition(call.func) is function]
        if function.name == "__init__":
            made = [call for call in holders.calls_of(owner.name) if isinstance(call.func, Name)]
            if len(made) > MOST:
                return None
            found = [call for call in made if names.definition(call.func) is owner]
            return [*found, *self._calls_of_super(owner, self._owner)]
        calls = holders.method_calls(function.name)
        if len(calls) > MOST:
            return None
        return [call for call in calls if self._is_method_of(call, owner)]

    def _calls_of_super(self, owner: ClassDef, caller: Evaluator) -> list[Call]:
        """``super().__init__(...)`` in the classes of a file that derive from ``owner`` alone."""
        names, holders = caller.names, caller.holders
        found = []
        for call in holders.method_calls("__init__")[: MOST * 4]:
            base = call.func.value if isinstance(call.func, Attribute) else call.func
            around = names.scope(holders.frame(call.scope)).parent
            inside = None if around is None else holders.class_by_scope.get(around)
            if inside is None or len(inside.bases) != 1 or not self._stands_for(caller, inside.bases[0].value, owner):
                continue
            if isinstance(base, Call) and isinstance(base.func, Name) and base.func.id == "super":
                found.append(call)
        return found[:MOST]

    def _is_method_of(self, call: Call, owner: ClassDef) -> bool:
        assert isinstance(call.func, Attribute)
        held = self._owner.objects(call.func.value)
        return any(getattr(holder, "definition", None) is owner for holder in held.every)

    def _class_of(self, function: FunctionDef) -> ClassDef | None:
        parent = self._owner.names.scope(function.scope).parent
        return None if parent is None else self._owner.holders.class_by_scope.get(parent)

    def _position(self, function: FunctionDef, call: Call, parameter: Parameter) -> int | None:
        """Which positional argument goes to a parameter."""
        slots = [each for each in function.parameters if each.kind in ("positional-only", "positional")]
        is_method = self._class_of(function) is not None
        bare = any(isinstance(each, Name) and each.id == "staticmethod" for each in function.decorators)
        first = 1 if is_method and not bare else 0
        return slots.index(parameter) - first if parameter in slots else None

    def _argument(self, function: FunctionDef, parameter: Parameter, way: Way) -> Way:
        owner = self._class_of(function)
        name = owner.name if owner is not None and function.name == "__init__" else function.name
        return Way(way.expr, way.kind, f"{name}({parameter.name}=…)", way.owner)

    def _default(self, parameter: Parameter) -> Ways | None:
        if parameter.default is None:
            return None
        return one(Way(parameter.default, OriginKind.PARAMETER, parameter.name, self._owner), why=_ELSEWHERE)

    def _is_private(self, function: FunctionDef, scope: Scope, calls: int) -> bool:
        """Whether nothing but these calls can call a function: it is made inside another one and not handed on."""
        parent = None if scope.parent is None else self._owner.names.scope(scope.parent)
        if parent is None or parent.kind != "function" or len(parent.bindings.get(function.name, ())) != 1:
            return False
        start, end = parent.start, parent.end
        uses = [name for name in self._owner.holders.uses(function.name) if start <= name.start < end]
        return len(uses) == calls and not handed_over(self._owner.holders, function.name)
