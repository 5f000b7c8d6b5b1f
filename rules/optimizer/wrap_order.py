"""The optimizer is made before the model gets the parameters that are trained.

FSDP replaces the parameters of a model by flat or sharded ones, and `get_peft_model` freezes them and adds small new
ones. An optimizer that was made before holds the old tensors: they get no gradients, so each step changes nothing that
the model uses. The loss stays where it starts, to the last digit for the same batch, and nothing raises.

```python bad
import torch
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

model = Net().cuda()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)  # HP266
model = FSDP(model)
```

```python good
import torch
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

model = FSDP(Net().cuda())
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
```

```python bad
import torch
from peft import LoraConfig, get_peft_model

model = load()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)  # HP266
model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05))
```

## Looks like it, is not

`DistributedDataParallel` and `torch.compile` keep the parameters. Accelerate and Lightning exchange those of a prepared
optimizer. An optimizer that is made anew is in order.

```python good
import torch
from torch.nn.parallel import DistributedDataParallel

model = Net().cuda()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
model = DistributedDataParallel(model)
model = torch.compile(model)
```

## References

- [torch.distributed.fsdp](https://docs.pytorch.org/docs/stable/fsdp.html): the optimizer must be made after the module
  was wrapped.
- [peft: get_peft_model](https://huggingface.co/docs/peft/package_reference/peft_model)
- huggingface/accelerate#2665: a model did not train because the optimizer held the parameters from before.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Site,
    branches,
    is_test,
    move_before,
    optimizers,
    parameter_groups,
    rule,
    site_of,
    syntax,
)

WRAPS = {
    "torch.distributed.fsdp.FullyShardedDataParallel": "replaces the parameters by sharded ones",
    "torch.distributed.fsdp.fully_shard": "replaces the parameters by sharded ones",
    "peft.get_peft_model": "freezes them and adds others",
}
PREPARES = ("Accelerator", "lightning", "Lightning", "fabric", "deepspeed")


@rule(
    "HP266",
    "wrap-order",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("FullyShardedDataParallel", "fully_shard", "get_peft_model"),
)
def wrap_order(file: File) -> Iterator[Draft]:
    if is_test(file) or any(word in file.text for word in PREPARES):
        return
    wraps = [
        call for call in file.calls if call.name in WRAPS and call.node.args and "use_orig_params" not in call.arguments
    ]
    made = [call for call in optimizers(file) if wraps and parameter_groups(file, call).plain]
    for wrap in wraps:
        given = wrap.node.args[0].value
        if not isinstance(given, syntax.Name):
            continue
        for optimizer in made:
            site = site_of(file, optimizer.node)
            if not trains(file, optimizer.node, site, given) or not before(file, site.call, wrap.node):
                continue
            held = f"the parameters that `{given.id}` has before `{wrap.short}`"
            message = f"`{optimizer.short}` holds {held}: its steps change nothing that is used"
            fix = move_before(file, wrap.node, site.call, f"call `{wrap.short}` first")
            yield Draft(optimizer.node, message, ((wrap.node, WRAPS[wrap.name]),), fix)


def trains(file: File, optimizer: syntax.Call, site: Site, model: syntax.Name) -> bool:
    """Whether an optimizer is given `model.parameters()`, of the same model."""
    given = optimizer.args[0].value if optimizer.args else None
    if not isinstance(given, syntax.Call) or not isinstance(given.func, syntax.Attribute):
        return False
    holder = site.seen(given.func.value)
    if not isinstance(holder, syntax.Name) or given.func.attr != "parameters":
        return False
    same = holder.id == model.id and holder.scope == model.scope
    return same and file.names.reaching(holder) == file.names.reaching(model)


def before(file: File, optimizer: syntax.Call, wrap: syntax.Call) -> bool:
    """Whether the wrap comes later, with no other optimizer behind it, on every way that makes the optimizer."""
    later = any(site_of(file, call.node).call.start > wrap.start for call in optimizers(file))
    return optimizer.end <= wrap.start and not later and branches(file, wrap) <= branches(file, optimizer)
