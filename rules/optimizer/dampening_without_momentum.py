"""`SGD` is given a dampening but no momentum.

Dampening weakens what a gradient adds to the momentum buffer: `buf = momentum * buf + (1 - dampening) * grad`. Without
momentum there is no buffer, torch never reads the value, and the steps are those of plain SGD. Who believes to train
with momentum trains without: the loss falls several times slower. (With `momentum=0.9, dampening=0.9` the argument
does work, and takes most of the effect of momentum away again.)

```python bad
import torch

absent = torch.optim.SGD(model.parameters(), lr=0.1, dampening=0.9)  # HP160
zero = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.0, dampening=0.9)  # HP160
```

```python good
import torch

plain = torch.optim.SGD(model.parameters(), lr=0.1)
heavy = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
damped = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, dampening=0.1)
```

The fix drops the argument, which changes nothing. Add a `momentum` if it was meant.

## Looks like it, is not

Momentum may come from the options, from parameter groups, or from a schedule that cycles it.

```python good
import torch

configured = torch.optim.SGD(model.parameters(), lr=0.1, dampening=0.1, **options)
chosen = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum, dampening=0.1)
groups = torch.optim.SGD([{"params": model.parameters(), "momentum": 0.9}], lr=0.1, dampening=0.1)
spelled_out = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0, dampening=0)
```

## References

- [torch.optim.SGD](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html)
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    as_number,
    delete_argument,
    expected,
    is_test,
    optimizers,
    parameter_groups,
    rule,
    schedulers,
    settings,
)

CYCLES_MOMENTUM = frozenset({"OneCycleLR", "CyclicLR"})


@rule(
    "HP160",
    "dampening-without-momentum",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="dampening",
    since="0.1",
    subject=Files("dampening"),
)
def dampening_without_momentum(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else optimizers(file):
        given = call.arguments.get("dampening") if call.short == "SGD" else None
        # Nesterov without momentum raises, which is another rule's.
        if given is None or given.node is None or not without_momentum(file, call) or "nesterov" in call.arguments:
            continue
        if any(setting.number for setting in settings(call, "dampening")) and not expected(
            file, call.node, "ValueError"
        ):
            message = "`dampening` is given without `momentum`: there is nothing to dampen, `SGD` steps as without it"
            yield Draft(given.node, message, fix=delete_argument(call, given.node))


def without_momentum(file: File, call: BoundCall) -> bool:
    """Whether an optimizer certainly has no momentum, in no group and at no time."""
    momentum = call.argument("momentum").value.single
    groups = parameter_groups(file, call)
    in_groups = any("momentum" in group.options or not group.complete for group in groups.listed)
    known = momentum is not None and as_number(momentum.constant) == 0 and (groups.plain or groups.complete)
    written = '["momentum"]' in file.text or "['momentum']" in file.text
    return (
        known and not in_groups and not written and not any(each.short in CYCLES_MOMENTUM for each in schedulers(file))
    )
