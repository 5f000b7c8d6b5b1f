"""An optimizer is constructed anew in every epoch or batch.

An optimizer remembers: momentum is an average over some ten steps, the second moment of Adam over a thousand, and its
bias correction counts from the first. Constructed inside the loop it forgets all of that at the start of each round. In
the batch loop nothing of it is left: momentum never builds up, and Adam's first step is the sign of the gradient times
the learning rate, in every step. In the epoch loop the loss jumps at the start of each epoch, until the averages have
settled. A schedule that is built with it starts over as well. The model, made outside, keeps its weights, so training
seems to work.

```python bad
import torch

model = Net()
for epoch in range(30):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # HP178
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

```python good
import torch

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(30):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

It is found in a function that is called in each epoch:

```python bad
import torch


def train_epoch(model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # HP178
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def main(model, loader):
    for epoch in range(30):
        train_epoch(model, loader)
```

## Looks like it, is not

A new model in each round, a loop over folds, seeds or stages, an optimizer that is changed under a condition, and SGD
without momentum, which remembers nothing.

```python good
import torch

for fold in range(5):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(30):
        train(model, optimizer)

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(30):
    if epoch == 10:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
```

## References

- Kingma and Ba 2015, [arXiv 1412.6980](https://arxiv.org/abs/1412.6980): the averages and their bias correction.
- alan-turing-institute/deepsensor#47: the optimizer was moved out of the loop. OpenNMT/OpenNMT-py#617: its state lost.
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    blocks_around,
    calls_of,
    inside,
    is_test,
    last_name,
    optimizers,
    owner_of_parameters,
    regex,
    rule,
    step_calls,
    syntax,
    with_groups,
)

ROUNDS = regex(r"epochs?|batch(_idx|_index)?|iteration|iter|step|it|batch_i")
RESTARTS = regex(
    r"maml|meta(?!data)|(?<!un)fold(?!er)|trial|restart|attack|federat|client|continual|experience", re.IGNORECASE
)


@rule(
    "HP178",
    "optimizer-rebuilt-in-loop",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("optim"),
)
def optimizer_rebuilt_in_loop(file: File) -> Iterator[Draft]:
    rounds = [loop for loop in file.all(syntax.For) if is_round(loop)] if "epoch" in file.text else []
    for call in () if not rounds or is_test(file) else optimizers(file):
        owner = None if call.via is not None or call.inherited else owner_of(file, call)
        loop = None if owner is None else loop_around(file, call, owner, rounds)
        if owner is None or loop is None or not remembers(file, call) or RESTARTS.search(file.text):
            continue
        target = file.source(loop.target)
        message = f"this `{call.short}` is new in each round of `for {target}`: what it remembers is lost each time"
        yield Draft(call.node, message, ((loop.target, "the loop"), (owner, "the model is not new")))


def owner_of(file: File, call: BoundCall) -> syntax.Name | None:
    """The variable whose parameters an optimizer is given."""
    given = call.argument("params").node
    owner = None if given is None else owner_of_parameters(file, given.value)
    while isinstance(owner, syntax.Attribute):
        owner = owner.value
    return owner if isinstance(owner, syntax.Name) else None


def remembers(file: File, call: BoundCall) -> bool:
    """Whether an optimizer has a state: SGD without momentum has none."""
    return call.short != "SGD" or any(True for _ in with_groups(file, call, "momentum"))


def loop_around(file: File, call: BoundCall, owner: syntax.Name, rounds: list[syntax.For]) -> syntax.For | None:
    """The one of some loops that an optimizer is constructed in, for a model that is made outside of it."""
    found = file.names.lookup(owner.id, owner.scope)
    if found is None:
        return None
    # A function that trains for an epoch: all its calls stand in such loops, and are given the model.
    given = len(found[1]) == 1 and found[1][0].parameter is not None
    if not given and not any(inside(call.node, loop) for loop in rounds):
        return None
    blocks = blocks_around(file, call.node)
    if not blocks:
        return None
    block = blocks[-1][0]
    if isinstance(block, syntax.FunctionDef):
        loops = [innermost(file, each, rounds) for each in calls_of(file, block)] if given else []
        loop = loops[0] if loops and all(each is not None for each in loops) else None
    else:
        made_inside = any(inside(binding, block) for binding in found[1])
        within = not made_inside and found[0].kind != "comprehension"
        loop = innermost(file, call.node, rounds) if within else None
    return loop if loop is not None and steps_once(file, call) else None


def is_round(loop: syntax.For) -> bool:
    """Whether a loop goes over epochs or batches."""
    target = loop.target
    first = target.elements[0] if isinstance(target, syntax.Collection) and target.elements else target
    return isinstance(first, syntax.Name) and ROUNDS.fullmatch(first.id) is not None


def innermost(file: File, node: syntax.Node, rounds: list[syntax.For]) -> syntax.For | None:
    """The one of some loops that a record stands in directly."""
    if not any(inside(node, loop) for loop in rounds):
        return None
    blocks = blocks_around(file, node)
    return next((loop for loop in rounds if loop is blocks[-1][0]), None) if blocks else None


def trains_itself(file: File, loop: syntax.For) -> bool:
    """Whether a loop may be one over epochs: it counts, and not through the data with a stride."""
    over, count = file.source(loop.iter), loop.iter
    strides = isinstance(count, syntax.Call) and last_name(count.func) in ("range", "trange") and len(count.args) > 2
    batches = re.search(r"len\(|batch", over) is not None
    return re.search(r"range\(|epoch", over) is not None and not strides and not batches


def steps_once(file: File, call: BoundCall) -> bool:
    """Whether an optimizer is stepped in view, and in no loop that makes a training of its own."""
    steps = [step.call for step in step_calls(file) if any(made.node is call.node for made in step.made)]
    own = blocks_around(file, call.node)
    for step in steps:
        for block, _ in blocks_around(file, step)[len(own) :]:
            if isinstance(block, syntax.While) or (isinstance(block, syntax.For) and trains_itself(file, block)):
                return False
    return bool(steps)
