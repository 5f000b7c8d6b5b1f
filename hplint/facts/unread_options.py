"""Options of the command line that are parsed and that nothing in view reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hplint import hyperparameters
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.commandline import PARSE_METHODS
from hplint.facts.journeys import Journey, journey, record_around
from hplint.facts.labels import hyperparameter_of
from hplint.facts.lifetimes import OPTIMIZERS, parameter_groups
from hplint.facts.receivers import words
from hplint.facts.surroundings import own_parser
from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    Binary,
    Call,
    Collection,
    Dict,
    ExprStatement,
    Literal,
    Name,
    Node,
    Other,
    Unary,
)
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.commandline import Flag
    from hplint.facts.file import File

_SHOWS = frozenset(
    {"print", "pprint", "str", "repr", "format", "info", "debug", "warning", "log", "write", "isinstance", "type"}
)
"""Functions that may be given a namespace and do no more than show it."""
_NAMES = frozenset({"add_text", "add_hparams", "log_params", "set_description", "SummaryWriter"})
"""Others that only show, or name, what they are given."""
_SHOWN = regex(r"\{|%|\b(" + "|".join(sorted(_SHOWS | _NAMES)) + r")\(")
_NEAR = 400
"""Characters before an option in which there is a sign of what shows it: asked first, as that is cheap."""
_BY_NAME = frozenset({"getattr", "hasattr", "setattr"})
_STORES = frozenset({"dump", "dumps", "safe_dump"})
_READ_WHOLE = frozenset({"__dict__", "_get_kwargs", "_get_args"})
_KEPT = regex(r"deprecat|unused|not used|ignored|obsolete|legacy|compat|reserved|no effect|todo", re.IGNORECASE)
_READS_UNSEEN = frozenset({"builtins.exec", "builtins.eval", "builtins.globals", "builtins.locals"})
_STARTS_AGAIN = regex(r"sys\.argv.*(subprocess|os\.system)", re.DOTALL)
"""The options are passed on to another program."""
_STARTS = regex(r"subprocess|os\.system|Popen|check_call|sbatch|exec[lv]|argparse\.Namespace|__dict__")
"""Programs are started with options that are put together as text."""
_WORKS = regex(r"\.backward\(|\.fit\(|optim\.[A-Z]|\.train\(")
_FEW = 2
"""Options that are read where a namespace is really used in this file."""
_EVALUATION = regex(r"test\w*|val|valid\w*|eval\w*|dev|infer\w*|predict\w*")


@value_record
class Unread:
    """An option that nothing reads. ``row``: the hyperparameter that it is meant to set.

    ``literals``: the arguments of calls that hold that hyperparameter and are written out. ``untold``: the optimizers
    that could take it and are given nothing. ``holder``: what the namespace is called at the first of the literals.
    """

    flag: Flag
    row: str
    literals: tuple[tuple[BoundCall, Argument], ...]
    untold: tuple[BoundCall, ...]
    holder: str | None
    shown: Attribute | None = None


def unread_options(file: File) -> Iterator[Unread]:
    """The options of hyperparameters that are never read, where the whole way of the namespace is in view."""
    flags = [flag for flag in file.flags if hyperparameter_of(flag.dest) is not None and not _kept(file, flag)]
    if not flags or not own_parser(file) or _STARTS_AGAIN.search(file.text) or not _WORKS.search(file.text):
        return
    read: dict[str, list[Attribute]] = {}
    for attribute in file.all(Attribute):
        read.setdefault(attribute.attr, []).append(attribute)
    unread = [flag for flag in flags if flag.dest not in read]
    shown = [flag for flag in flags if flag.dest in read and _only_named(file, flag, read[flag.dest])]
    spoken = _strings(file) if unread else frozenset()
    flags = [flag for flag in unread if flag.dest not in spoken] + shown
    way = _namespace(file) if flags else None
    if way is None or not _stays_in_view(file, way):
        return
    for flag in flags:
        row = hyperparameter_of(flag.dest)
        assert row is not None
        literals = tuple(_literals(file, row))
        holder = _holder(file, way, literals[0][0]) if literals else None
        said = read[flag.dest][0] if flag in shown else None
        yield Unread(flag, row, literals, tuple(_untold(file, row)), holder, said)


def _kept(file: File, flag: Flag) -> bool:
    """Whether an option says of itself that nothing reads it, or is declared twice."""
    return bool(_KEPT.search(file.source(flag.call))) or flag.action in ("help", "version")


def _only_named(file: File, flag: Flag, uses: list[Attribute]) -> bool:
    """Whether an option only becomes part of a text, while a call is given the number that it should be."""
    row = hyperparameter_of(flag.dest)
    near = all(_SHOWN.search(file.text, max(0, use.start - _NEAR), use.start) for use in uses)
    if row is None or not near or _STARTS.search(file.text) or not any(True for _ in _literals(file, row)):
        return False
    if not all(_is_text(file, use) for use in uses):
        return False
    shows = [call for call in file.every(Call) if last_name(call.func) in _SHOWS | _NAMES]
    return flag.dest not in _strings(file, shows)


def _is_text(file: File, use: Attribute) -> bool:
    """Whether a value is formatted, or given to what shows it, and nothing else."""
    node: Node = use
    around = record_around(file, node)
    while around is not None:
        match around:
            case Other(kind="f-string"):
                return True
            case Call(func=func):
                return last_name(func) in _SHOWS | _NAMES
            case Binary(op="%", left=Literal(value=str()), right=right):
                return right is node
            case Arg() | Collection() | Dict():
                node, around = around, record_around(file, around)
            case _:
                return False
    return False


def _strings(file: File, spared: Iterable[Node] = ()) -> frozenset[str]:
    """The words of all strings, but those that declare options and that document: ``getattr(args, "lr")``."""
    spared = [*spared, *(flag.call for flag in file.flags)]
    spared += [each.value for each in file.all(ExprStatement) if isinstance(each.value, Literal)]
    starts = [(each.start, each.end) for each in spared]
    found: set[str] = set()
    for literal in file.all(Literal):
        if isinstance(literal.value, str) and not any(start <= literal.start < end for start, end in starts):
            found.update(re.findall(r"\w+", literal.value))
    return frozenset(found)


def _namespace(file: File) -> Journey | None:
    """What becomes of the one namespace of the file."""
    calls = file.all(Call)
    parses = [call for call in calls if isinstance(call.func, Attribute) and call.func.attr in PARSE_METHODS]
    if len(parses) != 1 or "add_subparsers" in file.text or "parents=" in file.text:
        return None
    if any(file.qualified(call.func) in _READS_UNSEEN for call in calls):
        return None
    parse = parses[0]
    if any(arg.keyword == "namespace" for arg in parse.args) or len(parse.args) > 1:
        return None
    return journey(file, parse, (0,) if last_name(parse.func) == "parse_known_args" else ())


def _stays_in_view(file: File, way: Journey) -> bool:
    attrs = {attribute.attr for attribute in way.read}
    known = {flag.dest for flag in file.flags}
    return (
        not way.escapes
        and not attrs & _READ_WHOLE
        and len(attrs & known) >= min(_FEW, len(known) - 1)
        and all(_only_shows(file, call, arg) for call, arg in way.handed)
    )


def _only_shows(file: File, call: Call, arg: Arg) -> bool:
    """Whether a call that is given the namespace shows it, or reads one option that it names."""
    name = last_name(call.func)
    if name in _BY_NAME:
        return call.args[0] is arg and len(call.args) > 1 and isinstance(call.args[1].value, Literal)
    if name == "vars":
        # `print(vars(args))` and `json.dump(vars(args), file)`
        return any(
            given.value is call and last_name(other.func) in (_SHOWS | _STORES)
            for other in file.all(Call)
            for given in other.args
        )
    return name in _SHOWS and not arg.star


# --- what it was meant for


def _literals(file: File, row: str) -> Iterator[tuple[BoundCall, Argument]]:
    """The arguments that hold a hyperparameter and are written out where they are given."""
    for call in file.calls:
        for name, argument in call.arguments.items():
            if argument.node is None or not _is_written(argument.node) or argument.node not in call.node.args:
                continue
            if hyperparameters.for_argument(call.name, name) == row and not _for_evaluation(file, call):
                yield call, argument


def _is_written(arg: Arg) -> bool:
    value = arg.value.operand if isinstance(arg.value, Unary) else arg.value
    return isinstance(value, Literal) and isinstance(value.value, int | float | str)


def _for_evaluation(file: File, call: BoundCall) -> bool:
    """Whether a call stands in a statement that speaks of evaluation: a loader for the test set has its own size."""
    around = [each for each in file.all(Assign) if inside(call.node, each)]
    spoken = [word for each in around for target in each.targets for word in words(file.source(target))]
    spoken += [word for part in walk(call.node) if isinstance(part, Name) for word in words(part.id)]
    return any(_EVALUATION.fullmatch(word) for word in spoken)


def _untold(file: File, row: str) -> Iterator[BoundCall]:
    """The optimizers that have such an option and are certainly given nothing for it."""
    for call in file.calls:
        if not call.name.startswith(OPTIMIZERS) or call.name.count(".") != 2 or call.signature is None:
            continue
        for parameter in call.signature.parameters:
            carried = hyperparameters.for_argument(call.name, parameter.name) == row
            absent = call.argument(parameter.name).presence is Presence.ABSENT
            if carried and absent and parameter_groups(file, call).plain:
                yield call


def _holder(file: File, way: Journey, call: BoundCall) -> str | None:
    """A name that certainly stands for the namespace where a call is."""
    for name in way.names:
        if not isinstance(name, Name):
            continue
        mine = file.names.lookup(name.id, name.scope)
        there = file.names.lookup(name.id, call.node.scope)
        if mine is None or there is None or mine[0] is not there[0] or len(there[1]) != 1:
            continue
        here = there[0].number == call.node.scope
        if not here or there[1][0].end <= call.node.start:
            return name.id
    return None
