"""A class label is not among the outputs of the model.

Cross-entropy takes labels from 0 to the number of outputs less 1. Labels that count from 1, a class more than the last
layer has units, or a padding value that `ignore_index` does not name reach beyond. On the host torch raises
`IndexError: Target 10 is out of bounds`; on a GPU an assertion fails somewhere later, and the process can compute
nothing more.

Said by `hplint run --fake` and `hplint.runtime.check(…, fake=True)`, which compute no loss that could raise.

```python runtime
model = nn.Linear(64, 10)
labels = torch.randint(1, 11, (32,))
loss = F.cross_entropy(model(x), labels)
```

## Looks like it, is not

- The value of `ignore_index`, which is -100 unless it is given.

## References

- [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP310", "class-label-out-of-range", level=Level.ERROR, topic="loss", subject=Runtime(), since="0.1")
def class_label_out_of_range(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
