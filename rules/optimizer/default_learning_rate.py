"""The learning rate is left at the optimizer's default.

The learning rate is the number that training depends on most, and no value suits every model: published recipes for
`Adam` alone reach from 1e-6 to 1e-2. The defaults (0.001 for `Adam`, `AdamW` and `SGD`, 0.01 for `RMSprop`) are
starting points that differ between libraries and, for `SGD`, between versions of torch. A default that is too high
shows as a loss that jumps or sits at the value of guessing; one that is too low as a curve that is smooth and almost
flat.

Write the rate down and look for the best one: try 1e-5, 3e-5, 1e-4 … for a few hundred steps each, and take the
largest with which the loss still falls smoothly.

```python bad
import torch

optimizer = torch.optim.Adam(model.parameters())  # HP110
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
```

There is no automatic fix: writing the default down would silence this advice and train the same.

## Looks like it, is not

A group may bring its own rate, `**options` may hold one, and some schedules set it whatever the optimizer was given.
`Adadelta`, `Adafactor`, `LBFGS` and `Rprop` find their steps largely by themselves. Unit tests are left alone, and so
are demonstrations, which train tensors that are drawn at random on data that is.

```python good
import torch
from torch.optim.lr_scheduler import OneCycleLR

grouped = torch.optim.AdamW([{"params": model.parameters(), "lr": 3e-4}])
configured = torch.optim.Adam(model.parameters(), **options)
by_project = torch.optim.Adam(layer_wise_groups(model))
wrapped = NoamSchedule(torch.optim.Adam(model.parameters(), betas=(0.9, 0.98)), warmup=4000)
delta = torch.optim.Adadelta(model.parameters())

cycled = torch.optim.SGD(model.parameters(), momentum=0.9)
schedule = OneCycleLR(cycled, max_lr=0.1, total_steps=1000)
```

## References

- Zhang, Cruz and van Deursen 2022, arXiv 2203.13746: hyperparameters that are not set explicitly.
- DeepFD's benchmark of 58 faulty training programs: the learning rate is at fault in 18.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Presence,
    is_test,
    made_up,
    optimizers,
    parameter_groups,
    rule,
    sets_rate_later,
    syntax,
)

FIND_THEIR_OWN = frozenset({"Adadelta", "Adafactor", "LBFGS", "Rprop"})


@rule(
    "HP110",
    "default-learning-rate",
    level=Level.ADVICE,
    topic="optimizer",
    hyperparameter="learning-rate",
    since="0.1",
    subject=Files("optim"),
)
def default_learning_rate(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else optimizers(file):
        default = call.signature.parameter("lr") if call.signature else None
        if default is None or default.required or call.argument("lr").presence is not Presence.ABSENT:
            continue
        # An argument that raises may have been meant for the learning rate.
        if call.short in FIND_THEIR_OWN or call.inherited or call.unexpected or not trains_at_default(file, call):
            continue
        if not sets_rate_later(file, call):
            if trains_random_tensors(file, call) and made_up(file) is not None:
                continue
            shown = default.default.source
            message = f"`{call.short}` is given no `lr`: torch's {shown} applies, chosen for no model in particular"
            yield Draft(call.node.func, message)


def trains_random_tensors(file: File, call: BoundCall) -> bool:
    """Whether an optimizer is given a list of tensors that are drawn, and no model."""
    given = call.argument("params").node
    listed = given.value.elements if given is not None and isinstance(given.value, syntax.Collection) else ()
    made = [file.assigned(each) if isinstance(each, syntax.Name) else each for each in listed]
    drawn = ("torch.randn", "torch.rand")
    return bool(made) and all(isinstance(each, syntax.Call) and file.qualified(each.func) in drawn for each in made)


def trains_at_default(file: File, call: BoundCall) -> bool:
    """Whether some parameters certainly come without a learning rate of their own."""
    groups = parameter_groups(file, call)
    bare = any(group.complete and "lr" not in group.options for group in groups.listed)
    return groups.plain or (groups.complete and bare)
