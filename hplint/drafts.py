"""What a rule says: a finding before the engine has given it its rule, its file and its lines."""

from __future__ import annotations

from typing import Protocol

from hplint.facts import chains, syntax
from hplint.facts.calls import BoundCall
from hplint.facts.file import File
from hplint.facts.flow import LossUse, Step
from hplint.facts.statements import line_beside, moved_before
from hplint.facts.training import Event
from hplint.model import Level, Safety
from hplint.records import value_record


class Located(Protocol):
    """Anything with offsets into the file's text: every syntax record is one."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@value_record
class Place:
    """A stretch of a file's text that is no syntax record. ``path`` None is the file that is being checked."""

    start: int
    end: int
    path: str | None = None


@value_record
class DraftEdit:
    """New ``text`` for the text between two offsets of the checked file."""

    start: int
    end: int
    text: str


@value_record
class DraftFix:
    """A repair of the checked file; the title reads as an order ("replace it by `1e-5`")."""

    title: str
    edits: tuple[DraftEdit, ...]
    safety: Safety = Safety.UNSAFE


@value_record
class Draft:
    """A finding before the engine has given it its rule, its file and its lines.

    ``level`` and ``hyperparameter`` override the rule's own. A message is one clause in the present tense that names
    the user's own symbol in backquotes and says what will happen: no full stop, no "please", no "detected".
    """

    at: Located
    message: str
    related: tuple[tuple[Located, str], ...] = ()
    fix: DraftFix | None = None
    level: Level | None = None
    hyperparameter: str | None = None


def replace(at: Located, text: str, title: str, safety: Safety = Safety.UNSAFE) -> DraftFix:
    """A fix with a single edit."""
    return DraftFix(title, (DraftEdit(at.start, at.end, text),), safety)


def delete_argument(call: BoundCall, argument: syntax.Arg, safety: Safety = Safety.SAFE) -> DraftFix | None:
    """A fix that deletes an argument with its comma; None for what ``**options`` brings."""
    if argument not in call.node.args:
        return None
    position = call.node.args.index(argument)
    if position > 0:
        edit = DraftEdit(call.node.args[position - 1].end, argument.end, "")
    elif len(call.node.args) > 1:
        edit = DraftEdit(argument.start, call.node.args[1].start, "")
    else:
        edit = DraftEdit(argument.start, argument.end, "")
    return DraftFix("delete the argument", (edit,), safety)


def add_argument(call: BoundCall, text: str, title: str, safety: Safety = Safety.UNSAFE) -> DraftFix | None:
    """A fix that writes one more argument behind the others; None for what a function of the project hands on."""
    if call.via is not None:
        return None
    if call.node.args:
        end = call.node.args[-1].end
        return DraftFix(title, (DraftEdit(end, end, f", {text}"),), safety)
    end = call.node.end - 1
    return DraftFix(title, (DraftEdit(end, end, text),), safety)


def within(event: Event, message: str) -> tuple[tuple[Located, str], ...]:
    """The place in a helper that really does what an event of a training step is, as a related place."""
    return () if event.via is None else ((event.via, message),)


def move_before(file: File, node: syntax.Node, anchor: syntax.Node, title: str) -> DraftFix | None:
    """A fix that moves the statement of one record before that of another, where both stand alone on their lines."""
    edits = moved_before(file, node, anchor)
    return None if edits is None else DraftFix(title, tuple(DraftEdit(*edit) for edit in edits))


def insert_line(file: File, node: syntax.Node, line: str, title: str, *, after: bool = False) -> DraftFix | None:
    """A fix that puts a line of code before or after the statement of a record, where that stands alone."""
    edit = line_beside(file, node, line, after=after)
    return None if edit is None else DraftFix(title, (DraftEdit(*edit),))


def placed(file: File, use: LossUse, step: Step) -> tuple[Located, tuple[tuple[Located, str], ...]]:
    """Where to report an operation before a loss, and the related places, some of them in other files."""
    at, others = chains.place_of_operation(file, use, step)
    return at, tuple((Place(node.start, node.end, owner.path), message) for node, owner, message in others)


def without_operation(file: File, step: Step, title: str) -> DraftFix | None:
    """A fix that leaves an operation of a model out."""
    edit = chains.without_operation(file, step)
    return None if edit is None else DraftFix(title, (DraftEdit(*edit),))
