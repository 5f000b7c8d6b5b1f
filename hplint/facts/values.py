"""What an expression may be: its possible constants, each with its origin, and whether anything else can arrive."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from hplint.facts.syntax import Constant
from hplint.records import value_record


class OriginKind(Enum):
    """How a value came to be known."""

    LITERAL = "literal"
    CONSTANT = "constant"
    CLASS_ATTRIBUTE = "class attribute"
    DICT_ITEM = "dictionary item"
    ARGPARSE = "argparse default"
    OPTION = "option default"
    """Of a command line that is not argparse's: click, typer, absl."""
    FIELD = "field default"
    PARAMETER = "parameter default"
    FALLBACK = "fallback"
    """What is taken when nothing is set: ``cfg.get("lr", 1e-3)``, ``getattr(args, "lr", 1e-3)``, ``lr or 1e-3``."""
    ARGUMENT = "argument of a call"
    """Given to a parameter by a call in the same file; other callers may give other values."""
    RETURNED = "result of a call"
    """What a function of the project returns, on one of its ways."""
    CONFIG_FILE = "configuration file"
    """An item of a YAML, JSON or TOML document that the script names."""
    SIGNATURE = "library default"
    COMPUTED = "computed"
    """Worked out from several parts; the place is the whole expression."""


DEFAULTS = frozenset(
    (
        OriginKind.ARGPARSE,
        OriginKind.OPTION,
        OriginKind.FIELD,
        OriginKind.PARAMETER,
        OriginKind.FALLBACK,
        OriginKind.CONFIG_FILE,
    )
)
"""Kinds of origin whose values hold until someone chooses another."""
BETWEEN_FUNCTIONS = frozenset((OriginKind.ARGUMENT, OriginKind.RETURNED))
"""Kinds of ways that lead from one function to another: what is tested between the two is not known."""
_LASTING = DEFAULTS | {OriginKind.COMPUTED}


@value_record
class Origin:
    """Where a value is written: offsets into ``path`` (None: the checked file).

    ``label`` is what the user calls it (``--lr``, ``Config.lr``, ``LR``), empty for a literal in place.
    """

    kind: OriginKind
    label: str
    start: int
    end: int
    path: str | None = None


@value_record
class Possible:
    """One constant that an expression may be. ``hearsay``: it comes from another function, maybe not on every way."""

    constant: Constant
    origin: Origin
    hearsay: bool = False


@value_record
class Value:
    """``closed``: the expression is one of ``possible``, nothing else can arrive. Open: a caller, the command line or
    code that was not understood may bring another value; ``possible`` then holds what arrives if they do not, and
    what is known to be brought, or nothing."""

    possible: tuple[Possible, ...] = ()
    closed: bool = False

    @property
    def single(self) -> Possible | None:
        """The one constant that it is for certain."""
        return self.possible[0] if self.closed and len(self.possible) == 1 else None

    def stands(self, possible: Possible) -> bool:
        """Whether one of the possible constants does arrive as long as nobody chooses another: what a rule may judge.

        Not so for what other functions may bring on some of their ways, nor for one constant of an open union.
        """
        if self.closed:
            return not possible.hearsay or len(self.possible) == 1
        return not possible.hearsay and possible.origin.kind in _LASTING


UNKNOWN = Value()


def union(values: Iterable[Value], *, closed: bool = True) -> Value:
    """An expression that may be any of these; ``closed`` False where it may be something else besides."""
    found = tuple(values)
    every = dict.fromkeys(possible for value in found for possible in value.possible)
    return Value(tuple(every), closed and bool(found) and all(value.closed for value in found))
