"""The two `betas` of an Adam optimizer are swapped, or are not two.

`betas` is a pair: the first number is Adam's momentum (how long it remembers gradients), the second tells how long it
remembers their squares, and it is the larger one in nearly every recipe. Swapped, `(0.999, 0.9)`, the direction of a
step is an average over a thousand batches while its length follows the last ten: torch accepts it, and the loss
swings in waves. A single number raises `TypeError: 'float' object is not subscriptable`; three numbers pass the
constructor and fail in the first `step()`. An integer among them, `(0, 0.9)`, ran for years and raises since torch 2.6:
`betas must be either both floats or both Tensors`.

```python bad
import torch

swapped = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.999, 0.9))  # HP112
single = torch.optim.Adam(model.parameters(), lr=1e-3, betas=0.9)  # HP112
three = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95, 0.999))  # HP112
integer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0, 0.9))  # HP112
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999))
```

## Looks like it, is not

Low first values are the rule for adversarial networks and low second ones for large transformers. Integers are left
alone where the project allows no torch from 2.6 on (`torch==1.13.1` in its requirements).

```python good
import torch

generator = torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))
wasserstein = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.0, 0.9))
transformer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95))
equal = torch.optim.Adam(model.parameters(), lr=3e-4, betas=(0.9, 0.9))
```

## References

- Kingma and Ba 2015, arXiv 1412.6980.
- <https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html>
- pytorch/pytorch#134171, brownvc/R3GAN#21: floats since torch 2.6.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Safety,
    Setting,
    as_number,
    expected,
    optimizers,
    rule,
    settings_of,
    syntax,
    thresholds,
    with_groups,
)

FLOATS_ONLY = (2, 6)
"""The version of torch from which on Adam and AdamW refuse integers among their betas."""


@rule(
    "HP112",
    "betas-invalid",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="betas",
    since="0.1",
    runtime=True,
    subject=Files("betas", "optim"),
)
def betas_invalid(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        if call.short not in thresholds.ADAM_FAMILY or expected(file, call.node, "TypeError", "ValueError"):
            continue
        typed = call.argument("betas").node if call.short in ("Adam", "AdamW") else None
        for argument in with_groups(file, call, "betas"):
            for setting in settings_of([argument]):
                # Inside a group nobody asks for types.
                yield from judged(file, setting, typed is not None and argument.node == typed)


def judged(file: File, setting: Setting, typed: bool) -> Iterator[Draft]:
    value, optimizer = setting.constant, setting.argument.callee
    if as_number(value) is not None:
        message = f"{setting.says}, one number where `{optimizer}` needs a pair: it raises TypeError"
        yield Draft(setting.at, message, setting.related)
    elif isinstance(value, tuple) and len(value) != 2:
        when = "when it is constructed" if len(value) < 2 else "in its first step"
        message = f"{setting.says}, {len(value)} values where `{optimizer}` needs a pair: it raises {when}"
        yield Draft(setting.at, message, setting.related)
    elif isinstance(value, tuple):
        first, second = (as_number(beta) for beta in value)
        if first is None or second is None or not (0 <= first < 1 and 0 <= second < 1):
            return
        integers = typed and any(isinstance(beta, int) for beta in value)
        if integers and file.versions("torch").may_reach(FLOATS_ONLY):
            message = f"{setting.says}, with an integer: from torch 2.6 on `{optimizer}` raises ValueError"
            level = Level.ERROR if file.versions("torch").all_reach(FLOATS_ONLY) else Level.WARNING
            yield Draft(setting.at, message, setting.related, floats(setting), level)
        elif second < first:
            message = f"{setting.says}: the first is larger than the second, so they are probably swapped"
            yield Draft(setting.at, message, setting.related, swapped(file, setting), Level.WARNING)


def pair(setting: Setting) -> tuple[syntax.Expr, ...]:
    """The two, where they are written in the call itself."""
    written = setting.argument.node.value if setting.argument.node else None
    return written.elements if isinstance(written, syntax.Collection) and len(written.elements) == 2 else ()


def floats(setting: Setting) -> DraftFix | None:
    zeros = [part for part in pair(setting) if isinstance(part, syntax.Literal) and isinstance(part.value, int)]
    edits = tuple(DraftEdit(zero.end, zero.end, ".0") for zero in zeros)
    return DraftFix("write floats", edits, Safety.SAFE) if edits else None


def swapped(file: File, setting: Setting) -> DraftFix | None:
    if not (both := pair(setting)):
        return None
    edits = (DraftEdit(part.start, part.end, file.source(other)) for part, other in zip(both, both[::-1], strict=True))
    return DraftFix("swap them", tuple(edits))
