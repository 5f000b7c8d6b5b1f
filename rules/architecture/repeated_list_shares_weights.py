"""A list of one layer, multiplied, holds the same layer many times.

`[nn.Linear(64, 64)] * 3` makes one layer and a list that points to it three times. The "three" layers have one set of
weights: a network that looks 3 layers deep has the parameters of one, and every step changes them all alike. It trains,
only worse; the parameter count (`sum(p.numel() for p in model.parameters())`) is the number that gives it away.

```python bad
from torch import nn

layers = nn.ModuleList([nn.Linear(64, 64)] * 3)  # HP132
deep = nn.Sequential(*[nn.Conv1d(8, 8, 3) for _ in range(2)], *2 * [nn.Conv1d(8, 8, 3)])  # HP132
```

A comprehension makes a new layer each time.

```python good
from torch import nn

layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(3)])
```

## Looks like it, is not

Layers without weights may be shared. Weights are shared on purpose where the name says so, where one layer is made
first and then repeated, and where a condition says so or chooses between this list and one of separate layers.

```python good
import copy

from torch import nn


def build(depth):
    activations = [nn.ReLU()] * depth
    shared_layers = nn.ModuleList([nn.Linear(64, 64)] * depth)
    layer = nn.Linear(64, 64)
    tied = nn.ModuleList([layer] * depth)
    copies = nn.ModuleList(copy.deepcopy(each) for each in [nn.Linear(64, 64)] * depth)
    return activations, shared_layers, tied, copies


def encoders(args):
    if args.one_for_all:
        return nn.ModuleList([nn.Linear(64, 64)] * args.inputs)
    else:
        return nn.ModuleList([nn.Linear(64, 64) for _ in range(args.inputs)])
```

## References

- mikeizbicki/cmc-csci181#7: `(n-1)*[nn.Conv1d(...)]` in a homework.
- Tried on torch 2.13: `nn.ModuleList([nn.Linear(3, 3)] * 3)` has 12 parameters, not 36.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    holds_weights,
    inside,
    regex,
    replace,
    rule,
    syntax,
)

_SHARED = regex(r"shar|tie|tying|albert|recur|same", re.IGNORECASE)


@rule(
    "HP132",
    "repeated-list-shares-weights",
    level=Level.ERROR,
    topic="architecture",
    since="0.1",
    subject=Files("nn"),
)
def repeated_list_shares_weights(file: File) -> Iterator[Draft]:
    for product in file.all(syntax.Binary):
        if product.op != "*":
            continue
        for repeated, times in ((product.left, product.right), (product.right, product.left)):
            if not isinstance(repeated, syntax.Collection) or _once(times):
                continue
            made = [each for each in repeated.elements if isinstance(each, syntax.Call) and holds_weights(file, each)]
            if made and not _meant(file, product):
                yield Draft(
                    product,
                    f"every element is the same `{file.source(made[0].func)}`: they share one set of weights",
                    fix=_comprehension(file, product, repeated, times),
                )


def _once(times: syntax.Expr) -> bool:
    return isinstance(times, syntax.Literal) and times.value in (0, 1)


def _meant(file: File, product: syntax.Binary) -> bool:
    """Whether the line, or a comment above it, says that the weights are shared, or each element is copied."""
    if any(inside(product, loop.iter) for each in file.all(syntax.Comprehension) for loop in each.generators):
        return True
    choices: tuple[syntax.If | syntax.Conditional, ...] = (*file.all(syntax.If), *file.all(syntax.Conditional))
    if any(_chosen(file, product, choice) for choice in choices if inside(product, choice)):
        return True
    lines = file.text[: file.text.find("\n", product.end) % (len(file.text) + 1)].splitlines()[-2:]
    return any(_SHARED.search(line) for line in lines[-1:] + [line for line in lines[:-1] if line.strip()[:1] == "#"])


def _chosen(file: File, product: syntax.Binary, choice: syntax.If | syntax.Conditional) -> bool:
    """Whether a condition leads here that speaks of sharing, or away from separate elements made the same way."""
    body, orelse = (part if isinstance(part, tuple) else (part,) for part in (choice.body, choice.orelse))
    here = [branch for branch in (body, orelse) if any(inside(product, each) for each in branch)]
    if not here:
        return False
    if (here[0] is body) != file.source(choice.test).startswith("not ") and _SHARED.search(file.source(choice.test)):
        return True
    made = {
        file.source(each.func)
        for each in file.within(syntax.Call, product)
        if isinstance(each.func, syntax.Name | syntax.Attribute)
    }
    apart = (
        each
        for branch in (body, orelse)
        if branch is not here[0]
        for statement in branch
        for each in file.within(syntax.Comprehension, statement)
    )
    return any(isinstance(each.element, syntax.Call) and file.source(each.element.func) in made for each in apart)


def _comprehension(
    file: File, product: syntax.Binary, repeated: syntax.Collection, times: syntax.Expr
) -> DraftFix | None:
    if repeated.kind != "list" or len(repeated.elements) != 1:
        return None
    text = f"[{file.source(repeated.elements[0])} for _ in range({file.source(times)})]"
    return replace(product, text, "make a new layer for each element")
