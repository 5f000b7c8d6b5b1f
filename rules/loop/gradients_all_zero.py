"""Every gradient is exactly zero from the first step on, and the loss is not.

The graph leads from the loss to the weights, but something on the way passes nothing on: a ReLU whose inputs are all
negative, a clamp at its limit, two layers of zeros in a row, a rounding. The weights stand still, the loss stays where
it began, and nothing is raised.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, after four backward passes.

```python runtime
model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
for parameter in model.parameters():
    nn.init.zeros_(parameter)
loss = F.mse_loss(torch.clamp(model(x), min=0.5), y)
```

## Looks like it, is not

- A loss of 0: a margin that is kept, a reward that has not come yet.
- Single layers without gradients, such as an adapter behind a matrix of zeros in the first step.

## References

- Lu et al. 2019, Dying ReLU and Initialization: https://arxiv.org/abs/1903.06733
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP284",
    "gradients-all-zero",
    level=Level.WARNING,
    topic="loop",
    subject=Runtime(),
    since="0.1",
)
def gradients_all_zero(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
