"""Expressions as values of an inventory: what they are, how that is known, and the way back to where it is written."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.file import File
from hplint.facts.holders import Flag
from hplint.facts.reasons import why
from hplint.facts.syntax import (
    Attribute,
    Binding,
    BindingKind,
    Call,
    Collection,
    Constant,
    Expr,
    Lambda,
    Literal,
    Name,
    Node,
    Parameter,
    Unary,
)
from hplint.facts.tree import is_self, walk
from hplint.facts.values import Origin, OriginKind, Possible
from hplint.inventory import known
from hplint.inventory.records import Chain, Given, Link, Spot, State
from hplint.signatures import DefaultKind
from hplint.source import LIBRARIES, Source

SHOWN = 60
"""Characters of an expression that are shown."""
_DIGITS = 14
"""Characters of a number that is shown as it is."""
_STEPS = 8
"""Names followed from a use to where its value is written."""
_PARTS = 60
"""Parts of an expression that are searched for options."""
_NAMESPACES = frozenset({"args", "opt", "opts", "options", "FLAGS", "flags", "hparams"})
"""What people call the result of ``parse_args()``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one expression or omission comes to. ``chains`` stand beside ``values``; without values there is one.

    ``origins``: where the values, or the options that bring them, are written. ``expr`` is what was read, None where
    nothing is given.
    """

    state: State
    values: tuple[Given, ...]
    chains: tuple[Chain, ...]
    note: str = ""
    origins: tuple[Spot, ...] = ()
    expr: Expr | None = None


class Reader:
    """Reads the values of one file. ``source_of`` gives the text behind the path of an imported module."""

    def __init__(self, file: File, source: Source, source_of: Callable[[str], Source]) -> None:
        self.file = file
        self._source = source
        self._source_of = source_of

    def spot(self, node: Node) -> Spot:
        """The place of a record of this file."""
        return Spot(self.file.path, self._source.span(node.start, node.end))

    def text(self, node: Node) -> str:
        """A piece of the file on one line, cut where it is long."""
        return _cut(" ".join(self.file.text[node.start : node.end].split()))

    def argument(self, call: BoundCall, argument: Argument) -> Reading | None:
        """What a call gives for a parameter; None where it leaves out what has no default worth telling."""
        if argument.presence is Presence.PRESENT and argument.node is not None:
            return self.expression(argument.node.value)
        if argument.presence is Presence.UNKNOWN:
            stars = [arg for arg in call.node.args if arg.star]
            text = f"{stars[0].star}{self.text(stars[0].value)}" if stars else "…"
            return Reading(State.UNKNOWN, (Given(text),), ((),), MAYBE)
        default = _default(call, argument.parameter)
        return None if default is None else Reading(State.DEFAULT, (default,), ((),))

    def behind(self, call: BoundCall) -> Chain:
        """The way from the call of a function of the project to the library's call that it makes."""
        if call.via is None:
            return ()
        return (Link(f"{self.text(call.node.func)}(…)"), Link(f"{call.short}(…)", self._origin(call.via)))

    def expression(self, expr: Expr) -> Reading:
        """What an expression is."""
        value = self.file.value(expr)
        chain, end = self._followed(expr)
        if value.possible:
            distinct: dict[str, Possible] = {}
            for each in value.possible:
                distinct.setdefault(shown(each.constant), each)
            possible = tuple(distinct.values())
            if not value.closed:  # None as a default is none.
                possible = tuple(each for each in possible if each.constant is not None) or possible[:1]
            chains = self._chains(expr, possible)
            origins = tuple(self._origin(each.origin) for each in value.possible)
            values = tuple(Given(shown(each.constant), each.constant, known=True) for each in possible)
            if value.closed:
                return Reading(State.SET, values, chains, "", origins, expr)
            flags = tuple(self._options(expr))
            note = _openness(possible[0].origin) or _command_line(flags) or self._brought(expr) or _callers(end)
            if possible[0].constant is None:
                values = ()
            return Reading(State.OPEN, values, chains, note, origins + tuple(self._defaults(flags)), expr)
        if isinstance(end, Flag):
            return self.option(end, chain)
        if isinstance(expr, Lambda):
            return Reading(State.SET, (Given(self.text(expr)),), ((),), expr=expr)
        named = None if isinstance(expr, Call) else self.file.qualified(expr)
        if named is not None and named.partition(".")[0] in LIBRARIES:
            return Reading(State.SET, (Given(named),), (chain,), expr=expr)  # `torch.bfloat16`
        return self.unfollowed(expr)

    def unfollowed(self, expr: Expr) -> Reading:
        """What is said of an expression whose value is not known."""
        chain, end = self._followed(expr)
        last = expr if end is None or isinstance(end, Parameter | Flag) else end
        note = _command_line(tuple(self._options(last)), "from ") or _callers(end) or self._gap(expr)
        return Reading(State.UNKNOWN, (Given(self.text(last)),), (chain,), note, expr=expr)

    def option(self, flag: Flag, chain: Chain = ()) -> Reading:
        """The default of a command-line option."""
        at = self.spot(flag.call.args[0])
        note = f"command line {flag.option}"
        if flag.default is None or (isinstance(flag.default, Literal) and flag.default.value is None):
            read = Reading(State.OPEN, (), (chain,), note, (at,))
        else:
            default = self.expression(flag.default)
            read = replace(default, state=State.OPEN, chains=(chain,) * max(len(default.values), 1), note=note)
            read = replace(read, origins=(at, self.spot(flag.default), *default.origins))
        return self.overwritten(flag.dest, read)

    def overwritten(self, attr: str, read: Reading) -> Reading:
        """The default of an option or field, with what the code stores in it afterwards."""
        stores = [value for target, value in self._stores(attr)]
        if not stores:
            return read
        if len(stores) == 1 and stores[0] is not None:
            _, end = self._followed(stores[0])
            last = end if end is not None and not isinstance(end, Parameter | Flag) else stores[0]
            found = self.file.value(stores[0]).possible
            known_as = f", {shown(found[0].constant)} by default" if len(found) == 1 else ""
            later = f"then set to {self.text(last)}{known_as}"
        else:
            later = "then set again"
        return replace(read, state=State.OPEN, note=f"{read.note}; {later}" if read.note else later)

    def _stores(self, attr: str) -> Iterator[tuple[Attribute, Expr | None]]:
        for target, value in self.file.holders.attribute_stores:
            if target.attr == attr and not is_self(target.value):
                yield target, value

    # --- the way back

    def _followed(self, expr: Expr) -> tuple[Chain, Expr | Flag | Parameter | None]:
        """The names from an expression to where it is written, and what they end at."""
        links: list[Link] = []
        if not _is_written_out(expr):
            links.append(Link(self.text(expr)))
        for _ in range(_STEPS):
            if isinstance(expr, Attribute):
                flag = self._flag(expr)
                if flag is None:
                    return tuple(links), expr
                links.append(Link(flag.option, self.spot(flag.call.args[0])))
                return tuple(links), flag
            bindings = self.file.names.reaching(expr) if isinstance(expr, Name) else ()
            if len(bindings) != 1:
                return tuple(links), expr
            binding = bindings[0]
            if binding.kind is BindingKind.PARAMETER and binding.parameter is not None:
                links.append(Link(f"parameter {binding.name}", self.spot(binding.parameter)))
                return tuple(links), binding.parameter
            value = _unpacked(binding)
            if value is None:
                return tuple(links), expr
            expr = value
            if not _is_written_out(expr):
                links.append(Link(self.text(expr), self.spot(binding)))
        return tuple(links), expr

    def _flag(self, expr: Attribute) -> Flag | None:
        """The command-line option that an attribute of the parsed arguments holds."""
        flags = self.file.holders.flags.get(expr.attr, ())
        return flags[0] if len(flags) == 1 and self._is_namespace(expr.value) else None

    def _options(self, expr: Expr) -> Iterator[Flag]:
        """The options that an expression is computed from."""
        found: dict[str, Flag] = {}
        for part in islice(walk(expr, skip=(Lambda,)), _PARTS):
            flag = self._flag(part) if isinstance(part, Attribute) else None
            if flag is not None:
                found.setdefault(flag.option, flag)
        return iter(found.values())

    def _defaults(self, flags: tuple[Flag, ...]) -> Iterator[Spot]:
        for flag in flags:
            yield self.spot(flag.call.args[0])

    def _is_namespace(self, expr: Expr) -> bool:
        last = expr.attr if isinstance(expr, Attribute) else expr.id if isinstance(expr, Name) else ""
        if last in _NAMESPACES:
            return True
        bindings: tuple[Binding, ...] = self.file.names.reaching(expr) if isinstance(expr, Name) else ()
        return any(
            isinstance(each.value, Call)
            and isinstance(each.value.func, Attribute)
            and each.value.func.attr.startswith("parse_")
            for each in bindings
        )

    def _chains(self, expr: Expr, possible: tuple[Possible, ...]) -> tuple[Chain, ...]:
        """The way to each value: every name on it where there is one value, else only the place that writes it."""
        if _is_written_out(expr):
            return ((),) * len(possible)
        start = Link(self.text(expr))
        if len(possible) > 1:
            return tuple((start, *self._written_at(each.origin)) for each in possible)
        steps = self.steps(expr)
        links = [start]
        for spot, text in steps[:_STEPS]:
            link = Link(_label(text) or self.text_at(spot), spot)
            if link.text == links[-1].text:
                links[-1] = link
            elif spot != self.spot(expr):
                links.append(link)
        return (tuple(links),)

    def _written_at(self, origin: Origin) -> tuple[Link, ...]:
        if origin.kind in (OriginKind.LITERAL, OriginKind.COMPUTED) and origin.path is None:
            return ()
        return (Link(origin.label or origin.kind.value, self._origin(origin)),)

    def _brought(self, expr: Expr) -> str:
        """What may bring another value to an expression that is computed."""
        for _, text in self.steps(expr):
            label = _label(text)
            for words, by in (
                ("`--", "command line "),
                ("the field `", "field "),
                ("the parameter `", "callers may give "),
            ):
                if text.startswith(words) and label:
                    return f"{by}{label}"
        return ""

    def _gap(self, expr: Expr) -> str:
        """Where the search for a value ended; empty where that says no more than the expression does."""
        steps = self.steps(expr)
        said = steps[-1][1].partition(";")[0] if steps else ""
        return "" if said in _OBVIOUS else _cut(said)

    def steps(self, expr: Expr) -> list[tuple[Spot, str]]:
        """The places that an expression takes its value from, nearest first, with what is said of each."""
        if _is_written_out(expr):
            return [(self.spot(expr), "it is written here")]
        return [(self._place(each.path, each.start, each.end), each.text) for each in why(self.file.evaluator, expr)]

    def text_at(self, spot: Spot) -> str:
        """What is written at a place."""
        source = self._source if spot.path == self.file.path else self._source_of(spot.path)
        start, end = source.offsets(spot.span)
        return _cut(" ".join(source.text[start:end].split()))

    def _origin(self, origin: Origin) -> Spot:
        return self._place(origin.path, origin.start, origin.end)

    def _place(self, path: str | None, start: int, end: int) -> Spot:
        if path is None or path == self.file.path:
            return Spot(self.file.path, self._source.span(start, end))
        return Spot(path, self._source_of(path).span(start, end))


_OBVIOUS = frozenset({"it is computed here", "it is what a call returns"})
"""Reasons that say no more than the expression itself."""

MAYBE = "may hold it"
"""The note of an argument that ``**rest`` may bring."""


def shown(constant: Constant) -> str:
    """A constant as Python writes it, exponents without padding: ``3e-5``."""
    if isinstance(constant, float):
        exact = repr(constant)  # 0.19999999999999996 is what becomes of 1 - 0.8.
        text = exact if len(exact) <= _DIGITS else f"{constant:.10g}"
        return text.replace("e-0", "e-").replace("e+0", "e+")
    if isinstance(constant, tuple):
        inner = ", ".join(shown(item) for item in constant)
        return f"({inner},)" if len(constant) == 1 else f"({inner})"
    return _cut(repr(constant))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _unpacked(binding: Binding) -> Expr | None:
    """What one name of an assignment is given, through ``a, b = x, y`` too."""
    if binding.kind is not BindingKind.ASSIGN or binding.value is None or binding.path is None:
        return None
    value = binding.value
    for index in binding.path:
        if not isinstance(value, Collection) or index >= len(value.elements):
            return None
        value = value.elements[index]
    return value


def _is_written_out(expr: Expr) -> bool:
    """Whether an expression is its own value: a number, a tuple of numbers."""
    if isinstance(expr, Unary):
        return _is_written_out(expr.operand)
    if isinstance(expr, Collection):
        return all(isinstance(each, Literal) for each in expr.elements)
    return isinstance(expr, Literal)


def _default(call: BoundCall, parameter: str) -> Given | None:
    """The library's default; None where there is none, or it is None: nothing is chosen then."""
    written = known.default_of(call.name, parameter)
    found = call.signature.parameter(parameter) if call.signature is not None else None
    if written is None and found is not None and found.default.kind is DefaultKind.CONSTANT:
        constant = cast("Constant", found.default.value)
        return None if constant is None else Given(shown(constant), constant, known=True)
    if written is None or written == "None":
        return None
    try:
        value = ast.literal_eval(written)
    except (ValueError, SyntaxError):
        return Given(written)
    return Given(shown(value), value, known=True)


def _label(text: str) -> str:
    """What a step calls the value: ``--lr`` in "`--lr` has this default"; empty for a step without a name."""
    quoted = text.split("`")
    return quoted[1] if len(quoted) > 2 and len(quoted[0]) <= len("the parameter ") else ""


def _openness(origin: Origin) -> str:
    """What may bring another value than this default."""
    match origin.kind:
        case OriginKind.ARGPARSE | OriginKind.OPTION:
            return f"command line {origin.label}" if origin.label.startswith("-") else origin.label
        case OriginKind.FIELD:
            return f"field {origin.label}"
        case OriginKind.PARAMETER:
            return f"callers may give {origin.label}"
        case OriginKind.FALLBACK if origin.label:
            return f"unless {origin.label} is set"
    return ""


def _command_line(flags: tuple[Flag, ...], before: str = "") -> str:
    return f"{before}command line {', '.join(flag.option for flag in flags)}" if flags else ""


def _callers(end: object) -> str:
    return f"callers give {end.name}" if isinstance(end, Parameter) else ""
