"""Which callables and arguments hold a hyperparameter: the table, and what it takes to apply it to real code."""

from __future__ import annotations

import re
from functools import cache

from hplint import hyperparameters, signatures
from hplint.facts.torch_roles import ACTIVATION_OF_FUNCTION, FUNCTION_OF_ACTIVATION, LOSSES
from hplint.hyperparameters import for_argument

LOSS = "loss-function"
"""Stands beside the rows of the table: which loss is minimised."""
_LOSS_CATEGORY = "Training configuration"
OTHER = "other-option"
"""An option or field that the table does not know: `--all-options` lists these too."""

_ACTIVATIONS = frozenset(
    {f"torch.nn.{name}" for name in FUNCTION_OF_ACTIVATION}
    | {f"{module}.{name}" for name in ACTIVATION_OF_FUNCTION for module in ("torch.nn.functional", "torch")}
)
_LOSS_FUNCTIONS = re.compile(
    r"torch\.nn\.functional\.(\w+_loss|cross_entropy|binary_cross_entropy(_with_logits)?|kl_div)"
    r"|timm\.loss\.(\w+\.)?[A-Z]\w+"
)
_OPTIMIZERS = re.compile(
    r"(apex\.optimizers|bitsandbytes\.optim|dadaptation|deepspeed\.ops\.(adam|lamb|lion)|fairscale\.optim"
    r"|lion_pytorch|prodigyopt|schedulefree|timm\.optim|torch_optimizer|pytorch_optimizer)\.(\w+\.)*[A-Z]\w+"
    r"|transformers\.(optimization\.)?(AdamW|Adafactor)"
)
_SCHEDULES = re.compile(
    r"(transformers|diffusers)\.(optimization\.)?get_\w*schedule\w*|timm\.scheduler\.(\w+\.)?[A-Z]\w+"
)
_BASES = frozenset({"torch.optim.Optimizer", "torch.optim.lr_scheduler.LRScheduler"})
_NO_VALUES = frozenset({"dim", "training"})
"""Arguments that the table names because they are got wrong, not because anybody would choose them."""
_MINOR = frozenset({"approximate", "persistent_workers", "prefetch_factor", "proj_size"})
_MINOR_ROWS = frozenset(
    {
        "batch-norm-eps",
        "class-weights",
        "decoupled-weight-decay",
        "gradient-checkpointing",
        "kernel-size",
        "layer-norm-eps",
        "loss-scale",
        "padding",
        "pin-memory",
        "stride",
        "temperature",
        "weight-init",
    }
)
"""Arguments and hyperparameters that are told where they are given: their defaults are of no interest."""

_POSITIONS = {
    "lightning.pytorch.seed_everything": ("seed",),
    "numpy.random.seed": ("seed",),
    "random.seed": ("seed",),
    "transformers.get_constant_schedule_with_warmup": ("optimizer", "num_warmup_steps"),
    "transformers.get_cosine_schedule_with_warmup": ("optimizer", "num_warmup_steps", "num_training_steps"),
    "transformers.get_linear_schedule_with_warmup": ("optimizer", "num_warmup_steps", "num_training_steps"),
    "transformers.set_seed": ("seed",),
}
"""The first parameters of callables that have no signature here."""
_SEEDS = frozenset({"numpy.random.seed", "random.seed"})
_HOMES = (
    (re.compile(r"torch\.(cuda\.|cpu\.)?amp\.autocast(?=$)"), "torch.autocast"),
    (re.compile(r"(pytorch_lightning|lightning(?!\.(pytorch|fabric)))\."), "lightning.pytorch."),
    (re.compile(r"transformers\.(optimization|trainer_utils)\.(?=get_|set_seed)"), "transformers."),
    (re.compile(r"(transformers|trl|sentence_transformers)\.(\w+\.)*(\w+TrainingArguments|TrainingArguments)"), ""),
    (re.compile(r"trl\.(\w+\.)*\w+Config"), ""),
)
"""Other names under which libraries offer the same thing; an empty one stands for transformers' TrainingArguments."""
_SPELLINGS = {"max_iters": "epochs"}
"""Spellings that the table holds to be ambiguous, and that mean one thing where a script is told what to do."""
_VAGUE = frozenset(
    {
        *("channels", "decay", "factor", "gain", "k", "lambda", "mode", "p", "padding", "rate", "scaler", "std"),
        *("stride", "weight", "width"),
    }
)
"""Spellings of the table that options and fields use for other things: the deviation of the pixels, a file's mode."""
_OWN_DEFAULTS = "trl."
"""Its arguments are those of transformers, its defaults are not."""


@cache
def home(name: str) -> str:
    """The name under which the table knows a callable."""
    for pattern, replacement in _HOMES:
        if replacement and pattern.match(name):
            return pattern.sub(replacement, name, count=1)
        if not replacement and pattern.fullmatch(name):
            return "transformers.TrainingArguments"
    return name


@cache
def row_of_callable(name: str) -> str | None:
    """The hyperparameter whose value a callable itself is: an optimizer, a scheduler, an activation, a loss."""
    if name in _ACTIVATIONS:
        return "activation"
    module, _, short = name.rpartition(".")
    if (module == "torch.nn" and short in LOSSES) or _LOSS_FUNCTIONS.fullmatch(name):
        return LOSS
    if _OPTIMIZERS.fullmatch(name):
        return "optimizer"
    if _SCHEDULES.fullmatch(name):
        return "lr-schedule"
    known = signatures.lookup(name)
    if known is None or known.kind != "class" or name in _BASES:
        return None
    return _callables().get(f"{module}.*")


@cache
def row_of_argument(name: str, parameter: str) -> str | None:
    """The hyperparameter that an argument of a callable holds."""
    if parameter in _NO_VALUES:
        return None
    if name in _SEEDS:
        return "seed" if parameter == "seed" else None
    if parameter == "lr_lambda":
        return "lr-schedule"
    found = for_argument(name, parameter) or for_argument(home(name), parameter)
    if found is None and _OPTIMIZERS.fullmatch(name):
        found = for_argument("torch.optim.Adam", parameter) or for_argument("torch.optim.SGD", parameter)
    return found


def is_minor(row: str, parameter: str) -> bool:
    """Whether an argument counts only where it is given."""
    return parameter in _MINOR or row in _MINOR_ROWS


def parameters_of(name: str) -> tuple[str, ...]:
    """The parameters that a call may give by position, where no signature tells."""
    return _POSITIONS.get(home(name), ())


@cache
def carried_by(name: str) -> tuple[str, ...]:
    """The arguments of a callable that the table names."""
    starts = dict.fromkeys((f"{name}.", f"{home(name)}."))
    return tuple(
        carry[len(start) :]
        for start in starts
        for row in hyperparameters.rows()
        for carry in row.carries
        if carry.startswith(start) and "." not in carry[len(start) :]
    )


@cache
def default_of(name: str, parameter: str) -> str | None:
    """The library's default as Python writes it; None where there is none, or it is not known."""
    own = _defaults().get(f"{name}.{parameter}")
    if own is None and not name.startswith(_OWN_DEFAULTS):
        own = _defaults().get(f"{home(name)}.{parameter}")
    return None if own == "required" else own


@cache
def row_of_spelling(label: str) -> str | None:
    """The hyperparameter that a name in the code certainly means."""
    if label.lower() in _VAGUE:
        return None
    row = hyperparameters.get(label)
    if row is not None:
        return row.name
    if label in _SPELLINGS:
        return _SPELLINGS[label]
    owners = [each.name for each in hyperparameters.rows() if label.lower() in each.specific]
    return owners[0] if len(owners) == 1 else None


@cache
def is_specific(label: str) -> bool:
    """Whether a name hardly means anything but a hyperparameter, whoever is given it."""
    return label in _SPELLINGS or any(
        label in row.specific or label.lower() in row.specific for row in hyperparameters.rows()
    )


@cache
def order() -> dict[str, tuple[int, int]]:
    """Where a hyperparameter is listed: the place of its category, then its own in it."""
    categories: dict[str, int] = {}
    found: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(hyperparameters.rows()):
        found[row.name] = categories.setdefault(row.category, len(categories)), number
    found.setdefault(LOSS, (categories[_LOSS_CATEGORY], len(found)))
    found[OTHER] = len(categories), len(found)
    return found


@cache
def category(hyperparameter: str) -> str:
    """The heading under which a hyperparameter is listed."""
    if hyperparameter == OTHER:
        return "Other options"
    row = hyperparameters.get(hyperparameter)
    return _LOSS_CATEGORY if row is None else row.category


@cache
def title(hyperparameter: str) -> str:
    """What a reader calls it."""
    if hyperparameter == OTHER:
        return "Other option"
    row = hyperparameters.get(hyperparameter)
    return "Loss function" if row is None else row.title


@cache
def _defaults() -> dict[str, str]:
    return {default.argument: default.value for row in hyperparameters.rows() for default in row.defaults}


@cache
def _callables() -> dict[str, str]:
    return {carry: row.name for row in hyperparameters.rows() for carry in row.carries if carry.endswith(".*")}
