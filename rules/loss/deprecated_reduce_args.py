"""Losses are told how to reduce by the arguments that `reduction` replaced.

`size_average` and `reduce` are deprecated since PyTorch 0.4.1. They still win over `reduction`:
`MSELoss(reduction="sum", size_average=True)` averages, and nothing but a `UserWarning: size_average and reduce args
will be deprecated` tells. Read the wrong way round they change the size of the loss, and with it the best learning
rate, by the size of the batch.

```python bad
from torch import nn

criterion = nn.MSELoss(size_average=False)  # HP230
```

```python fixed
from torch import nn

criterion = nn.MSELoss(reduction="sum")  # HP230
```

```python good
from torch import nn

criterion = nn.MSELoss(reduction="sum")
```

## Looks like it, is not

A loss of the project may take arguments of these names.

```python good
from torch import nn


class Focal(nn.Module):
    def __init__(self, gamma=2.0, size_average=True):
        super().__init__()
        self.gamma = gamma
        self.size_average = size_average


criterion = Focal(size_average=False)
```

## References

- [torch.nn.MSELoss](https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html): `size_average` and `reduce` are
  in the process of being deprecated, and specifying either overrides `reduction`.
- Tried on torch 2.13: all of them construct, with the warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import BoundCall, Calls, Draft, DraftEdit, DraftFix, Level, Presence, Safety, rule, syntax, torch_roles

_LEGACY = ("size_average", "reduce")
_FUNCTIONS = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "hinge_embedding_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
)


@rule(
    "HP230",
    "deprecated-reduce-args",
    level=Level.WARNING,
    topic="loss",
    since="0.1",
    subject=Calls(
        *(f"torch.nn.{name}" for name in sorted(torch_roles.LOSSES)),
        *(f"torch.nn.functional.{name}" for name in _FUNCTIONS),
    ),
)
def deprecated_reduce_args(call: BoundCall) -> Iterator[Draft]:
    nodes = [node for name in _LEGACY if (node := call.argument(name).node) is not None]
    given = [node for node in nodes if node in call.node.args and node.star == ""]
    if not given or call.inherited or call.via is not None or not all(map(_is_meant, given)):
        return
    means = _reduction(call)
    if means == "":
        return
    names = " and ".join(f"`{name}`" for name in _LEGACY if call.argument(name).node is not None)
    if call.argument("reduction").presence is Presence.ABSENT:
        what = f'in place of `reduction="{means}"`' if means else "in place of `reduction`"
    else:
        what = "and ignores `reduction`"
    yield Draft(given[0], f"`{call.short}` is given the deprecated {names} {what}", fix=_fix(call, means))


def _is_meant(node: syntax.Arg) -> bool:
    """Whether an argument has the old name, or is a truth value in its place: others there are predictions."""
    return node.keyword is not None or (isinstance(node.value, syntax.Literal) and type(node.value.value) is bool)


def _reduction(call: BoundCall) -> str | None:
    """What they come to; None when that is not known, empty when they say nothing."""
    values: list[object] = []
    for name in _LEGACY:
        argument = call.argument(name)
        if argument.presence is Presence.PRESENT:
            single = argument.value.single
            if single is None:
                return None
            values.append(single.constant)
        else:
            values.append(None)
    if values == [None, None]:
        return ""
    average, reduce = (value is None or bool(value) for value in values)
    return ("mean" if average else "sum") if reduce else "none"


def _fix(call: BoundCall, means: str | None) -> DraftFix | None:
    """One `reduction` in the place of them all, where they stand at the end by position or have names."""
    names = (*_LEGACY, "reduction")
    given = [node for name in names if (node := call.argument(name).node) is not None]
    args = call.node.args
    last = args[-len(given) :]
    if means is None or not all(node in args for node in given):
        return None
    if any(node.keyword is None for node in given) and set(map(id, last)) != set(map(id, given)):
        return None
    ordered = sorted(given, key=lambda node: node.start)
    edits = [DraftEdit(ordered[0].start, ordered[0].end, f'reduction="{means}"')]
    edits += [DraftEdit(args[args.index(node) - 1].end, node.end, "") for node in ordered[1:]]
    return DraftFix(f'write `reduction="{means}"`', tuple(edits), Safety.SAFE)
