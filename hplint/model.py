"""The words that every other module speaks: spans, edits, fixes, findings, levels. They know nothing else of hplint."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from hplint.records import value_record


class Level(Enum):
    """How sure a rule is, and how bad it is."""

    ERROR = "error"
    """It raises, or cannot be meant."""
    WARNING = "warning"
    """Probably a mistake."""
    ADVICE = "advice"
    """It works; evidence says to think again."""
    PEDANTIC = "pedantic"
    """Off by default."""

    @property
    def weight(self) -> int:
        """3 for error down to 0 for pedantic."""
        return _WEIGHTS[self]


_WEIGHTS = {Level.ERROR: 3, Level.WARNING: 2, Level.ADVICE: 1, Level.PEDANTIC: 0}


class Safety(Enum):
    """Whether a fix may be applied without asking."""

    SAFE = "safe"
    """The program means the same afterwards, or could only crash before."""
    UNSAFE = "unsafe"
    """It changes numbers, or what was meant is a guess."""


class Engine(Enum):
    """Which side of hplint saw the finding."""

    STATIC = "static"
    RUNTIME = "runtime"


class Position(NamedTuple):
    """A place in a text. Lines and columns count from 1, columns in Unicode code points."""

    line: int
    column: int


class Span(NamedTuple):
    """From ``start`` up to, not including, ``end``; in a notebook lines count from the start of the ``cell``."""

    start: Position
    end: Position
    cell: int | None = None
    """Of all cells of the notebook, from 1."""


@value_record
class Edit:
    """New ``text`` for ``span`` of the file ``path``."""

    path: str
    span: Span
    text: str


@value_record
class Fix:
    """Edits that belong together, under a title that reads as an order ("replace by `1e-5`")."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety


@value_record
class Related:
    """Another place that the finding speaks of."""

    path: str
    span: Span
    message: str


@value_record
class Finding:
    """A rule at a place.

    ``path`` is as it is shown: relative to the working directory with ``/``, absolute outside it; None for a
    live object whose source is unknown (runtime only). ``span`` is None where there is no text to point at.
    """

    code: str
    name: str
    level: Level
    message: str
    path: str | None
    span: Span | None
    engine: Engine = Engine.STATIC
    hyperparameter: str | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None

    @property
    def cell(self) -> int | None:
        """The cell of a notebook that the finding is in."""
        return self.span.cell if self.span else None

    def sort_key(self) -> tuple[str, int, Position, str, str]:
        """By file, place, code and message: the order of every report."""
        start = self.span.start if self.span else Position(0, 0)
        return (self.path or "", self.cell or 0, start, self.code, self.message)
