"""Numbers in a parameter group that no constructor has checked, or that no constructor would refuse. No torch here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hplint import thresholds
from hplint.model import Level
from hplint.signatures import lookup
from hplint.signatures.guards import broken
from hplint.spelling import OPTION_ALIASES, OPTIONS_OF_SOME, closest

_LEARNING_RATE = "learning-rate"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of some options: ``subject``, then the groups that it holds for, then ``consequence``."""

    rule: str
    options: tuple[str, ...]
    subject: str
    consequence: str
    level: Level | None = None
    hyperparameter: str | None = None


def option_remarks(optimizer: str, options: Mapping[str, object]) -> Iterator[Remark]:
    """What is hard to believe in the options of a group of a torch optimizer (``Adam``; empty for one of others)."""
    yield from _learning_rate(optimizer, options)
    yield from _weight_decay(optimizer, options)
    if optimizer:
        # Elsewhere the same words may mean something else: NovoGrad's betas are (0.95, 0).
        yield from _momentum(optimizer, options)
        yield from _betas(options)


def refused_options(optimizer: str, options: Mapping[str, object]) -> Iterator[Remark]:
    """What the constructor of a torch optimizer refuses as an argument; in a group, torch looks at nothing."""
    signature = lookup(f"torch.optim.{optimizer}")
    for fault in broken(signature, options) if signature is not None else ():
        blamed = [name for name in fault.parameters if name in options]
        if blamed:
            yield Remark(
                "unchecked-group-value",
                tuple(blamed),
                " and ".join(f"`{name}` is {options[name]!r}" for name in blamed),
                f", which `{optimizer}` refuses as an argument and does not check in a group: {fault.message}",
            )


def unknown_options(optimizer: str, options: Mapping[str, object], defaults: Mapping[str, object]) -> Iterator[Remark]:
    """Keys that the optimizer never reads: those that look like an option of its own that was left at its default,
    and options of other optimizers.

    Other keys are left alone: schedulers and training scripts keep books there (``initial_lr``, ``name``).
    """
    signature = lookup(f"torch.optim.{optimizer}")
    if signature is None or not signature.group_keys:
        return
    for key in sorted(options.keys() - signature.group_keys):
        alias = OPTION_ALIASES.get(key)
        meant = alias if alias in signature.group_keys else closest(key, sorted(signature.group_keys))
        if meant is None and key in OPTIONS_OF_SOME:
            consequence = f" is stored and never read: `{optimizer}` has no such option"
        elif meant is not None and options.get(meant) == defaults.get(meant):
            consequence = f" is stored and never read by `{optimizer}`: the option is called `{meant}`"
        else:
            continue
        yield Remark("param-group-unknown-key", (key,), f"`{key}`", consequence)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _learning_rate(optimizer: str, options: Mapping[str, object]) -> Iterator[Remark]:
    now = _number(options.get("lr"))
    if now is None:
        return
    if not math.isfinite(now):
        consequence = ": the first step makes every weight NaN or infinite"
        yield Remark("lr-implausible", ("lr",), f"`lr` is {now!r}", consequence, Level.ERROR, _LEARNING_RATE)
        return
    # A scheduler that is already built has scaled `lr` for its first step, and keeps what was given in `initial_lr`.
    given = _number(options.get("initial_lr"))
    given = now if given is None else given
    level = thresholds.learning_rate_level(optimizer, given)
    if level is not None:
        yield Remark(
            "lr-implausible", ("lr",), f"`lr` is {given!r}", _step_size(optimizer, given), level, _LEARNING_RATE
        )


def _step_size(optimizer: str, value: float) -> str:
    if value < thresholds.LR_FLOOR:
        return f" for `{optimizer}`: the weights hardly move"
    if thresholds.LR_LADDERS[optimizer] is thresholds.ADAM_FAMILY_LR:
        return f": `{optimizer}` moves every weight by about this much at each step"
    return f" for `{optimizer}`: each step jumps far past the minimum"


def _momentum(optimizer: str, options: Mapping[str, object]) -> Iterator[Remark]:
    momentum = _number(options.get("momentum"))
    if momentum is not None and not momentum < thresholds.MOMENTUM_LIMIT:
        yield Remark(
            "momentum-out-of-range",
            ("momentum",),
            f"`momentum` is {momentum!r}",
            ": past gradients never fade and the weights diverge",
        )
    alpha = _number(options.get("alpha"))
    if optimizer == "RMSprop" and alpha is not None and not alpha < thresholds.RMSPROP_ALPHA_LIMIT:
        yield Remark(
            "momentum-out-of-range",
            ("alpha",),
            f"`alpha` is {alpha!r}",
            ": the average of squared gradients never takes in a new one and the steps explode",
            hyperparameter="rmsprop-alpha",
        )


def _betas(options: Mapping[str, object]) -> Iterator[Remark]:
    betas = options.get("betas")
    if not isinstance(betas, tuple) or len(betas) != 2:
        return
    first, second = (_number(beta) for beta in betas)
    if first is not None and second is not None and first > second:
        yield Remark(
            "betas-invalid",
            ("betas",),
            f"`betas` is {betas!r}",
            ": the first is larger than the second, so the two look swapped",
            Level.WARNING,
        )


def _weight_decay(optimizer: str, options: Mapping[str, object]) -> Iterator[Remark]:
    decay = _number(options.get("weight_decay"))
    if decay is None:
        return
    if not math.isfinite(decay):
        consequence = ": the first step makes every weight NaN or infinite"
        yield Remark("weight-decay-implausible", ("weight_decay",), f"`weight_decay` is {decay!r}", consequence)
        return
    limit = thresholds.weight_decay_limit(optimizer, decoupled=bool(options.get("decoupled_weight_decay")))
    if limit is not None and decay >= limit:
        yield Remark(
            "weight-decay-implausible",
            ("weight_decay",),
            f"`weight_decay` is {decay!r}",
            f" for `{optimizer}`: it pulls every weight to 0 faster than the loss can move it",
        )
