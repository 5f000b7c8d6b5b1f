"""Updates are too small for the type of the weights and are rounded away.

bfloat16 keeps 8 bits of a number: next to 1.0 comes 1.0078. A step of AdamW moves a weight by about its learning rate;
`1e-5` added to a weight of 0.5 gives 0.5 again, in every step. The optimizer runs, gradients are there, and the weights
stand still. The same happens in any type with an `eps` that is far too large, `1e8` for `1e-8`.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`: where no weight has changed in four steps or more
it is an error, where few have it is advice.

```python runtime
model = Net().to(torch.bfloat16)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
```

Keep the weights in float32 and let `torch.autocast` choose the type of the computation, or use an optimizer that keeps
what is rounded off (Kahan summation, stochastic rounding).

## Looks like it, is not

- A learning rate of 0, and one that is still rising in a warm-up.
- Weights without gradients.

## References

- Zamirai et al. 2020, Revisiting BFloat16 Training: https://arxiv.org/abs/2010.06192
- Tried on torch 2.13: AdamW with `lr=1e-5` changes none of 67 bfloat16 weights of size 1 in 20 steps.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP285",
    "update-rounded-away",
    level=Level.ERROR,
    topic="precision",
    hyperparameter="learning-rate",
    subject=Runtime(),
    since="0.1",
)
def update_rounded_away(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
