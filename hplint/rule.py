"""All that a rule file may import: the decorator, what a rule can ask for, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any, Protocol, TypeAlias

from hplint import thresholds
from hplint.facts import chains, syntax, torch_roles
from hplint.facts.accumulation import Accumulation, accumulations, counted_data, mean_loss, moved_line, shown_in
from hplint.facts.augmentation import Augmented, augmented_evaluation
from hplint.facts.autocasting import autocast_type, autocasts, halved_models, is_on, unscaled_halves
from hplint.facts.averages import wrong_averages
from hplint.facts.branches import branches
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.chains import follows, losses_given
from hplint.facts.checkpoints import partial_checkpoints
from hplint.facts.clearing import Uncleared, needs_no_gradients, never_cleared, stepped
from hplint.facts.columns import COLUMN, mismatches
from hplint.facts.constructed import (
    called_when_made,
    holds_weights,
    made_from,
    module_class,
    put_into,
    torch_module,
)
from hplint.facts.cut_graphs import CutGraph, cut_graphs, handed, unrecorded
from hplint.facts.data_sizes import size_of
from hplint.facts.dropping import depends_on_mode, may_be_zero, meant_to_stay_on
from hplint.facts.epoch_order import SameOrder, same_orders
from hplint.facts.evaluation import Evaluation, evaluations
from hplint.facts.events import Grad
from hplint.facts.file import File, as_version
from hplint.facts.flow import Built, LossUse, Step
from hplint.facts.frozen import frozen_before, owner_of_parameters, plain_tensors, without_parameters
from hplint.facts.half_seeded import HalfSeeded, half_seeded
from hplint.facts.journeys import Journey, journey
from hplint.facts.kept_graphs import kept_graphs
from hplint.facts.kept_losses import KeptLoss, kept_losses
from hplint.facts.labels import Labelled, hyperparameter_of, labelled_values, words_of
from hplint.facts.left_in_eval import LeftInEval, left_in_eval
from hplint.facts.lifetimes import (
    Group,
    followed,
    never_sets_rate,
    optimizer_of,
    optimizers,
    parameter_groups,
    schedulers,
    sets_rate_later,
    with_groups,
)
from hplint.facts.live_states import LiveState, live_states, trains_each_round
from hplint.facts.loss_calls import (
    becomes_number,
    is_prediction,
    is_prediction_name,
    is_target,
    is_target_name,
    loss_class,
)
from hplint.facts.makers import calls_of, made_by, parameter_given, run_by
from hplint.facts.metric_names import better_when, direction_of
from hplint.facts.models import AttributeStore, AttributeUse, Layer, ModuleClass, self_name
from hplint.facts.normalizing import Misfit, misfits
from hplint.facts.operations import CLASSES_OF_DATASET
from hplint.facts.order import blocks_around, runs_before
from hplint.facts.outdated import Outdated, outdated
from hplint.facts.overwritten import Overwritten, overwritten
from hplint.facts.penalties import Penalty, penalties
from hplint.facts.plain_containers import PlainContainer, plain_containers
from hplint.facts.receivers import role_of
from hplint.facts.regularisers import count_plain_layers, shows_regularisation, trained_models
from hplint.facts.scaling import (
    always_together,
    handed_around,
    is_scaled,
    measures_only,
    of_another_model,
    same_optimizer,
    scaler_of,
    steps_itself,
    unscaled_twice,
)
from hplint.facts.schedule_order import EarlySchedule, early_schedules
from hplint.facts.schedule_units import Planned, Unit, planned, stepped_in
from hplint.facts.seeding import never_seeds, seeded_too_late
from hplint.facts.shapes import constant, expected_size, features, given_size, is_given, number, softmax_size
from hplint.facts.splits import Drawn, Split, unstable_splits
from hplint.facts.statements import line_beside, moved_before, moved_behind
from hplint.facts.stepped import StepCall, step_calls, stepped_with_epoch
from hplint.facts.surroundings import expected, is_test, own_parser, tests_around, untested
from hplint.facts.switching import switched_layers
from hplint.facts.training import Event, EventKind, Role, TrainingLoop, TrainingStep, training_loops
from hplint.facts.training_data import TrainLoader, fed_to_training, feeds_evaluation, reads_files, unshuffled
from hplint.facts.tree import argument, inside, last_name, walk
from hplint.facts.undefined import is_complete, local_name, undefined_uses
from hplint.facts.unread_options import Unread, unread_options
from hplint.facts.unstepped import again, never_stepped, without_gradients
from hplint.facts.used_up import UsedUp, used_up
from hplint.facts.values import Origin, OriginKind, Possible, Value
from hplint.facts.worker_streams import SharedStream, shared_streams
from hplint.hyperparameters import for_argument
from hplint.hyperparameters import vocabulary as hyperparameter_vocabulary
from hplint.model import Level, Safety
from hplint.records import value_record
from hplint.regex import regex
from hplint.signatures import DefaultKind, Removed, Signature, constants, exports, is_module, removals, removed
from hplint.signatures.guards import Broken, broken, values_read
from hplint.spelling import OPTION_ALIASES, OPTIONS_OF_SOME, closest, look_alike

__all__ = [
    "CLASSES_OF_DATASET",
    "COLUMN",
    "OPTIONS_OF_SOME",
    "OPTION_ALIASES",
    "Accumulation",
    "Argument",
    "AttributeStore",
    "AttributeUse",
    "Augmented",
    "BoundCall",
    "Broken",
    "Built",
    "Calls",
    "Classes",
    "CutGraph",
    "DefaultKind",
    "Draft",
    "DraftEdit",
    "DraftFix",
    "Drawn",
    "EarlySchedule",
    "Evaluation",
    "Event",
    "EventKind",
    "File",
    "Files",
    "Grad",
    "Group",
    "HalfSeeded",
    "Journey",
    "KeptLoss",
    "Labelled",
    "Layer",
    "LeftInEval",
    "Level",
    "LiveState",
    "Located",
    "LossUse",
    "Misfit",
    "ModuleClass",
    "Origin",
    "OriginKind",
    "Outdated",
    "Overwritten",
    "Penalty",
    "Place",
    "PlainContainer",
    "Planned",
    "Possible",
    "Presence",
    "Removed",
    "Role",
    "Rule",
    "Runtime",
    "Safety",
    "SameOrder",
    "Setting",
    "SharedStream",
    "Signature",
    "Split",
    "Step",
    "StepCall",
    "Steps",
    "TrainLoader",
    "TrainingLoop",
    "TrainingStep",
    "Uncleared",
    "Unit",
    "Unread",
    "UsedUp",
    "Value",
    "accumulations",
    "add_argument",
    "again",
    "always_together",
    "argument",
    "as_number",
    "as_version",
    "augmented_evaluation",
    "autocast_type",
    "autocasts",
    "becomes_number",
    "better_when",
    "blocks_around",
    "branches",
    "broken",
    "called_when_made",
    "calls_of",
    "closest",
    "constant",
    "constants",
    "count_plain_layers",
    "counted_data",
    "cut_graphs",
    "delete_argument",
    "depends_on_mode",
    "direction_of",
    "early_schedules",
    "evaluations",
    "expected",
    "expected_size",
    "exponent_lost",
    "exports",
    "features",
    "fed_to_training",
    "feeds_evaluation",
    "followed",
    "follows",
    "for_argument",
    "frozen_before",
    "given_size",
    "half_seeded",
    "halved_models",
    "handed",
    "handed_around",
    "handed_on",
    "holds_weights",
    "hyperparameter_of",
    "hyperparameter_vocabulary",
    "insert_line",
    "inside",
    "is_complete",
    "is_given",
    "is_module",
    "is_on",
    "is_prediction",
    "is_prediction_name",
    "is_scaled",
    "is_target",
    "is_target_name",
    "is_test",
    "journey",
    "kept_graphs",
    "kept_losses",
    "labelled_values",
    "last_name",
    "left_in_eval",
    "live_states",
    "local_name",
    "look_alike",
    "loss_class",
    "losses_given",
    "made_by",
    "made_from",
    "may_be_zero",
    "mean_loss",
    "meant_to_stay_on",
    "measures_only",
    "misfits",
    "mismatches",
    "module_class",
    "move_before",
    "moved_behind",
    "moved_line",
    "needs_no_gradients",
    "never_cleared",
    "never_seeds",
    "never_sets_rate",
    "never_stepped",
    "number",
    "of_another_model",
    "optimizer_of",
    "optimizers",
    "outdated",
    "overwritten",
    "own_parser",
    "owner_of_parameters",
    "parameter_given",
    "parameter_groups",
    "partial_checkpoints",
    "penalties",
    "placed",
    "plain_containers",
    "plain_tensors",
    "planned",
    "put_into",
    "quoted",
    "reads_files",
    "regex",
    "removals",
    "removed",
    "replace",
    "role_of",
    "rule",
    "run_by",
    "runs_before",
    "same_optimizer",
    "same_orders",
    "scaler_of",
    "schedulers",
    "seeded_too_late",
    "self_name",
    "sets_rate_later",
    "settings",
    "settings_of",
    "shared_streams",
    "shown_in",
    "shows_regularisation",
    "size_of",
    "softmax_size",
    "step_calls",
    "stepped",
    "stepped_in",
    "stepped_with_epoch",
    "steps_itself",
    "switched_layers",
    "syntax",
    "tests_around",
    "thresholds",
    "torch_module",
    "torch_roles",
    "trained_models",
    "training_loops",
    "trains_each_round",
    "undefined_uses",
    "unread_options",
    "unrecorded",
    "unscaled_halves",
    "unscaled_twice",
    "unshuffled",
    "unstable_splits",
    "untested",
    "used_up",
    "values_read",
    "walk",
    "with_groups",
    "within",
    "without_gradients",
    "without_operation",
    "without_parameters",
    "words_of",
    "wrong_averages",
]


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


# --- what a rule says


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


# --- what a rule can ask for


@value_record
class Calls:
    """Calls of the named functions and classes, ``torch.optim.*`` for all public names of a module.

    The check is handed a :class:`BoundCall`. A call that may stand for several things is not handed out, nor is one
    whose name is unknown. ``super().__init__(...)`` in a local subclass is handed out as a call of the base class.
    """

    patterns: tuple[str, ...]

    def __init__(self, *patterns: str) -> None:
        object.__setattr__(self, "patterns", patterns)


@value_record
class Classes:
    """Classes of the file that derive, also indirectly, from ``torch.nn.Module``: handed a :class:`ModuleClass`."""


@value_record
class Steps:
    """Training steps: handed a :class:`TrainingStep`."""


@value_record
class Files:
    """The whole file: handed a :class:`File`. ``words``: skip files whose text holds none of these."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)


@value_record
class Runtime:
    """Live objects only: the rule's file holds page and metadata, its check is in :mod:`hplint.runtime`."""


Subject: TypeAlias = Calls | Classes | Steps | Files | Runtime
Check: TypeAlias = Callable[[Any], Iterable[Draft]]


@value_record
class Rule:
    """One check and what is said of it. ``module`` is the Python module that holds its page."""

    code: str
    name: str
    level: Level
    topic: str
    hyperparameter: str | None
    library: str
    since: str
    subject: Subject
    module: str
    check: Check = field(compare=False)

    @property
    def summary(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.partition("\n")[0].rstrip(".")

    @property
    def page(self) -> str:
        """The rule's page: the docstring of its file, in Markdown, read from the source when it is asked for."""
        from hplint.pages import page_of

        return page_of(self.module)


def rule(
    code: str,
    name: str,
    *,
    level: Level,
    topic: str,
    subject: Subject,
    since: str,
    hyperparameter: str | None = None,
    library: str = "torch",
) -> Callable[[Check], Rule]:
    """Turn a check into a rule whose page is the docstring of its module.

    ``level`` is the worst that the rule says; a draft may say less. ``hyperparameter`` is a row of the table.
    """

    def declare(check: Check) -> Rule:
        return Rule(code, name, level, topic, hyperparameter, library, since, subject, check.__module__, check)

    return declare


# --- help for rules about values


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
