"""All that a rule file may import: the decorator, what a rule can ask for, and what it says."""

from __future__ import annotations

from hplint import thresholds
from hplint.declare import Calls, Classes, Files, Rule, Runtime, Steps, rule
from hplint.drafts import (
    Draft,
    DraftEdit,
    DraftFix,
    Located,
    Place,
    add_argument,
    delete_argument,
    insert_line,
    move_before,
    placed,
    replace,
    within,
    without_operation,
)
from hplint.facts import syntax, torch_roles
from hplint.facts.accumulation import Accumulation, accumulations, counted_data, mean_loss, moved_line, shown_in
from hplint.facts.augmentation import Augmented, augmented_evaluation
from hplint.facts.autocasting import autocast_type, autocasts, halved_models, is_on, unscaled_halves
from hplint.facts.averages import wrong_averages
from hplint.facts.branches import branches
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.chains import follows, losses_given
from hplint.facts.checkpoints import partial_checkpoints
from hplint.facts.chosen import ChosenByTest, chosen_by_test
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
from hplint.facts.decay_names import SparedNames, unmatched_names
from hplint.facts.dropping import depends_on_mode, may_be_zero, meant_to_stay_on
from hplint.facts.epoch_order import SameOrder, same_orders
from hplint.facts.evaluation import Evaluation, evaluations
from hplint.facts.events import Grad
from hplint.facts.file import File
from hplint.facts.flow import Built, LossUse, Step
from hplint.facts.frozen import frozen_before, owner_of_parameters, plain_tensors, without_parameters
from hplint.facts.given_tensors import given_tensors
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
from hplint.facts.made_up import made_up
from hplint.facts.makers import calls_of, made_by, parameter_given, run_by
from hplint.facts.metric_names import better_when, direction_of
from hplint.facts.models import AttributeStore, AttributeUse, Layer, ModuleClass, self_name
from hplint.facts.moved import MovedLater, moved_later
from hplint.facts.normalizing import Misfit, misfits
from hplint.facts.odd_seeds import odd_seeds
from hplint.facts.operations import CLASSES_OF_DATASET
from hplint.facts.order import blocks_around, runs_before
from hplint.facts.outdated import Outdated, outdated
from hplint.facts.overwritten import Overwritten, overwritten
from hplint.facts.padded_targets import Padded, padded_targets
from hplint.facts.penalties import Penalty, penalties
from hplint.facts.plain_containers import PlainContainer, plain_containers
from hplint.facts.prepared import DoublyCounted, doubly_counted
from hplint.facts.ranks import saved_by_all
from hplint.facts.receivers import role_of
from hplint.facts.regularisers import plain_model, shows_regularisation, trained_models
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
from hplint.facts.single_samples import gives_samples
from hplint.facts.sites import Site, site_of
from hplint.facts.splits import Drawn, Split, unstable_splits
from hplint.facts.statements import moved_behind
from hplint.facts.stepped import StepCall, step_calls, stepped_with_epoch
from hplint.facts.surroundings import expected, in_test, is_test, own_parser, tests_around, untested
from hplint.facts.switching import calls_its_own_way, switched_layers
from hplint.facts.text_numbers import TextNumber, text_numbers
from hplint.facts.training import Event, EventKind, Role, TrainingLoop, TrainingStep, training_loops
from hplint.facts.training_data import TrainLoader, fed_to_training, feeds_evaluation, reads_files, unshuffled
from hplint.facts.tree import argument, inside, last_name, walk
from hplint.facts.undefined import is_complete, local_name, undefined_uses
from hplint.facts.unread_options import Unread, unread_options
from hplint.facts.unstepped import again, never_stepped, without_gradients
from hplint.facts.unsynced import OwnNumber, decided_alone
from hplint.facts.used_up import UsedUp, used_up
from hplint.facts.values import Origin, OriginKind, Possible, Value
from hplint.facts.worker_streams import SharedStream, shared_streams
from hplint.given import Setting, as_number, exponent_lost, handed_on, quoted, settings, settings_of
from hplint.hyperparameters import for_argument
from hplint.hyperparameters import vocabulary as hyperparameter_vocabulary
from hplint.model import Level, Safety
from hplint.regex import regex
from hplint.signatures import DefaultKind, Removed, Signature, constants, exports, is_module, removals, removed
from hplint.signatures.guards import Broken, broken, values_read
from hplint.spelling import LATIN_TWINS, OPTION_ALIASES, OPTIONS_OF_SOME, closest, in_latin, look_alike
from hplint.versions import Versions, as_version, following

__all__ = [
    "CLASSES_OF_DATASET",
    "COLUMN",
    "LATIN_TWINS",
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
    "ChosenByTest",
    "Classes",
    "CutGraph",
    "DefaultKind",
    "DoublyCounted",
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
    "MovedLater",
    "Origin",
    "OriginKind",
    "Outdated",
    "Overwritten",
    "OwnNumber",
    "Padded",
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
    "Site",
    "SparedNames",
    "Split",
    "Step",
    "StepCall",
    "Steps",
    "TextNumber",
    "TrainLoader",
    "TrainingLoop",
    "TrainingStep",
    "Uncleared",
    "Unit",
    "Unread",
    "UsedUp",
    "Value",
    "Versions",
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
    "calls_its_own_way",
    "calls_of",
    "chosen_by_test",
    "closest",
    "constant",
    "constants",
    "counted_data",
    "cut_graphs",
    "decided_alone",
    "delete_argument",
    "depends_on_mode",
    "direction_of",
    "doubly_counted",
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
    "following",
    "follows",
    "for_argument",
    "frozen_before",
    "given_size",
    "given_tensors",
    "gives_samples",
    "half_seeded",
    "halved_models",
    "handed",
    "handed_around",
    "handed_on",
    "holds_weights",
    "hyperparameter_of",
    "hyperparameter_vocabulary",
    "in_latin",
    "in_test",
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
    "made_up",
    "may_be_zero",
    "mean_loss",
    "meant_to_stay_on",
    "measures_only",
    "misfits",
    "mismatches",
    "module_class",
    "move_before",
    "moved_behind",
    "moved_later",
    "moved_line",
    "needs_no_gradients",
    "never_cleared",
    "never_seeds",
    "never_sets_rate",
    "never_stepped",
    "number",
    "odd_seeds",
    "of_another_model",
    "optimizer_of",
    "optimizers",
    "outdated",
    "overwritten",
    "own_parser",
    "owner_of_parameters",
    "padded_targets",
    "parameter_given",
    "parameter_groups",
    "partial_checkpoints",
    "penalties",
    "placed",
    "plain_containers",
    "plain_model",
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
    "saved_by_all",
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
    "site_of",
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
    "text_numbers",
    "thresholds",
    "torch_module",
    "torch_roles",
    "trained_models",
    "training_loops",
    "trains_each_round",
    "undefined_uses",
    "unmatched_names",
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
