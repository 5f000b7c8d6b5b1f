"""What the name of a measured value says: whether more of it is better, or less."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.syntax import Attribute, BindingKind, Call, Expr, Literal, Name, Subscript
from hplint.facts.tree import last_name, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_HIGHER = regex(
    r"accs?|accuracy|accuracies|auc|auroc|auprc|f1|bleu|rouge|meteor|m?iou|jaccard|dice|recall|precision|ndcg|mrr|"
    r"psnr|ssim|kappa|mcc|spearman|pearson|r2|top1|top5|map50|rewards?"
)
_LOWER = regex(r"loss(es)?|nll|ppl|perplexity|mae|r?mse|mape|[wce]er|errs?|errors?|fid|cost|bp[cd]")
_TURNS = regex(r"neg(ative)?|minus|inv(erse|erted)?|not?|non|one|1|complement|delta|diff|change|drop")
"""Words that may turn the meaning of the others around."""
_SAME = regex(r"item|(nan)?mean|cpu|detach|numpy|compute|sum|float|avg|average|tolist|result")
"""Methods and functions that leave the direction of what they are applied to."""
_DEPTH = 4


@lru_cache(maxsize=2048)
def better_when(name: str) -> str | None:
    """``"higher"`` or ``"lower"`` for what is called so (``val_acc``); None where the name does not tell."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", parts) if word]
    said = [
        "lower" if _LOWER.fullmatch(word) else "higher"
        for word in words
        if _HIGHER.fullmatch(word) or _LOWER.fullmatch(word)
    ]
    if not said or any(_TURNS.fullmatch(word) for word in words):
        return None
    return said[-1] if said[-1] == "lower" or "lower" not in said else None  # `dice_loss` is a loss


def direction_of(file: File, expr: Expr) -> str | None:
    """The same for an expression, told by its name or by the names of what it is assigned; None when unsure."""
    return _direction(file, expr, _DEPTH)


def _direction(file: File, expr: Expr, depth: int) -> str | None:
    if not depth:
        return None
    match expr:
        case Subscript(value=held, index=Literal(value=key)):
            return better_when(key) if isinstance(key, str) else _direction(file, held, depth - 1)
        case syntax.Binary(op="/", left=left):
            return _direction(file, left, depth - 1)
        case Call(func=func, args=args):
            if not _SAME.fullmatch(last_name(func)):
                return better_when(last_name(func))
            if isinstance(func, Attribute) and (not args or file.qualified(func) is None):
                return _direction(file, func.value, depth - 1)
            return _direction(file, args[0].value, depth - 1) if args else None
        case Attribute(attr=attr):
            return better_when(attr)
        case Name():
            return _of_name(file, expr, depth)
    return None


def _of_name(file: File, name: Name, depth: int) -> str | None:
    said = better_when(name.id)
    bindings = file.names.reaching(name)
    values = [each.value for each in bindings if each.kind is BindingKind.ASSIGN and each.value is not None]
    if any(_may_turn(value) for value in values):
        return None
    if said is not None:
        others = {better_when(last_name(value.func)) for value in values if isinstance(value, Call)}
        return said if others <= {None, said} else None
    found = {_direction(file, value, depth - 1) for value in values}
    plain = len(values) == len(bindings) and all(each.path == () for each in bindings)
    return found.pop() if plain and len(found) == 1 else None


def _may_turn(value: Expr) -> bool:
    """Whether something is subtracted: ``-acc``, ``1 - acc``."""
    return any(isinstance(part, syntax.Unary | syntax.Binary) and part.op == "-" for part in walk(value))
