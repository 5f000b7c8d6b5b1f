"""The loss is NaN or infinite, and the program trains on.

The gradients of such a loss may be finite all the same, because a ReLU or a selection cuts off what is not, or because
the logarithm of a negative number has a gradient. The weights move, by a gradient of something that has no value: the
log says `nan` from the first line on, and no early stopping, no best checkpoint and no scheduler that watches the loss
works.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, when three steps have been made with such a loss.

```python runtime
loss = -(target * model(x).log()).mean()
loss.backward()
optimizer.step()
```

## Looks like it, is not

- A batch without a finite loss that the program or a gradient scaler leaves out.

## References

- Weights that become NaN by it: `weights-become-nan`.
- torch.log of a negative number is NaN, its gradient `1 / x` is not (tried on torch 2.13).
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP287", "loss-not-finite", level=Level.WARNING, topic="loss", subject=Runtime(), since="0.1")
def loss_not_finite(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
