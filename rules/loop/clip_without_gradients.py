"""Gradients are clipped of parameters that never have one.

The call is handed the parameters of another model than the one that is trained: a copy, an average of the weights, a
model that was built anew. It clips nothing and raises nothing; the norm that it returns is always 0, and the gradients
that the optimizer uses are as large as ever.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`.

```python runtime
average = copy.deepcopy(model)
loss.backward()
torch.nn.utils.clip_grad_norm_(average.parameters(), 1.0)
optimizer.step()
```

## Looks like it, is not

- A call for several models in turn, of which some have no gradients now and then.
- Clipping before `backward`, which is `clip-before-backward`.

## References

- torch.nn.utils.clip_grad_norm_: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP286",
    "clip-without-gradients",
    level=Level.WARNING,
    topic="loop",
    hyperparameter="max-grad-norm",
    subject=Runtime(),
    since="0.1",
)
def clip_without_gradients(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
