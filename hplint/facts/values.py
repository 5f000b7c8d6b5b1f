"""What an expression may be: its possible constants, each with its origin, and whether anything else can arrive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from hplint.facts.syntax import Constant


class OriginKind(Enum):
    """How a value came to be known."""

    LITERAL = "literal"
    CONSTANT = "constant"
    CLASS_ATTRIBUTE = "class attribute"
    DICT_ITEM = "dictionary item"
    ARGPARSE = "argparse default"
    FIELD = "field default"
    PARAMETER = "parameter default"
    SIGNATURE = "library default"
    COMPUTED = "computed"
    """Worked out from several parts; the place is the whole expression."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value is written: offsets into ``path`` (None: the checked file).

    ``label`` is what the user calls it (``--lr``, ``Config.lr``, ``LR``), empty for a literal in place.
    """

    kind: OriginKind
    label: str
    start: int
    end: int
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Possible:
    """One constant that an expression may be."""

    constant: Constant
    origin: Origin


@dataclass(frozen=True, slots=True)
class Value:
    """``closed``: the expression is one of ``possible``, nothing else can arrive. Open: a caller, the command line or
    code that was not understood may bring another value; ``possible`` then holds the defaults, or nothing."""

    possible: tuple[Possible, ...] = ()
    closed: bool = False

    @property
    def single(self) -> Possible | None:
        """The one constant that it is for certain."""
        return self.possible[0] if self.closed and len(self.possible) == 1 else None


UNKNOWN = Value()


def union(values: Iterable[Value], *, closed: bool = True) -> Value:
    """An expression that may be any of these; ``closed`` False where it may be something else besides."""
    found = tuple(values)
    every = dict.fromkeys(possible for value in found for possible in value.possible)
    return Value(tuple(every), closed and bool(found) and all(value.closed for value in found))
