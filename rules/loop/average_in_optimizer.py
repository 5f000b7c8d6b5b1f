"""An optimizer trains the weights of an average instead of those of the model.

`AveragedModel(model)` is a copy. Its weights are overwritten or mixed by `update_parameters(model)`, so an optimizer
that is given `average.parameters()` works against it: what a step changes is averaged away, and the model itself never
moves.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, when the average is updated between two steps.

```python runtime
average = torch.optim.swa_utils.AveragedModel(model)
optimizer = torch.optim.SGD(average.parameters(), lr=0.1)
for x, y in loader:
    F.cross_entropy(average(x), y).backward()
    optimizer.step()
    optimizer.zero_grad()
    average.update_parameters(model)
```

## Looks like it, is not

- The average of a run that has ended, which is trained further and not updated any more.

## References

- [AveragedModel](https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html)
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP311", "average-in-optimizer", level=Level.ERROR, topic="loop", subject=Runtime(), since="0.1")
def average_in_optimizer(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
