"""Iterators over parameters that are kept in a variable and asked for their elements more than once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.journeys import record_around
from hplint.facts.makers import parameter_given, run_by
from hplint.facts.order import blocks_around, loop_between, runs_before
from hplint.facts.syntax import Arg, Assign, Attribute, Call, Comprehension, Expr, For, FunctionDef, Name, Node
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_GIVE = frozenset({"parameters", "named_parameters"})
_LAZY = frozenset({"builtins.filter", "builtins.map", "itertools.chain", "itertools.chain.from_iterable"})
_EAGER = frozenset({"list", "tuple", "set", "sum", "sorted", "dict", "frozenset"})
_OPTIMIZERS = ("torch.optim.", "transformers.AdamW", "transformers.Adafactor", "transformers.optimization.Ada")
_CLIPS = "torch.nn.utils.clip_grad"
_DEPTH = 2
"""Functions that an iterator is handed on through."""


@value_record
class UsedUp:
    """``kept``: the expression that makes the iterator; ``use`` gets nothing, as ``first`` has taken all.

    Both are the same where it is used in a loop. ``taker``: the call that gets nothing, None where a loop does.
    ``name``: what the iterator is called.
    """

    name: str
    kept: Expr
    first: Node
    use: Node
    taker: Call | None


def used_up(file: File) -> Iterator[UsedUp]:
    """Every iterator over parameters that is used after it is exhausted, at its first such use."""
    if any(function.name in _GIVE for function in file.all(FunctionDef)):
        return  # A class of the project that may give a list.
    for statement in file.all(Assign):
        if statement.value is None or "arameters" not in file.source(statement.value):
            continue
        if len(statement.targets) == 1 and _is_lazy(file, statement.value):
            found = _of(file, statement, statement.targets[0], statement.value)
            if found is not None:
                yield found


def _is_lazy(file: File, expr: Expr) -> bool:
    """Whether an expression makes an iterator over parameters."""
    match expr:
        case Call(func=Attribute(attr=attr), args=()) if attr in _GIVE:
            return True
        case Call(args=args) if args and file.qualified(expr.func) in _LAZY:
            return any(_gives_parameters(arg.value) for arg in args)
        case Comprehension(kind="generator"):
            return _gives_parameters(expr.generators[0].iter)
    return False


def _gives_parameters(expr: Expr) -> bool:
    return any(isinstance(part, Call) and last_name(part.func) in _GIVE for part in walk(expr))


def _of(file: File, statement: Assign, target: Expr, value: Expr) -> UsedUp | None:
    uses = _uses(file, target) if isinstance(target, Name | Attribute) else None
    takes = [] if uses is None else [(use, _taker(file, use)) for use in uses]
    if not takes or any(taker is None for _, taker in takes):
        return None
    for at, (first, taken_by) in enumerate(takes):
        if not _after(file, statement, first):
            return None
        loop = loop_between(file, statement, first) if _same_function(file, statement, first) else None
        if loop is not None and not _leaves(loop):
            return UsedUp(file.source(target), value, first, first, _call(taken_by))
        for use, taker in takes[at + 1 :]:
            if _after(file, first, use):
                return UsedUp(file.source(target), value, first, use, _call(taker))
    return None


def _uses(file: File, target: Name | Attribute) -> list[Node] | None:
    """Where the variable is read, in the order of the text; None where it is set in another place too."""
    if isinstance(target, Name):
        found = file.names.lookup(target.id, target.scope)
        if found is None or len(found[1]) != 1 or found[0].kind == "class":
            return None
        names = [each for each in file.all(Name) if each.id == target.id and each is not target]
        return [each for each in names if (other := file.names.lookup(each.id, each.scope)) and other[0] is found[0]]
    if not isinstance(target.value, Name) or target.value.id != "self":
        return None
    same = [each for each in file.all(Attribute) if each.attr == target.attr and each is not target]
    around = file.receivers.enclosing_class(target)
    own = all(file.source(each) == file.source(target) for each in same)
    inner = around is not None and all(inside(each, around) for each in same)
    return list(same) if own and inner and not any(_is_stored(file, each) for each in same) else None


def _is_stored(file: File, node: Node) -> bool:
    return any(target is node for statement in file.all(Assign) for target in statement.targets)


def _taker(file: File, use: Node) -> Node | None:
    """What goes through all elements of an iterator: a loop or a call; None where that is not certain."""
    outer = record_around(file, use)
    match outer:
        case For(iter=iterated) if iterated is use:
            return outer
        case syntax.Generator(iter=iterated) if iterated is use:
            return outer
        case Arg():
            call = record_around(file, outer)
            return _taker_of(file, call, outer, _DEPTH) if isinstance(call, Call) else None
        case syntax.Starred():
            return outer
        case syntax.Dict():
            # A parameter group: the optimizer makes a list of it.
            call = record_around(file, outer)
            while isinstance(call, syntax.Collection | Arg):
                call = record_around(file, call)
            return call if isinstance(call, Call) and _is_optimizer(file, call) else None
    return None


def _taker_of(file: File, call: Call, arg: Arg, depth: int) -> Call | None:
    """The call that goes through all of an argument: this one, or one in the function that it certainly runs."""
    if _takes_all(file, call):
        return call
    function = run_by(file, call) if depth else None
    name = None if function is None else parameter_given(file, function, call, arg)
    if function is None or name is None:
        return None
    uses = [each for each in file.within(Name, function) if each.id == name]
    inner = record_around(file, uses[0]) if len(uses) == 1 else None
    taker = record_around(file, inner) if isinstance(inner, Arg) else None
    if not isinstance(inner, Arg) or not isinstance(taker, Call) or file.function_around(taker) is not function:
        return None
    always = blocks_around(file, taker)[-1][0] is function
    return _taker_of(file, taker, inner, depth - 1) if always else None


def _takes_all(file: File, call: Call) -> bool:
    name = file.qualified(call.func) or ""
    return name.removeprefix("builtins.") in _EAGER or name.startswith(_CLIPS) or _is_optimizer(file, call)


def _is_optimizer(file: File, call: Call) -> bool:
    name = file.qualified(call.func) or ""
    return name.startswith(_OPTIMIZERS) and name.rpartition(".")[2][:1].isupper()


def _after(file: File, first: Node, second: Node) -> bool:
    """Whether the second certainly runs after the first: in the same function, or in another method than __init__."""
    if _same_function(file, first, second):
        return runs_before(file, first, second)
    mine, theirs = file.function_around(first), file.function_around(second)
    owner = None if mine is None else record_around(file, mine)
    if mine is None or theirs is None or owner is None or owner is not record_around(file, theirs):
        return False
    always = all(isinstance(block, FunctionDef | syntax.ClassDef) for block, _ in blocks_around(file, first))
    return mine.name == "__init__" and theirs.name != "__init__" and always


def _same_function(file: File, one: Node, other: Node) -> bool:
    return file.function_around(one) is file.function_around(other)


def _leaves(loop: Node) -> bool:
    """Whether a loop may be left in its first round."""
    return any(
        isinstance(part, syntax.Return) or (isinstance(part, syntax.Simple) and part.kind in ("break", "raise"))
        for part in walk(loop)
    )


def _call(taker: Node | None) -> Call | None:
    return taker if isinstance(taker, Call) else None
