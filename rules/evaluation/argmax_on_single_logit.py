"""The class is taken by `argmax` over a single output.

A network with one output unit says "yes" by a positive number. `argmax` along a dimension of size one has one answer:
index 0. So every sample is predicted to be of class 0 while the loss falls as it should; the accuracy is exactly the
share of class 0 in the data, in every epoch, whatever is learned.

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))
criterion = nn.BCEWithLogitsLoss()


def accuracy(model, x, y):
    model.eval()
    predicted = model(x).argmax(dim=1)  # HP261
    return (predicted == y).float().mean()


result = accuracy(model, x, y)
```

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))
criterion = nn.BCEWithLogitsLoss()


def accuracy(model, x, y):
    model.eval()
    predicted = (model(x).squeeze(1) > 0).long()
    return (predicted == y).float().mean()


result = accuracy(model, x, y)
```

With a sigmoid at the end of the network the bound is 0.5 instead of 0.

## Looks like it, is not

The largest of several scores of one unit each, along another dimension; the value that `max` gives, not its index.

```python good
import torch
from torch import nn

score = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))


def best_candidate(score, candidates):
    return score(candidates).squeeze(-1).argmax(dim=-1)


def best_word(score, words):
    return score(words).argmax(dim=1)


result = best_candidate(score, a), best_word(score, b)
```

## References

- [torch.argmax](https://docs.pytorch.org/docs/stable/generated/torch.argmax.html)
- Shah et al., "Towards enhancing the reproducibility of deep learning bugs" (2024): bugs 052 and 066 are a
  `Linear(…, 1)` with `BCEWithLogitsLoss` whose output goes to `torch.max(outputs, 1)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Place, Step, is_given, regex, rule, softmax_size, syntax

LOOKS_FOR_CLASS = regex(r"argmax\(|\bmax\([^\n]*\b(1|dim)\b")


@rule(
    "HP261",
    "argmax-on-single-logit",
    level=Level.ERROR,
    topic="evaluation",
    hyperparameter="hidden-layers-and-units",
    since="0.1",
    subject=Files("argmax", "max("),
)
def argmax_on_single_logit(file: File) -> Iterator[Draft]:
    told = set()
    asked = "Linear" in file.text and LOOKS_FOR_CLASS.search(file.text) is not None
    for step in file.flows.steps if asked else ():
        if step.kind not in ("argmax", "max") or step.file is not file or step.node in told:
            continue
        if not is_given(step, "dim", "0") or (step.kind == "max" and not takes_index(file, step)):
            continue
        known = softmax_size(step)
        if known is not None and known[0] == 1 and known[1].kind == "Linear" and takes_dimension(step):
            told.add(step.node)
            maker = known[1]
            home = file if maker.layer is None else maker.layer.file
            at = maker.call or maker.node
            message = f"`{step.kind}` looks along a dimension of size one: the index is 0 for every sample"
            yield Draft(step.node, message, ((Place(at.start, at.end, home.path), "it has one unit"),))


def takes_dimension(step: Step) -> bool:
    """Whether a dimension is written: without one, `argmax` counts through all of the tensor."""
    arguments = step.node.args if isinstance(step.node, syntax.Call) else ()
    plain = [arg for arg in arguments if arg.keyword is None]
    function = any(each is step.inputs[0] for each in step.options.values()) if step.inputs else False
    return any(arg.keyword in ("dim", "axis") for arg in arguments) or len(plain) > int(function)


def takes_index(file: File, step: Step) -> bool:
    """Whether the index of `max` is what is used: `_, index = …`, `…[1]`, `….indices`."""
    for statement in file.all(syntax.Assign):
        if statement.value is step.node and isinstance(statement.targets[0], syntax.Collection):
            second = statement.targets[0].elements[1:]
            return any(isinstance(each, syntax.Name) and each.id != "_" for each in second)
    parts = (each for each in file.all(syntax.Subscript) if each.value is step.node)
    taken = any(isinstance(each.index, syntax.Literal) and each.index.value in (1, -1) for each in parts)
    return taken or any(each.value is step.node and each.attr == "indices" for each in file.all(syntax.Attribute))
