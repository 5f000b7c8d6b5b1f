"""The two `betas` of an Adam optimizer are swapped, or are not two.

`betas` is a pair: the first number is Adam's momentum (how long it remembers gradients), the second tells how long it
remembers their squares, and it is the larger one in nearly every recipe. Swapped, `(0.999, 0.9)`, the direction of a
step is an average over a thousand batches while its length follows the last ten: torch accepts it, and the loss
swings in waves. A single number raises `TypeError: 'float' object is not subscriptable`; three numbers pass the
constructor and fail in the first `step()`.

```python bad
import torch

swapped = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.999, 0.9))  # HP112
single = torch.optim.Adam(model.parameters(), lr=1e-3, betas=0.9)  # HP112
three = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95, 0.999))  # HP112
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999))
```

## Looks like it, is not

Low first values are the rule for adversarial networks and low second ones for large transformers.

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
"""

from collections.abc import Iterator

from hplint.rule import (
    Argument,
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
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


@rule(
    "HP112",
    "betas-invalid",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="betas",
    since="0.1",
    subject=Files("betas", "optim"),
)
def betas_invalid(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        if call.short not in thresholds.ADAM_FAMILY or expected(file, call.node, "TypeError", "ValueError"):
            continue
        for argument in with_groups(file, call, "betas"):
            for setting in settings_of((argument,)):
                yield from judged(file, argument, setting)


def judged(file: File, argument: Argument, setting: Setting) -> Iterator[Draft]:
    value = setting.constant
    if as_number(value) is not None:
        message = f"{setting.says}, one number where `{argument.callee}` needs a pair: it raises TypeError"
        yield Draft(setting.at, message, setting.related)
    elif isinstance(value, tuple) and len(value) != 2:
        when = "when it is constructed" if len(value) < 2 else "in its first step"
        message = f"{setting.says}, {len(value)} values where `{argument.callee}` needs a pair: it raises {when}"
        yield Draft(setting.at, message, setting.related)
    elif isinstance(value, tuple):
        first, second = (as_number(beta) for beta in value)
        if first is not None and second is not None and 0 <= second < first < 1:
            message = f"{setting.says}: the first is larger than the second, so they are probably swapped"
            yield Draft(setting.at, message, setting.related, swap(file, argument), Level.WARNING)


def swap(file: File, argument: Argument) -> DraftFix | None:
    """Exchange the two, where they are written in the call itself."""
    written = argument.node.value if argument.node else None
    if not isinstance(written, syntax.Collection) or len(written.elements) != 2:
        return None
    first, second = written.elements
    edits = (
        DraftEdit(first.start, first.end, file.source(second)),
        DraftEdit(second.start, second.end, file.source(first)),
    )
    return DraftFix("swap them", edits)
