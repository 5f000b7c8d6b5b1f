"""What an inventory is made of. Records only: they travel between processes and into every format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from hplint.facts.syntax import Constant
from hplint.model import Span

SIZES = ("units", "channels")
"""What sequences of layer sizes count."""

_MOST = 6
"""Values of one entry that are told in words."""


class State(Enum):
    """How a value is known."""

    SET = "set"
    """The code sets it, and nothing else can arrive."""
    OPEN = "open"
    """The code has a default; the command line, a caller or a configuration may bring another value."""
    DEFAULT = "default"
    """The code says nothing: the library's default applies."""
    UNKNOWN = "unknown"
    """It is set to something that was not followed to a value."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A stretch of a file; ``path`` is as shown to the user."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Link:
    """One step back from a use to where its value is written: ``args.lr``, then ``--lr``. ``at`` None: in place."""

    text: str
    at: Spot | None = None


Chain = tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """One value. ``constant`` counts only where ``known``; ``text`` is how it is shown: a constant as Python writes
    it, the name of what is meant (``torch.bfloat16``, ``Adam``), or the expression that was not followed."""

    text: str
    constant: Constant = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """One place that sets or omits a hyperparameter.

    ``target`` is what the constructed object is called (``optimizer_g``), ``chains`` lead to each of the values.
    """

    at: Spot
    target: str
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A hyperparameter and its value, with every place of the script where it is the same.

    ``hyperparameter`` is a row of the table, or ``loss-function``, or ``other-option``. ``callee`` and ``argument``
    say what is given it: ``torch.optim.Adam`` and ``lr``. Without an argument the callee itself is the value; without
    a callee the value is an option, a field or a constant called ``argument`` whose use was not followed. ``note``
    tells by what an open value may be changed, or why one is unknown.
    """

    hyperparameter: str
    callee: str
    argument: str
    state: State
    values: tuple[Given, ...]
    note: str
    uses: tuple[Use, ...]

    @property
    def owner(self) -> str:
        """``Adam.lr``, ``Adam``, ``Net.units`` or ``--lr``."""
        short = self.callee if self.is_size else self.callee.rpartition(".")[2]
        if self.argument and short.endswith(self.argument):
            return self.callee  # `random.seed`
        return ".".join(part for part in (short, self.argument) if part)

    @property
    def is_size(self) -> bool:
        """Whether it is the sequence of layer sizes of a network, which then is the callee."""
        return self.argument.endswith(SIZES)

    @property
    def value(self) -> str:
        """All that is known of the value, in a few words: ``0.001 (open: command line --lr)``."""
        shown = " or ".join(given.text for given in self.values[:_MOST])
        if len(self.values) > _MOST:
            shown += f" or … ({len(self.values)} values)"
        match self.state:
            case State.OPEN:
                return f"{shown or 'no default'} (open{': ' if self.note else ''}{self.note})"
            case State.DEFAULT:
                return f"{shown} (default of {self.callee.rpartition('.')[2]})"
            case State.UNKNOWN:
                return f"{shown or '?'} (unknown{': ' if self.note else ''}{self.note})"
        return shown


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one value is known, or why it is not: ``steps`` are places, what stands there, and what is said of it."""

    entry: Entry
    steps: tuple[tuple[Spot, str, str], ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that has no inventory, and why."""

    path: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Script:
    """The inventory of one file: ``entries`` in the order of the table."""

    path: str
    entries: tuple[Entry, ...]


def moved(script: Script, path: Callable[[str], str]) -> Script:
    """The same inventory with other paths."""

    def spot(at: Spot) -> Spot:
        return Spot(path(at.path), at.span)

    def use(each: Use) -> Use:
        chains = tuple(tuple(replace(link, at=link.at and spot(link.at)) for link in chain) for chain in each.chains)
        return replace(each, at=spot(each.at), chains=chains)

    entries = tuple(replace(entry, uses=tuple(use(each) for each in entry.uses)) for entry in script.entries)
    return Script(path(script.path), entries)
