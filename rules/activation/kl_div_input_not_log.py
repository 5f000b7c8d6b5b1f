"""KL divergence is given probabilities where it wants their logarithms.

`F.kl_div(input, target)` and `nn.KLDivLoss` compute `target * (log(target) - input)`: `input` must hold *log*
probabilities, `target` plain ones. Softmax output as `input` raises nothing. The number that comes out is no
divergence: it can be negative (about -1.4 for random inputs with five classes, where a divergence is at least 0), and
its gradient with respect to the probabilities is the same whatever they are, so student and teacher do not come closer.

```python bad
from torch import nn
from torch.nn import functional as F


def distillation(student, teacher, temperature):
    return F.kl_div(
        F.softmax(student / temperature, dim=-1),  # HP126
        F.softmax(teacher / temperature, dim=-1),
        reduction="batchmean",
    )


criterion = nn.KLDivLoss(reduction="batchmean")


def consistency(first, second):
    return criterion(first.softmax(-1), second.softmax(-1))  # HP126
```

```python good
from torch.nn import functional as F


def distillation(student, teacher, temperature):
    return F.kl_div(
        F.log_softmax(student / temperature, dim=-1),
        F.softmax(teacher / temperature, dim=-1),
        reduction="batchmean",
    )
```

## Looks like it, is not

The logarithm may be taken afterwards, and a function of the project called `kl_div` may want what it likes.

```python good
import torch
from torch.nn import functional as F


def kl_div(p, q):
    return (p * (p.log() - q.log())).sum(-1).mean()


def losses(first, second, eps=1e-8):
    p = F.softmax(first, dim=-1)
    q = F.softmax(second, dim=-1)
    own = kl_div(p, F.softmax(second, dim=-1))
    late = F.kl_div(p.log(), q, reduction="batchmean")
    safe = F.kl_div(torch.log(p + eps), q, reduction="batchmean")
    return own, late, safe
```

## References

- [torch.nn.KLDivLoss](https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html): the input is expected in
  log-space.
- sebastian-hofstaetter/matchmaker#18, pytorch/pytorch#5282.
- Tried on torch 2.13: `F.kl_div(softmax(a), softmax(b), reduction="batchmean")` gave -1.40.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    followed,
    made_from,
    replace,
    rule,
    syntax,
    torch_module,
)

_LOSS = "torch.nn.functional.kl_div"
_PROBABILITIES = {
    "torch.nn.functional.softmax": "softmax",
    "torch.softmax": "softmax",
    "torch.sigmoid": "sigmoid",
    "torch.nn.functional.sigmoid": "sigmoid",
}


@rule(
    "HP126",
    "kl-div-input-not-log",
    level=Level.ERROR,
    topic="activation",
    since="0.1",
    runtime=True,
    subject=Files("kl_div", "KLDivLoss"),
)
def kl_div_input_not_log(file: File) -> Iterator[Draft]:
    for call in file.all(syntax.Call):
        given = _input(file, call)
        if given is None:
            continue
        made = followed(file, given)
        function = _probabilities(file, made)
        if function is None:
            continue
        yield Draft(
            given,
            f"the first argument of `{file.source(call.func)}` must hold log-probabilities, and `{function}` gives "
            "probabilities: the result is no divergence and may be negative",
            related=() if made is given else ((made, "made here"),),
            fix=_logarithm(file, given) if function == "softmax" else None,
        )


def _input(file: File, call: syntax.Call) -> syntax.Expr | None:
    """What a call of the loss, as a function or an object, is given as its input."""
    if not call.args or (file.qualified(call.func) != _LOSS and not _is_loss(file, call.func)):
        return None
    for index, arg in enumerate(call.args):
        if arg.star:
            return None
        if arg.keyword == "input" or (index == 0 and arg.keyword is None):
            return arg.value
    return None


def _is_loss(file: File, expr: syntax.Expr) -> bool:
    """Whether an expression is an object of ``nn.KLDivLoss``."""
    return "KLDivLoss" in file.text and [torch_module(file, made) for made in made_from(file, expr)] == ["KLDivLoss"]


def _probabilities(file: File, expr: syntax.Expr) -> str | None:
    """``softmax`` or ``sigmoid`` for an expression that is the output of one."""
    if not isinstance(expr, syntax.Call):
        return None
    name = file.qualified(expr.func)
    if name is not None:
        return _PROBABILITIES.get(name)
    if isinstance(expr.func, syntax.Attribute) and expr.func.attr in ("softmax", "sigmoid"):
        return expr.func.attr
    kind = torch_module(file, followed(file, expr.func))
    return kind.lower() if kind in ("Softmax", "Sigmoid") else None


def _logarithm(file: File, given: syntax.Expr) -> DraftFix | None:
    """``softmax`` to ``log_softmax``, where it stands in the call itself."""
    if isinstance(given, syntax.Call) and isinstance(given.func, syntax.Attribute) and given.func.attr == "softmax":
        text = file.source(given)
        dot = given.func.end - len("softmax") - given.start
        return replace(given, f"{text[:dot]}log_{text[dot:]}", "take `log_softmax`")
    return None
