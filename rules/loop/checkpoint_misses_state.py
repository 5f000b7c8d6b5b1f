"""A run is resumed from a checkpoint that has no state of the optimizer.

The epoch and the weights are restored, the optimizer starts anew: momentum and the moments of Adam are zero, the steps
of Adam's bias correction are counted from one, and a scheduler that is not restored begins its warm-up again. The loss
jumps up at the epoch of the resumption and needs a while to come back; the run is not the one that was interrupted.

```python bad
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
checkpoint = torch.load("last.pt")
model.load_state_dict(checkpoint["model"])
for epoch in range(checkpoint["epoch"] + 1, 100):
    train_epoch(model, optimizer, loader)
    torch.save({"model": model.state_dict(), "epoch": epoch}, "last.pt")  # HP214
```

```python good
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
checkpoint = torch.load("last.pt")
model.load_state_dict(checkpoint["model"])
optimizer.load_state_dict(checkpoint["optimizer"])
for epoch in range(checkpoint["epoch"] + 1, 100):
    train_epoch(model, optimizer, loader)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
    torch.save(state, "last.pt")
```

## Looks like it, is not

Weights for inference need no optimizer, whatever else is noted with them.

```python good
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
for epoch in range(1, 10):
    train_epoch(model, optimizer, loader)
    torch.save({"model": model.state_dict(), "epoch": epoch}, "model.pt")
```

## References

- [Saving a general checkpoint](https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html)
- OpenNMT/OpenNMT-py#617, cselab/korali#639, Stack Overflow 65529156
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, partial_checkpoints, rule


@rule(
    "HP214", "checkpoint-misses-state", level=Level.ADVICE, topic="loop", since="0.1", subject=Files("load_state_dict")
)
def checkpoint_misses_state(file: File) -> Iterator[Draft]:
    if is_test(file) or "torch.save" not in file.text or "epoch" not in file.text:
        return
    for found in partial_checkpoints(file):
        yield Draft(
            found.saved,
            "the checkpoint that `torch.load` reads has no state of the optimizer, whose moments start at zero again",
            ((found.resumed, "training goes on from here"),),
        )
        return
