"""The new head of a model is frozen with the rest.

A body is loaded, its last layer replaced, and then all parameters are frozen before some are opened again: the new
layer, whose weights are random, is frozen too. What is trained has to make up for a random last layer. The loss falls,
less than it could, and nothing says why. Freeze the body first and replace the layer afterwards, or open the new layer
again.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`: the layer whose output a loss is given takes no
gradients and still has the numbers that torch gave it, while other layers of the model train.

```python runtime
model = torchvision.models.resnet18(weights="DEFAULT")
model.fc = nn.Linear(512, 10)
for parameter in model.parameters():
    parameter.requires_grad = False
for parameter in model.layer4.parameters():
    parameter.requires_grad = True
```

## Looks like it, is not

- A head that was loaded, set to other numbers, or trained before it was frozen.
- A second network, all of which is frozen, behind the one that is trained.

## References

- [Transfer learning for computer vision](https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html):
  the body is frozen, then the layer replaced.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP323", "head-frozen", level=Level.WARNING, topic="architecture", subject=Runtime(), since="0.1")
def head_frozen(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
