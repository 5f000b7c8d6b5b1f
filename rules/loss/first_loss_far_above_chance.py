"""The first loss is far above that of a guess.

A classifier that knows nothing gives all classes about the same score, and its cross-entropy is near the logarithm of
their number: 2.30 for 10 classes, 6.91 for 1000. A first loss of 80 says that it is very sure of wrong answers before
it has seen one. Mostly the inputs are not normalised (pixels from 0 to 255), or the last layer starts with weights
that are too large; the first epochs then go into unlearning that, with gradients that are far too large for the
learning rate.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, in the first loss before any step. It is said where
the loss is four times, and at least 5, above that of equal scores.

```python runtime
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
pixels = torch.randint(0, 256, (32, 1, 28, 28)).float()
loss = F.cross_entropy(model(pixels), y)
```

## Looks like it, is not

- A weighted loss, a sum instead of a mean, targets that are probabilities: their value at the start is another one.
- Weights that were loaded may be right for other labels than these: the loss tells, and it is worth a look.

## References

- Andrej Karpathy 2019, A Recipe for Training Neural Networks, "verify loss @ init":
  https://karpathy.github.io/2019/04/25/recipe/
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP320",
    "first-loss-far-above-chance",
    level=Level.ADVICE,
    topic="loss",
    subject=Runtime(),
    since="0.1",
)
def first_loss_far_above_chance(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
