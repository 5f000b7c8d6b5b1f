"""The loader for evaluation leaves samples out.

`drop_last=True` keeps training steps equal in size. On the validation or test set it silently takes up to
`batch_size - 1` samples out of what is measured: accuracies are counted over another set than the one that is
reported, change with the batch size, and of a set smaller than a batch nothing is left. Where the metric is divided by
`len(dataset)`, the dropped samples count as wrong.

```python bad
from torch.utils.data import DataLoader

train_loader = DataLoader(train_set, batch_size=256, shuffle=True, drop_last=True)
val_loader = DataLoader(val_set, batch_size=256, drop_last=True)  # HP252
```

```python good
from torch.utils.data import DataLoader

train_loader = DataLoader(train_set, batch_size=256, shuffle=True, drop_last=True)
val_loader = DataLoader(val_set, batch_size=256)
```

## Looks like it, is not

A compiled or exported model, TPUs and recurrent states of a fixed size want batches of one size, and so does a model
that is told the batch size when it is made; a contrastive loss compares the samples of a batch with each other, and
means something else for a smaller one.

```python good
import torch
from torch.utils.data import DataLoader

val_loader = DataLoader(val_set, batch_size=256, drop_last=True)
model = torch.compile(model, dynamic=False)
train_loader = DataLoader(train_set, batch_size=256, shuffle=True, drop_last=True)
```

## References

- [torch.utils.data.DataLoader](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader)
- open-edge-platform/training_extensions#1872, openvinotoolkit/nncf#379: `drop_last=True` added to all loaders at once.
"""

import re
from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    Safety,
    delete_argument,
    feeds_evaluation,
    is_test,
    last_name,
    regex,
    rule,
    size_of,
    syntax,
)

WANTS_ONE_SIZE = regex(
    r"torch\.compile|torch\.jit|onnx|tensorrt|CUDAGraph|init_hidden|hidden_state|stateful|contrast|simclr|info_?nce|"
    r"(?<![a-z])(xla|tpu|moco|byol|open_?clip)(?![a-z])",
    re.IGNORECASE,
)


FEEDS = regex(r"Load|Sampl|Data|Config|Arg")
"""Names of classes that are told the batch size without being bound to it."""


@rule(
    "HP252",
    "val-loader-drop-last",
    level=Level.WARNING,
    topic="evaluation",
    hyperparameter="drop-last",
    since="0.1",
    subject=Files("drop_last"),
)
def val_loader_drop_last(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else file.calls:
        if call.name != "torch.utils.data.DataLoader" or call.inherited or "drop_last" not in call.arguments:
            continue
        told, given = call.argument("drop_last").node, call.argument("drop_last").value.single
        if told is None or given is None or given.constant is not True:
            continue
        if not feeds_evaluation(file, call) or comes_out_even(file, call) or WANTS_ONE_SIZE.search(file.text):
            continue
        if not model_knows_size(file, call):
            at = told if told in call.node.args else call.node
            message = "`drop_last` leaves out what does not fill a batch: the metric is taken over a part of the set"
            yield Draft(at, message, fix=delete_argument(call, told, Safety.UNSAFE))


def comes_out_even(file: File, call: BoundCall) -> bool:
    """Whether the batches are known to come out even, or a sampler may have seen to it."""
    data, batch = call.argument("dataset").node, call.argument("batch_size").value
    samples = None if data is None else size_of(file, data.value)
    sizes = [each.constant for each in batch.possible]
    if "sampler" in call.arguments or 1 in sizes:
        return True
    size = sizes[0] if batch.single is not None else None
    return samples is not None and isinstance(size, int) and size > 0 and samples % size == 0


def model_knows_size(file: File, call: BoundCall) -> bool:
    """Whether something else than data is constructed with the same batch size."""
    size = call.argument("batch_size").node
    if size is None or isinstance(size.value, syntax.Literal):
        return False
    told = (file.source(size.value), scope_of(size.value))
    makers = [each for each in file.every(syntax.Call) if last_name(each.func)[:1].isupper()]
    return any(
        (file.source(arg.value), scope_of(arg.value)) == told and not FEEDS.search(last_name(each.func))
        for each in makers
        for arg in each.args
    )


def scope_of(expr: syntax.Expr) -> int | None:
    """Where the name that an expression begins with is read."""
    while isinstance(expr, syntax.Attribute):
        expr = expr.value
    return expr.scope if isinstance(expr, syntax.Name) else None
