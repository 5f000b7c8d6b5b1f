"""An average of weights is kept up to date, and nobody ever uses it.

`AveragedModel` takes in the weights of the model in each step, and at the end it is the model that is evaluated and
saved: the average has cost its memory and time for nothing. It is the average that is the better model: evaluate it,
and save `average.module.state_dict()`.

Seen at run time only, by `hplint run --full --steps N`, where the whole program has fewer steps than N: only then is it
known that nothing more comes.

```python runtime
average = torch.optim.swa_utils.AveragedModel(model)
for x, y in loader:
    step(model, optimizer, x, y)
    average.update_parameters(model)
torch.save(model.state_dict(), "last.pt")
```

## Looks like it, is not

- An average whose weights are copied into the model at the end.
- An average that is used after the part of the program that was watched.

## References

- [AveragedModel](https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html)
- Izmailov et al. 2018, Averaging weights leads to wider optima and better generalization:
  https://arxiv.org/abs/1803.05407
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP313", "average-never-used", level=Level.WARNING, topic="loop", subject=Runtime(), since="0.1")
def average_never_used(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
