"""A generator of parameters is used a second time, when nothing is left in it.

`model.parameters()` gives a generator, and so do `filter(...)`, `itertools.chain(...)` and a generator expression. Kept
in a variable it can be gone through once. An optimizer that is constructed with it takes all of it; what is given the
variable afterwards gets nothing. `clip_grad_norm_` then clips nothing and returns `tensor(0.)`: the gradient norm in
the log is 0 from the first step on, and the spikes that clipping was meant for are back (newer versions of torch warn
that "`parameters` is an empty generator, no gradient clipping will occur"). A count of the parameters is 0. A second
optimizer raises `ValueError: optimizer got an empty parameter list`.

```python bad
import torch

parameters = model.parameters()
optimizer = torch.optim.AdamW(parameters, lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)  # HP165
    optimizer.step()
```

```python good
import torch

parameters = list(model.parameters())
optimizer = torch.optim.AdamW(parameters, lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
```

It is found over the methods of a class too, and where one call stands in a loop:

```python bad
import torch


class Trainer:
    def __init__(self, model):
        self.params = filter(lambda p: p.requires_grad, model.parameters())
        self.optimizer = torch.optim.Adam(self.params, lr=1e-3)

    def update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, 1.0)  # HP165
        self.optimizer.step()


def clip_all(model, losses):
    params = model.parameters()
    for loss in losses:
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)  # HP165
```

## Looks like it, is not

A list, a fresh generator at each call, and uses of which only one runs.

```python good
import torch

params = model.parameters()
if adaptive:
    optimizer = torch.optim.Adam(params, lr=1e-3)
else:
    optimizer = torch.optim.SGD(params, lr=0.1, momentum=0.9)
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
```

## References

- [clip_grad_norm_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
- pytorch/pytorch#148259: clipping an exhausted generator does nothing and says nothing; PR 151529 added the warning.
- pytorch/torchtitan#1258 and YanaiEliyahu/AdasOptimizer#2: the same in training code.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, File, Files, Level, Safety, expected, rule, used_up


@rule(
    "HP165",
    "exhausted-parameter-generator",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("arameters()"),
)
def exhausted_parameter_generator(file: File) -> Iterator[Draft]:
    for found in used_up(file):
        name = "" if found.taker is None else file.source(found.taker.func)
        if expected(file, found.use, "ValueError"):
            continue
        if "clip_grad" in name:
            effect = f"`{name}` gets nothing and clips nothing"
        elif found.taker is not None and (file.qualified(found.taker.func) or "").startswith("torch.optim."):
            effect = f"`{name}` raises ValueError, as its parameter list is empty"
        else:
            effect = "nothing is left to go over here"
        again = found.first is found.use
        message = (
            f"`{found.name}` is a generator that is used up {'in the first round' if again else 'by then'}: {effect}"
        )
        related = ((found.kept, "made here"),) if again else ((found.first, "all of it is taken here"),)
        edits = (DraftEdit(found.kept.start, found.kept.start, "list("), DraftEdit(found.kept.end, found.kept.end, ")"))
        safety = Safety.SAFE if "raises" in effect else Safety.UNSAFE
        yield Draft(found.use, message, related, DraftFix("keep the parameters in a list", edits, safety))
