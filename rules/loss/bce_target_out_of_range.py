"""Targets of a binary cross-entropy with logits lie outside of 0 to 1.

`nn.BCEWithLogitsLoss` takes probabilities as targets. -1 and 1, the labels of a support vector machine, or class
numbers such as 2 raise nothing: for a target below 0 or above 1 the loss has no least value, it becomes negative and
falls as long as the logits grow. `nn.BCELoss` raises on the CPU and stops with a device-side assert on a GPU.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`: the targets are data.

```python runtime
labels = torch.tensor([[1.0], [-1.0]])
loss = nn.BCEWithLogitsLoss()(model(x), labels)
```

`(labels + 1) / 2` makes -1 and 1 to 0 and 1; class numbers want `nn.CrossEntropyLoss`.

## Looks like it, is not

- Labels such as -1 for "unknown" whose loss is left out: by `weight`, or with `reduction="none"` and a mask.
- Smoothed targets, which stay between 0 and 1.

## References

- torch.nn.BCEWithLogitsLoss: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
- Tried on torch 2.13: a target of 2 gives a loss, without an error or a warning.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP281",
    "bce-target-out-of-range",
    level=Level.ERROR,
    topic="loss",
    subject=Runtime(),
    since="0.1",
)
def bce_target_out_of_range(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
