"""The `eps` of an Adam optimizer is 0, or so large that nothing adapts.

Adam divides each step by `sqrt(v) + eps`, where `v` is the average of the squared gradient. With `eps=0` a weight whose
gradient has been exactly 0 so far, a row of an embedding that no batch has touched or a unit behind a dead ReLU, gets
0/0: it is NaN after the first step, and the loss with it. At 1 and above `eps` outweighs `sqrt(v)` for all usual
gradients, so every step is the gradient times `lr / eps`: SGD with momentum at a small learning rate, whatever the
optimizer is called. The loss then falls far more slowly than Adam's `lr` promises.

```python bad
import torch

divides = torch.optim.Adam(model.parameters(), lr=1e-3, eps=0)  # HP179
no_adam = torch.optim.AdamW(model.parameters(), lr=1e-3, eps=10.0)  # HP179
```

```python good
import torch

divides = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-8)
no_adam = torch.optim.AdamW(model.parameters(), lr=1e-3, eps=1e-8)
```

## Looks like it, is not

Reinforcement learning takes 1e-5 and more, and recipes with RMSprop take large values, up to 1.

```python good
import torch

policy = torch.optim.Adam(model.parameters(), lr=2.5e-4, eps=1e-5)
rainbow = torch.optim.Adam(model.parameters(), lr=6.25e-5, eps=1.5e-4)
inception = torch.optim.RMSprop(model.parameters(), lr=0.045, eps=1.0)
```

## References

- Kingma and Ba 2015, [arXiv 1412.6980](https://arxiv.org/abs/1412.6980): 1e-8 is their choice.
- Hessel and others 2018, [arXiv 1710.02298](https://arxiv.org/abs/1710.02298): 1.5e-4 for Rainbow.
- torch 2.13, tried: `eps=0` with one gradient of 0 gives NaN in the first step; 1e8 is accepted.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, exponent_lost, optimizers, rule, settings_of, thresholds, with_groups


@rule(
    "HP179",
    "eps-suspicious",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="eps",
    since="0.1",
    subject=Files("eps"),
)
def eps_suspicious(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        if call.short not in thresholds.ADAM_FAMILY:
            continue
        for setting in settings_of(with_groups(file, call, "eps")):
            if setting.number == 0:
                message = (
                    f"{setting.says}: a weight whose gradient is 0 becomes NaN in the first step of `{call.short}`"
                )
                yield Draft(setting.at, message, setting.related)
            elif (setting.number or 0) >= thresholds.ADAM_EPS and not exponent_lost(file, setting):
                message = f"{setting.says}: it outweighs the gradients, so `{call.short}` adapts nothing"
                yield Draft(setting.at, message, setting.related)
