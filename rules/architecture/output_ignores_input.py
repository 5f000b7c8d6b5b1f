"""A model gives the same output for every sample.

After some steps of training all rows of the output are equal although those of the input are not: the model has become
a constant. It predicts the most frequent class, or the mean, and the loss rests at what that gives. The input is lost
on the way: it is multiplied by 0, a layer behind it has collapsed, or a branch takes in something else than the data.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`, in several batches after the first steps.

```python runtime
class Net(nn.Module):
    def forward(self, x):
        hidden = self.encode(torch.zeros_like(x))
        return self.head(hidden)
```

## Looks like it, is not

- A last layer that starts at 0: it gives the same for all samples in the first step only.
- Batches that hold one sample several times.
- Outputs of a discriminator, or of another single sigmoid, that have reached 0 or 1.

## References

- Karpathy 2019, A recipe for training neural networks ("input-independent baseline"):
  http://karpathy.github.io/2019/04/25/recipe/
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP322", "output-ignores-input", level=Level.WARNING, topic="architecture", subject=Runtime(), since="0.1")
def output_ignores_input(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
