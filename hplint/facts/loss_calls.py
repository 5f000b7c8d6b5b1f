"""Calls of torch's losses, and what the names of their arguments say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts import torch_roles as roles
from hplint.facts.events import Role
from hplint.facts.makers import calls_of, made_by
from hplint.facts.receivers import words
from hplint.facts.syntax import Assign, Attribute, AugAssign, Binary, Call, Expr, Name, Return, Subscript
from hplint.facts.tree import last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_TARGETS = frozenset({"target", "targets", "label", "labels", "y", "truth", "gt", "groundtruth"})
_PREDICTIONS = frozenset(
    {"output", "outputs", "out", "pred", "preds", "predicted", "prediction", "predictions", "logit", "logits"}
    | {"hat", "yhat", "probs", "prob", "score", "scores", "estimate"}
)
_CASTS = frozenset({"float", "long", "to", "cuda", "cpu", "view", "reshape", "squeeze", "unsqueeze", "type", "double"})
_EQUAL = regex(r"\b(ones|zeros|full|ones_like|zeros_like|full_like|fill_)\(")
_FUNCTIONS = {
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "cross_entropy": "CrossEntropyLoss",
    "l1_loss": "L1Loss",
    "mse_loss": "MSELoss",
    "smooth_l1_loss": "SmoothL1Loss",
    "nll_loss": "NLLLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
    "soft_margin_loss": "SoftMarginLoss",
    "multilabel_soft_margin_loss": "MultiLabelSoftMarginLoss",
    "multi_margin_loss": "MultiMarginLoss",
}


def _named(expr: Expr) -> frozenset[str]:
    """The words of the name of a tensor, seen through casts and indices."""
    while True:
        if isinstance(expr, Call) and isinstance(expr.func, Attribute) and expr.func.attr in _CASTS:
            expr = expr.func.value
        elif isinstance(expr, Subscript):
            expr = expr.value
        else:
            break
    return frozenset(words(last_name(expr))) if isinstance(expr, Name | Attribute) else frozenset()


def is_target_name(expr: Expr) -> bool:
    """Whether a tensor is called a target, and nothing else."""
    named = _named(expr)
    return bool(named & _TARGETS) and not named & _PREDICTIONS


def is_prediction_name(expr: Expr) -> bool:
    """Whether a tensor is called a prediction, and no target but for ``y_pred``."""
    named = _named(expr)
    return bool(named & _PREDICTIONS) and not named & (_TARGETS - {"y"})


def is_target(file: File, expr: Expr) -> bool:
    """Whether a tensor is called a target, or is one of equal numbers: what a discriminator is to say."""
    if is_target_name(expr):
        return True
    set_by = [each.value for each in file.names.reaching(expr)] if isinstance(expr, Name) else []
    return bool(set_by) and all(isinstance(each, Call) and _EQUAL.search(file.source(each)) for each in set_by)


def is_prediction(file: File, expr: Expr) -> bool:
    """Whether a tensor is called a prediction, or is what a model gives."""
    if is_prediction_name(expr):
        return True
    return isinstance(expr, Call) and file.receivers.role(expr.func) is Role.MODULE


def becomes_number(file: File, call: Call, depth: int = 2) -> bool:
    """Whether what a call gives is differentiated, read or counted with: a loss, and no module."""
    if any(each.value is call for each in file.every(Return)):
        function = file.callers.function_around(call)
        outer = () if function is None or not depth else calls_of(file, function)
        return any(becomes_number(file, each, depth - 1) for each in outer)
    parents = [each for each in file.every(Assign) if each.value is call and len(each.targets) == 1]
    target = parents[0].targets[0] if parents else None
    if not isinstance(target, Name):
        added = any(each.value is call for each in file.every(AugAssign))
        return added or any(call is side for each in file.every(Binary) for side in (each.left, each.right))
    used: list[Expr] = [each.value for each in file.every(Attribute) if each.attr in ("backward", "item", "detach")]
    used += [side for each in file.every(Binary) for side in (each.left, each.right)]
    return any(
        isinstance(each, Name)
        and each.id == target.id
        and any(binding.value is call for binding in file.names.reaching(each))
        for each in used
    )


def loss_class(file: File, call: Call) -> str | None:
    """The class of the loss of torch that a call computes, ``CrossEntropyLoss`` for ``F.cross_entropy`` too."""
    name = file.qualified(call.func)
    if name is not None:
        module, _, short = name.rpartition(".")
        if module == "torch.nn.functional":
            return _FUNCTIONS.get(short)
        if name.startswith("torch."):
            return None
    made = (call.func,) if isinstance(call.func, Call) else made_by(file, call.func)
    names = {file.qualified(each.func) or "" for each in made}
    only = names.pop() if len(names) == 1 else ""
    short = only.removeprefix("torch.nn.")
    return short if only.startswith("torch.nn.") and short in roles.LOSSES else None
