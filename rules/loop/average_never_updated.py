"""An average of weights is run that has never taken in any.

`AveragedModel(model)` copies the weights once, when it is built. Without `update_parameters(model)` in the loop it
stays that copy: evaluated after training, it gives the accuracy of the first moment, and a checkpoint of it is
worthless.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, in a program that comes to its own end.

```python runtime
average = torch.optim.swa_utils.AveragedModel(model)
train(model, optimizer, loader)
accuracy = evaluate(average)
```

## Looks like it, is not

- Averaging that begins late, in a run that is cut short.
- An average whose state was loaded.

## References

- [AveragedModel](https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html)
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP312", "average-never-updated", level=Level.WARNING, topic="loop", subject=Runtime(), since="0.1")
def average_never_updated(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
