"""Both matrices of an adapter start at 0, so that neither ever gets a gradient.

The second matrix of a LoRA or of another adapter starts at 0, so that the model begins as it was. Where the first one
is 0 as well, the gradient of each is a product with the other and is exactly 0, in every step: the adapter never does
anything. The head and other parts train, so that the loss falls and nothing is noticed.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`: after three steps both are still 0 and have gradients
of 0, while other parameters of the optimizer have others.

```python runtime
class LoRA(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer
        self.lora_a = nn.Parameter(torch.zeros(rank, layer.in_features))
        self.lora_b = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x):
        return self.layer(x) + x @ self.lora_a.T @ self.lora_b.T
```

## Looks like it, is not

- One matrix that starts at 0: it moves in the first step.
- Biases, gates and scales that start at 0.

## References

- Hu et al. 2021, LoRA: "a random Gaussian initialization for A and zero for B": https://arxiv.org/abs/2106.09685
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP324", "adapter-starts-at-zero", level=Level.WARNING, topic="architecture", subject=Runtime(), since="0.1")
def adapter_starts_at_zero(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
