"""Parameters of a model that would train but are in no group of any optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch.nn import Module
from torch.optim import Optimizer

from hplint.runtime.checking import Problem

_NAMED = 3
"""How many parameters a message names."""


def ownership_problems(model: Module, optimizers: Sequence[Optimizer]) -> Iterator[Problem]:
    """One problem for all trainable parameters that no optimizer holds."""
    held = {id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}
    trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
    missing = [name for name, p in trainable.items() if id(p) not in held]
    if not missing:
        return
    own = {id(p) for p in model.parameters()}
    named = ", ".join(f"`{name}`" for name in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    holder = "the optimizer" if len(optimizers) == 1 else f"any of the {len(optimizers)} optimizers"
    message = (
        f"{len(missing)} of {len(trainable)} trainable parameters of `{type(model).__name__}` "
        f"{'is' if len(missing) == 1 else 'are'} in no group of {holder} and will never change: {named}{more}"
    )
    if strangers := len(held - own):
        message += f" ({strangers} {'parameter' if strangers == 1 else 'parameters'} held instead "
        message += "belong to no part of this model, as when a layer is replaced after the optimizer is built)"
    yield Problem("trainable-params-not-in-optimizer", message)
