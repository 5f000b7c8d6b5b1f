"""A small number has lost the minus of its exponent: `1e4`, `10^-4`, `10-4`.

`1e4` is 10,000. `10^-4` is no power in Python: `^` is the bitwise exclusive or, and the result is -10. `10-4` is 6. As
a learning rate the first and the last make the loss NaN or a constant within a few steps; torch refuses the second with
`ValueError: Invalid learning rate: -10`. As weight decay or epsilon such a number quietly stops the training.

```python bad
import torch

lr = 10^-4  # HP139
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5*10^-4)  # HP139
```

```python good
import torch

lr = 1e-4
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
```

```python bad
learning_rate = 3e4  # HP139
adam_epsilon = 10-8  # HP139
```

## Looks like it, is not

Large numbers are right where a count or a penalty is meant, and so is a real exclusive or.

```python good
learning_rate = 3e-4
warmup_steps = 1e4
buffer_size = int(1e6)
flags = 10 ^ mask
```

## References

- Nerogar/OneTrainer#471 and Yorko/mlcourse.ai#791 (`alpha = 10-4`) are reports of such numbers.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Safety,
    as_number,
    labelled_values,
    regex,
    replace,
    rule,
    syntax,
    walk,
)

SMALL = regex(
    r"((base|init|initial|max|peak|min|encoder|decoder|backbone|head|final|start)_)?"
    r"(lr|learning_rate|learningrate)(_?(init|initial|start|max|min|g|d|gen|disc|actor|critic|\d))?|"
    r"\w+_(lr|learning_rate)|eta_min|weight_?decay|wd|l2_?(reg|lambda|penalty)?|(adam_?|opt_)?(eps|epsilon)",
    re.IGNORECASE,
)
"""Names of numbers that are always far below 1."""
OTHER_UNIT = regex(r"step|iter|epoch|decay_(lr|learning_rate)|warm|every|sched|num|start_lr", re.IGNORECASE)
LEAST = 10
"""Smaller numbers may be meant."""
POWER = regex(r"\d(\.\d*)?[eE]\+?0*(?P<power>[1-9]\d?)")


@rule(
    "HP139",
    "exponent-sign-lost",
    level=Level.ERROR,
    topic="literals",
    hyperparameter="learning-rate",
    since="0.1",
    subject=Files("lr", "learning", "decay", "eps", "wd", "l2", "eta"),
)
def exponent_sign_lost(file: File) -> Iterator[Draft]:
    if not is_suspect(file):
        return
    seen: set[int] = set()
    for labelled in labelled_values(file):
        if not always_small(labelled.label):
            continue
        for node in walk(labelled.value, skip=(syntax.Call, syntax.Lambda, syntax.Comprehension)):
            draft = None if node.start in seen else of_number(file, node, labelled.label, labelled.value)
            if draft is not None:
                seen.add(node.start)
                yield draft


def is_suspect(file: File) -> bool:
    """Whether any number or operation of the file is written like one of these, whatever it is for."""
    if "^" in file.text or "10-" in file.text:
        for operation in file.every(syntax.Binary):
            if operation.op == "^" or (operation.op == "-" and is_ten(operation.left)):
                return True
    large = [each for each in file.every(syntax.Literal) if isinstance(each.value, float) and each.value >= LEAST]
    return any(POWER.fullmatch(file.source(each)) for each in large)


@lru_cache(maxsize=4096)
def always_small(label: str) -> bool:
    return SMALL.fullmatch(label) is not None and OTHER_UNIT.search(label) is None


def of_number(file: File, node: syntax.Node, label: str, whole: syntax.Node) -> Draft | None:
    """What is wrong with one number or operation in the value of a small hyperparameter."""
    shown = file.source(node)
    if isinstance(node, syntax.Binary) and node.op == "^" and is_ten(node.left):
        power = file.source(node.right).replace(" ", "")
        start = node.left.operand if isinstance(node.left, syntax.Unary) else rightmost(node.left)
        at = syntax.Node(start.start, node.end)
        single = file.value(node).single
        gives = f" and gives {single.constant!r}" if single else ""
        said = f"`{shown}` in `{label}` is a bitwise exclusive or, not a power{gives}"
        fix = replace(at, f"1e{power}", f"write `1e{power}`", Safety.SAFE) if re.fullmatch(r"-\d{1,2}", power) else None
        return Draft(node, said, fix=fix)
    if isinstance(node, syntax.Binary) and node is whole and re.fullmatch(r"10-\d{1,2}", shown):
        number = f"1e-{shown.partition('-')[2]}"
        said = f"`{shown}` is a subtraction: `{label}` is {10 - int(shown[3:])}"
        return Draft(node, said, fix=replace(node, number, f"write `{number}`"))
    if isinstance(node, syntax.Literal) and node is whole and (match := POWER.fullmatch(shown)):
        value = as_number(node.value)
        number = f"{shown[: shown.lower().index('e')]}e-{match['power']}"
        if value is not None and value >= LEAST:
            level = Level.ERROR if value >= 1000 else Level.WARNING
            said = f"`{label}` is {value:,.0f}: the exponent of `{shown}` has no minus"
            return Draft(node, said, fix=replace(node, number, f"write `{number}`"), level=level)
    return None


def rightmost(expr: syntax.Expr) -> syntax.Expr:
    """The last operand of a product: `10` of `5*10`, which binds tighter than `^`."""
    return expr.right if isinstance(expr, syntax.Binary) and expr.op == "*" else expr


def is_ten(expr: syntax.Expr) -> bool:
    last = rightmost(expr)
    return isinstance(last, syntax.Literal) and last.value == 10 and not isinstance(last.value, bool)
