"""A whole layer is dead: its activation function lets nothing through.

Every unit of a layer gives 0 behind its ReLU, or all of them sit at the flat ends of a sigmoid or a tanh. No gradient
comes back through it: the layer and all before it stay as they are, and what follows learns from a constant. The loss
still falls a little, because the last bias learns how frequent each class is. Usual causes are a learning rate that
threw the weights far off in the first steps, inputs that are not normalised, and a wrong initialisation. A smaller
rate, normalised inputs, a norm before the activation function or a leaky one help.

Seen at run time only, by `hplint run` or `hplint.runtime.watch`: in the graphs of several batches after the first
steps, for all units and samples.

```python runtime
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=50.0)
train(model, optimizer, loader)
```

## Looks like it, is not

- Single units that are dead, and sparse activations: some always are.
- Gates, whose result is multiplied with something, and the sigmoid or tanh at the end of a model: those are meant to
  reach their ends.

## References

- Lu et al. 2019, Dying ReLU and Initialization: https://arxiv.org/abs/1903.06733
- Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks:
  https://proceedings.mlr.press/v9/glorot10a.html
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule("HP321", "dead-layer", level=Level.WARNING, topic="architecture", subject=Runtime(), since="0.1")
def dead_layer(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
