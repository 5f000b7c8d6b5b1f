"""Parameters take gradients in training and belong to no optimizer.

An optimizer holds the parameter objects that it was given when it was constructed. A layer that is put into the model
afterwards (a new head, LoRA adapters), a model that is copied or rebuilt, or a second network that was forgotten, gets
gradients in every step and never changes. The loss falls a little, because the rest adapts, or stays flat; nothing is
reported. For a replaced head the sign is an accuracy that stays at guessing.

It takes the running program to know which parameters a loss reaches, so `hplint run` and `hplint.runtime.check` see
most of it, at the first step. The text tells one case for certain, and only as a warning: a layer that is put into the
model after the optimizer was given its parameters.

```python bad
import torch
from torchvision import models

model = models.resnet18(weights="DEFAULT")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model.fc = torch.nn.Linear(512, 3)  # HP145
train(model, optimizer)
```

Construct the optimizer last:

```python good
import torch
from torchvision import models

model = models.resnet18(weights="DEFAULT")
model.fc = torch.nn.Linear(512, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
train(model, optimizer)
```

## Looks like it, is not

Frozen parameters (`requires_grad` is False) and those that no loss reaches, such as a teacher's, are not meant. A
parameter that some other optimizer of the program holds is owned.

Nor is a group that is added, or an optimizer for the new layer alone:

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model.fc = torch.nn.Linear(512, 3)
second = torch.optim.SGD(model.fc.parameters(), lr=0.1, momentum=0.9)
train(model, optimizer, second)
```

## References

- huggingface/accelerate#2665: wrapped after the optimizer was built, the loss stays flat.
- pytorch/pytorch#14467 asks for such a warning.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, outdated, rule


@rule(
    "HP145",
    "trainable-params-not-in-optimizer",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def trainable_params_not_in_optimizer(file: File) -> Iterator[Draft]:
    for found in outdated(file):
        shown, short = file.source(found.target), found.optimizer.short
        message = (
            f"`{shown}` is new here, and `{short}` holds the parameters from before: it never changes the new ones"
        )
        yield Draft(found.target, message, ((found.optimizer.node, "constructed here"),), level=Level.WARNING)
