"""`eps` that is zero, or that the parameters' type rounds to zero.

Adam and its relatives divide by the root of a running average of squared gradients, and add `eps` so that this is
never a division by zero. It is added in the type of the parameter: float16 rounds the usual `1e-8` to 0. The first
weight whose gradient is exactly 0 (behind a dead ReLU, in an embedding row that the batch does not use) is then 0 / 0:
it becomes NaN, and the loss with it, one step later.

Seen at run time only, by `hplint.runtime.check(optimizer=optimizer)`: the text of a program does not tell the type of
its parameters.

```python runtime
model = Net().half()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-8)
```

Keep the parameters in float32 and let `torch.autocast` choose the type of the computation, or give an `eps` that
float16 can hold, such as `1e-4`.

## Looks like it, is not

- bfloat16 has the exponents of float32 and holds `1e-8`.
- With `fused=True` the step is computed in float32.
- Small values in float32, such as Adagrad's own `1e-10`.

## References

- torch.optim.Adam, parameter `eps`: https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
- Micikevicius et al. 2018, Mixed Precision Training, on master weights in float32: https://arxiv.org/abs/1710.03740
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP146",
    "eps-rounds-to-zero",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="eps",
    subject=Runtime(),
    since="0.1",
)
def eps_rounds_to_zero(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
