"""Weights become NaN or infinite.

A loss that is NaN or infinite has such gradients, and one step by them makes every weight NaN; from there on every
output and every loss is NaN, and what was trained is lost. Nothing is raised. Where the loss was finite in the step
before, a gradient was not: of a root or a logarithm at 0, of a division, of a number too large for float16, or an
`eps` of 0 in the optimizer.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, at the step that does it.

```python runtime
loss = (target * model(x).log()).mean()
loss.backward()
optimizer.step()
```

`torch.autograd.set_detect_anomaly(True)` tells which operation it was. A smaller learning rate, clipped gradients and
a small number inside of roots, logarithms and divisions are the usual remedies.

## Looks like it, is not

- A loss that is not finite, whose step is left out by the program or by a gradient scaler.

## References

- torch.autograd.detect_anomaly: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
- Micikevicius et al. 2018, Mixed Precision Training: https://arxiv.org/abs/1710.03740
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP283",
    "weights-become-nan",
    level=Level.ERROR,
    topic="loop",
    hyperparameter="learning-rate",
    subject=Runtime(),
    since="0.1",
)
def weights_become_nan(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
