"""`shuffle` is given something that is not true or false.

`DataLoader` takes any value for `shuffle` and asks only whether it counts as true. Text does, whatever it says:
`shuffle="False"` shuffles. By position `shuffle` is the third argument, where many people mean the number of workers:
`DataLoader(dataset, 32, 4)` shuffles, and loads with no worker at all. On a validation set this is harmless; where the
order matters (time series, predictions that are matched with ids by position) results are wrong without any error.

```python bad
from torch.utils.data import DataLoader

ordered = DataLoader(dataset, batch_size=32, shuffle="False")  # HP118
workers = DataLoader(dataset, 32, 4)  # HP118
```

```python good
from torch.utils.data import DataLoader

ordered = DataLoader(dataset, batch_size=32, shuffle=False)
workers = DataLoader(dataset, 32, num_workers=4)
```

## Looks like it, is not

0 and 1 do what they look like, and so does what other libraries call `DataLoader`.

```python good
import torch_geometric.loader
from torch.utils.data import DataLoader

train = DataLoader(dataset, 32, True)
one = DataLoader(dataset, 32, shuffle=1)
chosen = DataLoader(dataset, 32, shuffle=sampler is None)
graphs = torch_geometric.loader.DataLoader(dataset, 32, 4)
```

## References

- <https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader>
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Calls,
    Draft,
    DraftEdit,
    DraftFix,
    Level,
    OriginKind,
    Safety,
    Setting,
    replace,
    rule,
    settings,
    syntax,
)

WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "none": False, "": False}


@rule(
    "HP118",
    "shuffle-not-bool",
    level=Level.ERROR,
    topic="data",
    hyperparameter="shuffle",
    since="0.1",
    subject=Calls("torch.utils.data.DataLoader", "torch.utils.data.distributed.DistributedSampler"),
)
def shuffle_not_bool(call: BoundCall) -> Iterator[Draft]:
    third = call.argument("shuffle").node
    if third is not None and third.keyword is None and isinstance(third.value, syntax.Name | syntax.Attribute):
        name = third.value.id if isinstance(third.value, syntax.Name) else third.value.attr
        if name in ("num_workers", "n_workers", "workers"):
            message = f"the third argument of `{call.short}` is `shuffle`, so `{name}` shuffles and starts no worker"
            yield Draft(third, message, fix=workers(call))
            return
    for setting in settings(call, "shuffle"):
        node, number = setting.argument.node, setting.number
        if isinstance(setting.constant, str) and setting.constant:
            message = f"{setting.says}, a string: it counts as true whatever it says"
            yield Draft(setting.at, message, setting.related, boolean(setting, setting.constant))
        elif node is not None and node.keyword is None and number is not None and number not in (0, 1):
            message = f"the third argument of `{call.short}` is `shuffle`, so {number:g} shuffles and starts no worker"
            yield Draft(node, message, fix=workers(call))


def boolean(setting: Setting, text: str) -> DraftFix | None:
    """The boolean that a string spells, where it stands in the call itself."""
    meant = WORDS.get(text.strip().lower())
    if meant is None or setting.literal is None or setting.origin.kind is not OriginKind.LITERAL:
        return None
    return replace(setting.literal, str(meant), f"write `{meant}`", Safety.SAFE if meant else Safety.UNSAFE)


def workers(call: BoundCall) -> DraftFix | None:
    """Name it ``num_workers``, where no positional argument follows and none is given yet."""
    node = call.argument("shuffle").node
    if node is None or "num_workers" in call.arguments:
        return None
    if any(arg.start > node.start and arg.keyword is None for arg in call.node.args):
        return None
    return DraftFix("pass it as `num_workers`", (DraftEdit(node.start, node.start, "num_workers="),))
