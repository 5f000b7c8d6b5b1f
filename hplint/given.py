"""The values that arrive in a call's arguments, with all that a message needs to speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hplint.drafts import Located, Place
from hplint.facts import syntax
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.file import File
from hplint.facts.values import Origin, OriginKind, Possible
from hplint.records import value_record
from hplint.regex import regex


@value_record
class Setting:
    """One value that an argument may have, with all that is needed to speak of it."""

    argument: Argument
    possible: Possible
    closed: bool

    @property
    def constant(self) -> syntax.Constant:
        return self.possible.constant

    @property
    def number(self) -> float | None:
        """The value as a real number; None for anything else, booleans included."""
        return as_number(self.possible.constant)

    @property
    def origin(self) -> Origin:
        return self.possible.origin

    @property
    def at(self) -> Located:
        """Where to report: at the default for a value that is only a default, else at the argument."""
        if self._at_default:
            return Place(self.origin.start, self.origin.end)
        assert self.argument.node is not None
        return self.argument.node

    @property
    def related(self) -> tuple[tuple[Located, str], ...]:
        """The other end: where the value comes from, or the call that is given it, also through other files."""
        reached = _reached(self.argument.to)
        if self._at_default:
            assert self.argument.node is not None
            return ((self.argument.node, f"given to `{self.argument.callee}` here"), *reached)
        if self.origin.kind in _IN_PLACE:
            return reached
        place = Place(self.origin.start, self.origin.end, self.origin.path)
        return ((place, f"{quoted(self.constant)} set here"), *reached)

    @property
    def says(self) -> str:
        """``"`lr` is 3.0"``, or ``"`lr` is 3.0 by default"`` where a caller may choose another."""
        label = f" (`{self.origin.label}`)" if self.origin.label and not self.closed else ""
        by_default = not self.closed and self.origin.kind not in (OriginKind.LITERAL, OriginKind.ARGUMENT)
        return f"`{self.argument.parameter}` is {quoted(self.constant)}{' by default' if by_default else ''}{label}"

    @property
    def literal(self) -> Place | None:
        """Where the value is written in this file, if it is written there as a literal that a fix may replace."""
        if self.origin.path is not None or self.origin.kind is OriginKind.COMPUTED:
            return None
        return Place(self.origin.start, self.origin.end)

    @property
    def _at_default(self) -> bool:
        return not self.closed and self.origin.path is None and self.origin.kind not in _IN_PLACE


_IN_PLACE = (OriginKind.LITERAL, OriginKind.COMPUTED)


def settings(call: BoundCall, *parameters: str) -> Iterator[Setting]:
    """Each value that arrives in the given, present arguments unless somebody chooses another: see ``Value.stands``.

    Absent and unknown arguments yield nothing.
    """
    return settings_of(given for each in parameters if (given := call.arguments.get(each)) is not None)


def settings_of(arguments: Iterable[Argument]) -> Iterator[Setting]:
    """The same for arguments that are at hand, such as those of parameter groups."""
    for given in arguments:
        if given.presence is Presence.PRESENT:
            value = given.value
            for possible in value.possible:
                if value.stands(possible):
                    yield Setting(given, possible, value.closed)


def handed_on(call: BoundCall) -> tuple[tuple[Located, str], ...]:
    """The library's own call, where ``call`` is one of a function of the project that hands its arguments on."""
    return _reached(call.via)


def _reached(to: Origin | None) -> tuple[tuple[Located, str], ...]:
    return () if to is None else ((Place(to.start, to.end, to.path), f"handed on to `{to.label}` here"),)


def exponent_lost(file: File, setting: Setting) -> bool:
    """Whether a number is written ``1e3`` or ``10^-3``: what is wrong with it is the business of exponent-sign-lost."""
    place = setting.literal
    return place is not None and _LOST.search(file.text, place.start, place.end) is not None


_LOST = regex(r"\d[eE]\+?\d|\^")


def as_number(constant: object) -> float | None:
    """A constant as a real number; None for anything else, booleans and NaN included."""
    if isinstance(constant, bool) or not isinstance(constant, int | float) or constant != constant:
        return None
    try:
        return float(constant)
    except OverflowError:
        return None


def quoted(constant: object) -> str:
    """A constant as a message shows it: short, numbers bare, strings in quotes."""
    shown = repr(constant)
    return shown if len(shown) <= 40 else shown[:37] + "..."
