"""Parameters take gradients in training and belong to no optimizer.

An optimizer holds the parameter objects that it was given when it was constructed. A layer that is put into the model
afterwards (a new head, LoRA adapters), a model that is copied or rebuilt, or a second network that was forgotten, gets
gradients in every step and never changes. The loss falls a little, because the rest adapts, or stays flat; nothing is
reported. For a replaced head the sign is an accuracy that stays at guessing.

It takes the running program to know which parameters a loss reaches, so this is checked by `hplint run` and
`hplint.runtime.check` at the first step; the text alone is not judged.

```python runtime
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.fc = torch.nn.Linear(512, 3)  # the optimizer still holds the old layer
```

Construct the optimizer last:

```python runtime
import torch

model.fc = torch.nn.Linear(512, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
```

## Looks like it, is not

Frozen parameters (`requires_grad` is False) and those that no loss reaches, such as a teacher's, are not meant. A
parameter that some other optimizer of the program holds is owned.

## References

- huggingface/accelerate#2665: wrapped after the optimizer was built, the loss stays flat.
- pytorch/pytorch#14467 asks for such a warning.
"""

from collections.abc import Iterator

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP145",
    "trainable-params-not-in-optimizer",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Runtime(),
)
def trainable_params_not_in_optimizer(_: object) -> Iterator[Draft]:
    """Nothing in the text tells it."""
    yield from ()
