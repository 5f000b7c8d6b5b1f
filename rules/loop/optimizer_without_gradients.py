"""An optimizer steps, and no loss reaches any of its parameters.

Gradients are computed, but for other parameters: the loss was computed from a detached tensor, or it is the loss of
another model. Every `.grad` of this optimizer's parameters is `None`, and `step` skips them without a word. A generator
whose images are judged as `critic(fake.detach())` never learns, while the loss of the critic looks as it should.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, after three steps without any gradient.

```python runtime
fake = generator(noise)
loss = bce(critic(fake.detach()), ones)
loss.backward()
g_optimizer.step()
```

## Looks like it, is not

- An optimizer that steps more seldom than another one, or whose gradients are written by hand.
- A step that needs no gradients: one that changes its weights all the same.

## References

- torch.optim.Optimizer.step skips parameters without a gradient: https://docs.pytorch.org/docs/stable/optim.html
- DCGAN tutorial, where only the critic's loss is computed of `fake.detach()`: https://docs.pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP282",
    "optimizer-without-gradients",
    level=Level.ERROR,
    topic="loop",
    subject=Runtime(),
    since="0.1",
)
def optimizer_without_gradients(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
