"""The number of epochs is written into the loop, and nothing stops it earlier.

How many epochs are right depends on the data, the learning rate and the batch size. A number in the loop is too small
for one of them, and the loss is still falling at the end; or too large, and the validation loss has long been rising
while the machine works on. Early stopping watches the validation loss and ends the run; an option lets whoever starts
the run choose. Off by default: recipes with a fixed budget, pre-training and GANs have nothing to stop by.

```python bad
import torch

for epoch in range(100):  # HP213
    train(model, optimizer, train_loader)
    print(evaluate(model, val_loader))
```

```python good
import torch

for epoch in range(args.epochs):
    train(model, optimizer, train_loader)
    print(evaluate(model, val_loader))
```

## Looks like it, is not

A loop that is left when the validation loss no longer falls.

```python good
import torch

waited = 0
for epoch in range(100):
    train(model, optimizer, train_loader)
    waited = 0 if evaluate(model, val_loader) < best_loss else waited + 1
    if waited == 5:
        break
```

## References

- Islam et al., "Repairing Deep Neural Networks: Fix Patterns and Challenges" (ICSE 2020): a changed number of epochs or
  iterations is 4 to 5 % of the repairs.
"""

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, regex, rule, syntax, trains_each_round, walk

STOPS = regex(r"patience|early.?stop|should_stop|stop_training", re.IGNORECASE)


@rule(
    "HP213",
    "epochs-hardcoded-no-early-stopping",
    level=Level.PEDANTIC,
    topic="loop",
    hyperparameter="epochs",
    since="0.1",
    subject=Files("epoch"),
)
def epochs_hardcoded_no_early_stopping(file: File) -> Iterator[Draft]:
    if is_test(file) or STOPS.search(file.text):
        return
    for loop in file.all(syntax.For):
        number = rounds(loop)
        leaves = any(isinstance(part, syntax.Simple) and part.kind == "break" for part in walk(loop))
        if number > 3 and not leaves and trains_each_round(file, loop):
            message = f"`{file.source(loop.iter)}` always gives {number} epochs: no option or patience ends it earlier"
            yield Draft(loop.iter, message)
            return


def rounds(loop: syntax.For) -> int:
    """How many epochs are written into a loop; 0 for any other loop."""
    match loop:
        case syntax.For(target=syntax.Name(id=name), iter=syntax.Call(func=syntax.Name(id="range"), args=args)):
            numbers = [each.value.value for each in args if isinstance(each.value, syntax.Literal)]
            known = [each for each in numbers if isinstance(each, int)]
            if "epoch" in name.lower() and len(known) == len(args) and 1 <= len(known) <= 2:
                return known[-1] - (known[0] if len(known) == 2 else 0)
    return 0
