"""Targets with several labels an example go into a cross-entropy.

`nn.CrossEntropyLoss` takes class probabilities as targets, floats that sum to 1 for each example. A row such as
`[1, 0, 1]` says that two labels hold, and raises nothing: the loss has its least value where both get one half, labels
compete with each other, and an example with five labels counts five times. No threshold tells afterwards which labels
hold.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`: the targets are data.

```python runtime
labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
loss = nn.CrossEntropyLoss()(model(x), labels)
```

`nn.BCEWithLogitsLoss` judges each label on its own.

## Looks like it, is not

- One-hot rows, smoothed or mixed ones, and rows of zeros for examples that do not count.
- Several positives that share the weight: `labels / labels.sum(1, keepdim=True)`.

## References

- torch.nn.CrossEntropyLoss, on class probabilities: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP280",
    "cross-entropy-multi-hot-target",
    level=Level.WARNING,
    topic="loss",
    subject=Runtime(),
    since="0.1",
)
def cross_entropy_multi_hot_target(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
