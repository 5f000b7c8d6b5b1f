"""A value inside a parameter group that the optimizer would refuse as an argument.

Optimizers check what they are given as arguments, and only that: `SGD(params, lr=-0.1)` raises, while the same value
in a group dictionary is stored and used. A negative learning rate climbs the loss instead of descending, a negative
weight decay makes weights grow until they overflow, a `betas` value of 2 gives NaN. The curve of the loss is the only
sign, and the group may hold just a few layers.

```python bad
import torch

optimizer = torch.optim.SGD(
    [
        {"params": model.body.parameters(), "weight_decay": -1e-4},  # HP115
        {"params": model.head.parameters(), "lr": 0.5},
    ],
    lr=0.1,
)
```

```python good
import torch

optimizer = torch.optim.SGD(
    [
        {"params": model.body.parameters(), "weight_decay": 1e-4},
        {"params": model.head.parameters(), "lr": 0.5},
    ],
    lr=0.1,
)
```

## Looks like it, is not

Zero is a value, for a frozen group or one without decay. For steps up the loss there is `maximize=True`.

```python good
import torch

optimizer = torch.optim.AdamW(
    [
        {"params": model.decayed(), "weight_decay": 0.1},
        {"params": model.plain(), "weight_decay": 0.0, "lr": 0.0},
        {"params": adversary.parameters(), "maximize": True},
    ],
    lr=3e-4,
)
```

## References

- <https://docs.pytorch.org/docs/stable/optim.html#per-parameter-options>
"""

from collections.abc import Iterator, Mapping

from hplint.rule import (
    Argument,
    Draft,
    File,
    Files,
    Level,
    broken,
    constants,
    for_argument,
    optimizers,
    parameter_groups,
    rule,
    settings_of,
    untested,
)


@rule(
    "HP115",
    "unchecked-group-value",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def unchecked_group_value(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        groups = [group for group in parameter_groups(file, call).listed if group.options]
        if call.signature is None or not groups:
            continue
        everywhere = values(file, call.arguments, constants(call.name) if call.complete else {})
        refused = {check.guard for check in broken(call.signature, everywhere)}  # The constructor raises for these.
        for group in groups:
            here = values(file, group.options, everywhere if group.complete else {})
            said = set(refused)
            for setting in settings_of(untested(file, option) for option in group.options.values()):
                name = setting.argument.parameter
                for check in broken(call.signature, {**here, name: setting.constant}, {name}):
                    # What is told by its type, like an integer among the betas, does no harm inside a group.
                    if "isinstance" not in check.guard.condition and check.guard not in said:
                        said.add(check.guard)
                        message = f"{setting.says} in this group, which torch does not check: as an argument it raises"
                        row = for_argument(call.name, name)
                        yield Draft(setting.at, message, setting.related, hyperparameter=row)
                        break


def values(file: File, given: dict[str, Argument], others: Mapping[str, object]) -> dict[str, object]:
    """What options certainly are: those that are given, each with its one value, and the others."""
    known = {name: value for name, value in others.items() if name not in given}
    for name, argument in given.items():
        single = untested(file, argument).value.single
        if single is not None:
            known[name] = single.constant
    return known
